import {
  METER_GAP_MS,
  METER_LEAST_BUSY_MS,
  METER_LEAST_BYTES,
  METER_LEAST_FILES_BYTES,
  METER_LEAST_SHARE,
  METER_MOST,
  METER_MOST_MS,
} from '../limits.js';

/**
 * Estimates what the network carries: the bytes that arrived over the time in which some were on their way. No I/O;
 * times are given in.
 *
 * The server paces, so that over a minute only the rendition's own bitrate can be seen, and the pauses between its
 * chunks say nothing. But each chunk says when it was handed over: from then on it was on its way, or from the arrival
 * of the one before it, if that came later. On a narrow link each chunk comes by itself, half a second after it was
 * sent, and counts like one of many that came at a stroke.
 *
 * The mean is that of the logarithms: a link that falls to a hundredth is seen within two samples, and one moment in
 * which the page was busy with something else doesn't outweigh the rest.
 */
export class NetworkMeter {
  /** bit/s, null until enough has come to tell. @type {number | null} */
  bandwidth = null;
  #lastMs = -Infinity;
  #busyMs = 0;
  #bytes = 0;

  /**
   * @param {number} bytes of a chunk
   * @param {number} nowMs when it came
   * @param {number | null} [onItsWayMs] for how long it has been on its way, less what a single byte takes; null while
   *   that isn't known: then only what comes right behind another chunk counts
   */
  arrived(bytes, nowMs, onItsWayMs = null) {
    const gapMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const isUnknown = onItsWayMs === null || !(Math.abs(onItsWayMs) < METER_MOST_MS);
    if (isUnknown && gapMs > METER_GAP_MS) return;
    this.#bytes += bytes;
    this.#busyMs += isUnknown ? gapMs : Math.min(gapMs, Math.max(onItsWayMs, 0));
    if (this.#bytes >= METER_LEAST_BYTES || this.#busyMs >= METER_LEAST_BUSY_MS) this.#close();
  }

  #close() {
    const rate = Math.min((this.#bytes * 8000) / Math.max(this.#busyMs, 0.1), METER_MOST);
    // What took seconds is believed before what took an instant.
    const share = Math.max(METER_LEAST_SHARE, this.#busyMs / (this.#busyMs + 1000));
    this.bandwidth = this.bandwidth === null ? rate : this.bandwidth * (rate / this.bandwidth) ** share;
    this.#bytes = 0;
    this.#busyMs = 0;
  }
}

/**
 * What the page's own files showed of the network before any sound came, by the same reckoning.
 *
 * @param {{transferSize?: number, responseStart: number, responseEnd: number}[]} files as the browser's resource timing
 *   has them; what came out of a cache has no size
 * @returns {number | null} bit/s, null where it is too little to tell
 */
export function bandwidthOfFiles(files) {
  let [bytes, busyMs, busyUntil] = [0, 0, -Infinity];
  const fetched = files.filter(({ transferSize = 0, responseStart }) => transferSize > 0 && responseStart > 0);
  for (const { transferSize, responseStart, responseEnd } of fetched.sort((a, b) => a.responseStart - b.responseStart)) {
    bytes += transferSize ?? 0;
    busyMs += Math.max(responseEnd - Math.max(responseStart, busyUntil), 0);
    busyUntil = Math.max(busyUntil, responseEnd);
  }
  if (bytes < METER_LEAST_FILES_BYTES) return null;
  return Math.min((bytes * 8000) / Math.max(busyMs, 0.1), METER_MOST);
}

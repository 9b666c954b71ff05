import { METER_GAP_MS, METER_LEAST_BYTES, METER_SMOOTHING } from '../limits.js';

/**
 * Estimates what the network could carry from how chunks arrive. No I/O; times are given in.
 *
 * The server paces: over a minute only the rendition's own bitrate can be seen. But whatever it sends at a stroke
 * arrives as fast as the network lets it, so bytes are divided by the time of such bursts alone; the first chunk of a
 * burst only starts its clock.
 */
export class NetworkMeter {
  /** bit/s, null until a burst was long enough to tell. @type {number | null} */
  bandwidth = null;
  #lastMs = -Infinity;
  #startMs = 0;
  #bytes = 0;

  /** @param {number} bytes of a chunk @param {number} nowMs when it came */
  arrived(bytes, nowMs) {
    if (nowMs - this.#lastMs > METER_GAP_MS) {
      this.#close();
      this.#startMs = nowMs;
      this.#bytes = 0;
    } else {
      this.#bytes += bytes;
    }
    this.#lastMs = nowMs;
  }

  /** The estimate with what has come so far. @returns {number | null} bit/s */
  read() {
    this.#close();
    this.#bytes = 0;
    this.#startMs = this.#lastMs;
    return this.bandwidth;
  }

  #close() {
    const ms = this.#lastMs - this.#startMs;
    if (this.#bytes < METER_LEAST_BYTES || !(ms > 0)) return;
    const rate = (this.#bytes * 8000) / ms;
    this.bandwidth = this.bandwidth === null ? rate : this.bandwidth + METER_SMOOTHING * (rate - this.bandwidth);
  }
}

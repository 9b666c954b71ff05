import { SampleQueue } from './sample-queue.js';

/** Samples over which one gain becomes another: 11 ms, too short to hear, long enough not to click. */
const GAIN_RAMP_SAMPLES = 512;

/**
 * What is heard of one stream, one behind the other on the output's own timeline.
 *
 * @typedef {object} Segment
 * @property {string} id the stream's
 * @property {number} start index on the timeline of its first sample, since the flush
 * @property {number} overlap samples that it is mixed with the end of the one before
 * @property {boolean} isPending it has no samples yet, so its start can still move
 * @property {boolean} isBegun something of it has been read
 * @property {number} gain linear
 * @property {number} gainNow
 * @property {number} gainStep
 * @property {SampleQueue} queue
 */

/**
 * Puts streams one behind the other without a sample between them, or mixes the end of one with the beginning of the
 * next, each with its own gain.
 *
 * The timeline counts samples since the flush; `at` is the index of the next one to be read. A segment begins at the
 * end of the one before, or `overlap` samples ahead of that. Where its first samples come later than that, the one
 * before plays on and the overlap gets shorter: a late stream never stops the sound. Both sides of an overlap are
 * weighted by a quarter of a sine (equal power: unlike sounds keep their loudness).
 */
export class SegmentTimeline {
  /** @type {Segment[]} */
  #segments = [];
  #at = 0;
  /** @type {{id: string, start: number}[]} */
  #begun = [];
  /** @type {Float32Array[]} */
  #scratch = [];

  /** Index of the next sample to be read. */
  get at() {
    return this.#at;
  }

  /** Samples that can be read without a gap. */
  get queued() {
    return Math.max(this.#end - this.#at, 0);
  }

  /** @param {{id: string, overlap?: number, gain?: number}} segment what blocks from now on belong to */
  begin({ id, overlap = 0, gain = 1 }) {
    const before = this.#segments.at(-1);
    if (before?.isPending) this.#segments.pop(); // one without a sample is none
    const from = this.#segments.at(-1)?.gain ?? gain;
    this.#segments.push({
      id,
      start: this.#end,
      overlap: Math.max(Math.round(overlap), 0),
      isPending: true,
      isBegun: false,
      gain,
      gainNow: from,
      gainStep: (gain - from) / GAIN_RAMP_SAMPLES,
      queue: new SampleQueue(),
    });
  }

  /** @param {Float32Array[]} block of the segment that began last */
  push(block) {
    if (block.length === 0 || block[0].length === 0) return;
    if (this.#segments.length === 0) this.begin({ id: '' });
    const last = /** @type {Segment} */ (this.#segments.at(-1));
    if (last.isPending) {
      const end = this.#end;
      last.start = Math.min(Math.max(end - last.overlap, this.#at), Math.max(end, this.#at));
      last.overlap = Math.max(end - last.start, 0);
      last.isPending = false;
      if (last.overlap > 0) {
        // Two gains at a time: each keeps its own, nothing has to be ramped.
        last.gainNow = last.gain;
      }
    }
    last.queue.push(block);
  }

  /** Throws away what has not been heard of a segment. @param {string} id */
  cut(id) {
    this.#segments = this.#segments.filter((segment) => segment.id !== id);
  }

  /** @param {string} id @param {number} gain linear, reached within some milliseconds */
  setGain(id, gain) {
    for (const segment of this.#segments) {
      if (segment.id !== id) continue;
      segment.gain = gain;
      segment.gainStep = (gain - segment.gainNow) / GAIN_RAMP_SAMPLES;
      if (!segment.isBegun) segment.gainNow = gain;
    }
  }

  clear() {
    this.#segments = [];
    this.#begun = [];
    this.#at = 0;
  }

  /** Segments whose first sample has been read since the last call, and where that was. */
  takeBegun() {
    if (this.#begun.length === 0) return this.#begun;
    const begun = this.#begun;
    this.#begun = [];
    return begun;
  }

  /**
   * @param {Float32Array[]} outputs one array per channel, of one length
   * @param {number} [from] where in them to begin
   * @param {number} [wanted] samples
   * @returns {number} samples written
   */
  read(outputs, from = 0, wanted = outputs[0].length - from) {
    let written = 0;
    while (written < wanted) {
      const { current, next, count } = this.#run(wanted - written);
      if (!current || count === 0) break;
      this.#announce(current);
      current.queue.read(outputs, from + written, count);
      applyGain(current, outputs, from + written, count);
      if (next) this.#mix(next, outputs, from + written, count);
      this.#at += count;
      written += count;
    }
    return written;
  }

  /** Throws samples away. @param {number} wanted @returns {number} how many there were */
  skip(wanted) {
    let skipped = 0;
    while (skipped < wanted) {
      const { current, next, count } = this.#run(wanted - skipped);
      if (!current || count === 0) break;
      this.#announce(current);
      current.queue.skip(count);
      if (next) {
        this.#announce(next);
        next.queue.skip(count);
      }
      this.#at += count;
      skipped += count;
    }
    return skipped;
  }

  /** Index behind the last sample. */
  get #end() {
    for (let i = this.#segments.length - 1; i >= 0; i -= 1) {
      const segment = this.#segments[i];
      if (!segment.isPending) return Math.max(segment.start, this.#at) + segment.queue.queued;
    }
    return this.#at;
  }

  /** The longest stretch from here on in which the same segments sound; `next` only where two do. */
  #run(wanted) {
    const segments = this.#segments;
    while (segments.length > 1 && segments[0].queue.queued === 0 && !segments[1].isPending) segments.shift();
    const current = segments[0];
    const next = segments[1];
    if (!current) return { current: undefined, next: undefined, count: 0 };
    let count = Math.min(wanted, current.queue.queued);
    if (!next || next.isPending) return { current, next: undefined, count };
    if (this.#at < next.start) return { current, next: undefined, count: Math.min(count, next.start - this.#at) };
    count = Math.min(count, next.queue.queued);
    return { current, next, count };
  }

  #announce(segment) {
    if (segment.isBegun) return;
    segment.isBegun = true;
    this.#begun.push({ id: segment.id, start: this.#at });
  }

  #mix(next, outputs, from, count) {
    this.#announce(next);
    if ((this.#scratch[0]?.length ?? 0) < count || this.#scratch.length !== outputs.length) {
      this.#scratch = outputs.map(() => new Float32Array(Math.max(count, 128)));
    }
    next.queue.read(this.#scratch, 0, count);
    applyGain(next, this.#scratch, 0, count);
    const quarter = Math.PI / 2 / next.overlap;
    for (let i = 0; i < count; i += 1) {
      const angle = (this.#at + i - next.start + 0.5) * quarter;
      const out = Math.cos(angle);
      const into = Math.sin(angle);
      for (let c = 0; c < outputs.length; c += 1) {
        outputs[c][from + i] = outputs[c][from + i] * out + this.#scratch[c][i] * into;
      }
    }
  }
}

/** @param {Segment} segment @param {Float32Array[]} outputs @param {number} from @param {number} count */
function applyGain(segment, outputs, from, count) {
  let i = 0;
  for (; i < count && segment.gainNow !== segment.gain; i += 1) {
    const next = segment.gainNow + segment.gainStep;
    const isThere = segment.gainStep === 0 || (segment.gain - next) * segment.gainStep <= 0;
    segment.gainNow = isThere ? segment.gain : next;
    for (const output of outputs) output[from + i] *= segment.gainNow;
  }
  if (segment.gainNow === 1) return; // as it is, to the bit
  for (; i < count; i += 1) for (const output of outputs) output[from + i] *= segment.gainNow;
}

import { sincTable } from './windowed-sinc.js';

/**
 * Output samples over which one sample is put in or left out: the speed is off by 1/1024, 977 ppm or 1.7 cents. People
 * notice a shift of pitch from 5 cents on at best (H. Fastl, E. Zwicker, "Psychoacoustics", 7.2: 0.2 %, 3.5 cents, for
 * pure tones one after the other; here nothing stands beside it).
 */
export const SLEW_SPAN = 1024;
/** Samples on either side that a place between samples is computed from. */
const HALF = 16;
/** All of the band: where the place is on a sample, the row is that sample alone. */
const TABLE = sincTable({ half: HALF, phases: SLEW_SPAN, cutoff: 1, beta: 7 });

/**
 * Reads a timeline a little faster or slower for a while, so that it loses or gains whole samples.
 *
 * Between corrections samples pass as they are, bit by bit. During one, output `k` of 1,024 is the source's value at
 * `k ± k / 1024`, by a windowed sinc of 32 taps: after 1,024 outputs exactly one sample more, or less, is used up, and
 * the place is on a sample again.
 */
export class SlewReader {
  #source;
  /** @type {Float32Array[]} the last `HALF` samples used, then the ones read ahead */
  #window;
  #ahead = 0;
  #owed = 0;
  #direction = 0;
  #phase = 0;

  /**
   * @param {import('./segment-timeline.js').SegmentTimeline} source
   * @param {number} [channels]
   */
  constructor(source, channels = 2) {
    this.#source = source;
    this.#window = Array.from({ length: channels }, () => new Float32Array(HALF + 4 * 128 + 2 * HALF));
  }

  /** Index on the timeline of what comes next; a fraction while a correction is under way. */
  get at() {
    return this.#source.at - this.#ahead + (this.#direction * this.#phase) / SLEW_SPAN;
  }

  /** Samples that can be read. */
  get queued() {
    return this.#source.queued + this.#ahead;
  }

  /** Samples that are still to be left out (positive) or put in (negative). */
  get owed() {
    return this.#owed - (this.#direction * this.#phase) / SLEW_SPAN;
  }

  /** @param {number} samples whole; positive ones are left out, which brings the playhead forward */
  correct(samples) {
    this.#owed += Math.trunc(samples);
  }

  /** Forgets corrections and what was read ahead: the timeline was emptied. */
  clear() {
    this.#ahead = 0;
    this.#owed = 0;
    this.#direction = 0;
    this.#phase = 0;
    for (const channel of this.#window) channel.fill(0);
  }

  /** Throws samples away, and corrections with them. @param {number} count @returns {number} how many there were */
  skip(count) {
    const own = Math.min(count, this.#ahead);
    const skipped = own + this.#source.skip(count - own);
    for (const channel of this.#window) channel.copyWithin(0, own, HALF + this.#ahead);
    this.#ahead -= own;
    this.#owed = 0;
    this.#direction = 0;
    this.#phase = 0;
    return skipped;
  }

  /**
   * @param {Float32Array[]} outputs one array per channel, of one length
   * @param {number} [from] where in them to begin
   * @returns {number} samples written
   */
  read(outputs, from = 0) {
    const length = outputs[0].length;
    let at = from;
    while (at < length) {
      if (this.#direction === 0 && this.#owed !== 0) this.#direction = Math.sign(this.#owed);
      const written = this.#direction === 0 ? this.#pass(outputs, at) : this.#bend(outputs, at);
      if (written === 0) break;
      at += written;
    }
    return at - from;
  }

  /** As it is: first what was read ahead, then straight from the timeline. */
  #pass(outputs, from) {
    const wanted = outputs[0].length - from;
    if (this.#ahead > 0) {
      const count = Math.min(wanted, this.#ahead);
      for (let c = 0; c < outputs.length; c += 1) {
        outputs[c].set(this.#window[c].subarray(HALF, HALF + count), from);
      }
      this.#use(count);
      return count;
    }
    const count = this.#source.read(outputs, from, wanted);
    for (let c = 0; c < this.#window.length; c += 1) {
      const channel = this.#window[c];
      const output = outputs[Math.min(c, outputs.length - 1)];
      const kept = Math.min(count, HALF);
      channel.copyWithin(0, kept, HALF);
      for (let i = 0; i < kept; i += 1) channel[HALF - kept + i] = output[from + count - kept + i];
    }
    return count;
  }

  /** Up to 128 outputs of a correction. */
  #bend(outputs, from) {
    const wanted = Math.min(outputs[0].length - from, SLEW_SPAN - this.#phase, 128);
    this.#readAhead(wanted + HALF + 2);
    let written = 0;
    while (written < wanted && this.#ahead > 0) {
      // Behind the place lies a fraction of a sample when we hurry, and one before it when we linger.
      const fraction = this.#direction > 0 ? this.#phase : this.#phase === 0 ? 0 : SLEW_SPAN - this.#phase;
      const base = this.#direction > 0 || this.#phase === 0 ? HALF : HALF - 1;
      const row = TABLE[fraction];
      for (let c = 0; c < outputs.length; c += 1) {
        const channel = this.#window[Math.min(c, this.#window.length - 1)];
        let sum = 0;
        for (let tap = 0; tap < row.length; tap += 1) sum += row[tap] * channel[base - HALF + 1 + tap];
        outputs[c][from + written] = sum;
      }
      written += 1;
      this.#step();
    }
    return written;
  }

  #step() {
    this.#phase += 1;
    if (this.#phase < SLEW_SPAN) {
      this.#use(1);
      return;
    }
    // The last output of the span stood a whole sample ahead (or back) of its number.
    this.#use(Math.min(this.#direction > 0 ? 2 : 0, this.#ahead));
    this.#owed -= this.#direction;
    this.#direction = 0;
    this.#phase = 0;
  }

  #use(count) {
    for (const channel of this.#window) channel.copyWithin(0, count, HALF + this.#ahead);
    this.#ahead -= count;
    // What lies behind the samples there are is silence, not what was there before.
    for (const channel of this.#window) channel.fill(0, HALF + this.#ahead, HALF + this.#ahead + HALF + count);
  }

  #readAhead(wanted) {
    while (this.#ahead < wanted) {
      const read = this.#source.read(this.#window, HALF + this.#ahead, wanted - this.#ahead);
      if (read === 0) return;
      this.#ahead += read;
    }
  }
}

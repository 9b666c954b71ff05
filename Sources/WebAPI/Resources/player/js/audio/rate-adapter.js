import { extrapolated } from './linear-prediction.js';
import { sincTable } from './windowed-sinc.js';

/** Samples of the source on either side that an output sample is computed from. */
const HALF = 32;
const PHASES = 512;
/** Samples whose past (or future) an edge is continued by. */
const EDGE_CONTEXT = 1024;
/** Samples that an edge is continued for: the filter's half, and one for rounding. */
const EDGE = HALF + 2;
/** Of the lower one of both Nyquist frequencies; above it the filter falls to −100 dB within the rest. */
const CUTOFF = 0.93;

/** @type {Map<number, Float32Array[]>} */
const tables = new Map();

/**
 * Brings streams of any rate to the output's, one behind the other, without a sample too many or too few.
 *
 * The output's sample k stands at the time k / R. A run of samples of one rate r, beginning at time t, gives the output
 * samples that lie in it, so n source samples give n · R / r of them, rounded once and not at each boundary: what
 * rounding leaves is carried on to the next run. Samples that have the output's rate pass as they are; a run of them
 * begins on a whole sample, at most half a sample (10 µs) off.
 *
 * Between streams of the same rate the filter runs through: a gapless album stays one signal. Where the rate changes,
 * the filter would see a hard edge and ring; so each side is continued by linear prediction for as long as the filter
 * looks.
 */
export class RateAdapter {
  #outputRate;
  #write;
  /** True time behind the last run less samples put out, in output samples. */
  #carry = 0;
  /** @type {Run | null} */
  #run = null;

  /**
   * @param {number} outputRate Hz
   * @param {(block: import('./trimmer.js').Block) => void} write
   */
  constructor(outputRate, write) {
    this.#outputRate = outputRate;
    this.#write = write;
  }

  /** @param {import('./trimmer.js').Block} block given away @param {number} rate Hz */
  push(block, rate) {
    if ((block[0]?.length ?? 0) === 0) return;
    if (this.#run && (this.#run.rate !== rate || this.#run.channels !== block.length)) this.finish();
    if (rate === this.#outputRate) {
      this.#write(block);
      return;
    }
    this.#run ??= new Run(rate, this.#outputRate, block.length, this.#carry, this.#write);
    this.#run.push(block);
  }

  /** What is pushed from now on is another stream: calls back between the output samples of both. */
  joint(/** @type {() => void} */ callback) {
    if (this.#run) this.#run.joint(callback);
    else callback();
  }

  /** Puts out what the filter still holds: nothing of this rate follows. */
  finish() {
    if (!this.#run) return;
    this.#carry = this.#run.finish();
    this.#run = null;
  }

  /** Forgets what came behind the last joint, if it has not been reached, and puts out what came before. */
  dropBehindJoint() {
    if (this.#run?.forgetBehindJoint()) this.finish();
    else this.#run = null;
  }
}

/** Samples of one rate on their way through the filter. */
class Run {
  rate;
  channels;
  #write;
  #step; // source samples per output sample
  #table;
  #offset; // place in the source of output sample 0
  #made = 0; // output samples
  #received = 0;
  /** @type {Float32Array[]} source samples from `#base` on; negative places are the continued front edge */
  #line;
  #length = 0;
  #base = 0;
  #hasFront = false;
  /** @type {{index: number, callback: () => void}[]} */
  #joints = [];

  constructor(rate, outputRate, channels, carry, write) {
    this.rate = rate;
    this.channels = channels;
    this.#write = write;
    this.#step = rate / outputRate;
    this.#offset = -carry * this.#step;
    const cutoff = CUTOFF * Math.min(1, outputRate / rate);
    let table = tables.get(cutoff);
    if (!table) {
      table = sincTable({ half: HALF, phases: PHASES, cutoff, beta: 9 });
      tables.set(cutoff, table);
    }
    this.#table = table;
    this.#line = Array.from({ length: channels }, () => new Float32Array(EDGE_CONTEXT * 4));
  }

  push(block) {
    this.#append(block);
    this.#received += block[0].length;
    if (!this.#hasFront && this.#received < EDGE_CONTEXT) return;
    this.#continueFront();
    this.#make(this.#received - HALF - 1);
  }

  joint(callback) {
    this.#joints.push({ index: this.#received, callback });
    this.#runJoints();
  }

  /** @returns {number} true time behind the run less samples put out, in output samples */
  finish() {
    this.#continueFront();
    const past = Math.min(EDGE_CONTEXT, this.#received);
    const end = this.#received - this.#base;
    this.#append(this.#line.map((channel) => extrapolated(channel.slice(end - past, end), EDGE)));
    // To the nearest whole sample: what is left of one goes to the next run.
    this.#make(this.#received - this.#step / 2);
    for (const { callback } of this.#joints.splice(0)) callback();
    return (this.#received - this.#offset) / this.#step - this.#made;
  }

  forgetBehindJoint() {
    const joint = this.#joints.at(-1);
    if (!joint) return false;
    this.#joints = [];
    this.#length -= this.#received - joint.index;
    this.#received = joint.index;
    return true;
  }

  #continueFront() {
    if (this.#hasFront) return;
    this.#hasFront = true;
    const future = Math.min(EDGE_CONTEXT, this.#received);
    const front = this.#line.map((channel) => extrapolated(channel.slice(0, future).reverse(), EDGE).reverse());
    const behind = this.#line.map((channel) => channel.slice(0, this.#length));
    this.#length = 0;
    this.#base = -EDGE;
    this.#append(front);
    this.#append(behind);
  }

  #append(block) {
    const count = block[0].length;
    const needed = this.#length + count;
    for (let c = 0; c < this.channels; c += 1) {
      if (this.#line[c].length < needed) {
        const longer = new Float32Array(needed * 2);
        longer.set(this.#line[c].subarray(0, this.#length));
        this.#line[c] = longer;
      }
      this.#line[c].set(block[c], this.#length);
    }
    this.#length = needed;
  }

  /** Makes output samples as long as they stand before this place of the source. */
  #make(limit) {
    this.#runJoints();
    let until = limit;
    while (this.#joints.length > 0 && this.#joints[0].index < limit) {
      until = this.#joints[0].index - this.#step / 2;
      this.#makeUntil(until);
      this.#joints.shift()?.callback();
    }
    this.#makeUntil(limit);
    this.#forget();
  }

  #runJoints() {
    while (this.#joints.length > 0 && this.#joints[0].index <= this.#place - this.#step) this.#joints.shift()?.callback();
  }

  get #place() {
    return this.#offset + this.#made * this.#step;
  }

  #makeUntil(limit) {
    const count = Math.max(Math.ceil((limit - this.#offset) / this.#step - 1e-7) - this.#made, 0);
    if (count === 0) return;
    const block = this.#line.map(() => new Float32Array(count));
    for (let i = 0; i < count; i += 1) {
      const place = this.#offset + (this.#made + i) * this.#step;
      const whole = Math.floor(place);
      const phase = (place - whole) * PHASES;
      const row = Math.floor(phase);
      const weight = phase - row;
      const low = this.#table[row];
      const high = this.#table[row + 1];
      const first = whole - HALF + 1 - this.#base;
      for (let c = 0; c < this.channels; c += 1) {
        const line = this.#line[c];
        let a = 0;
        let b = 0;
        for (let tap = 0; tap < 2 * HALF; tap += 1) {
          const sample = line[first + tap] ?? 0;
          a += low[tap] * sample;
          b += high[tap] * sample;
        }
        block[c][i] = a + weight * (b - a);
      }
    }
    this.#made += count;
    this.#write(block);
  }

  /** Moves the line down: keeps what the filter and the edge still want to see. */
  #forget() {
    const keepFrom = Math.min(Math.floor(this.#place) - HALF, this.#received - EDGE_CONTEXT) - this.#base;
    if (keepFrom < EDGE_CONTEXT) return;
    for (const channel of this.#line) channel.copyWithin(0, keepFrom, this.#length);
    this.#length -= keepFrom;
    this.#base += keepFrom;
  }
}

import { SegmentTimeline } from './segment-timeline.js';
import { SlewReader } from './slew-reader.js';

/**
 * Samples over which sound fades in after a start, a pause or a gap: 256 are 6 ms, too short to hear and long enough
 * not to click.
 */
const FADE_IN_SAMPLES = 256;
/** Per-sample factor by which the last value dies away when sound stops short: −60 dB in 230 samples. */
const DECAY = 0.97;
/** A span's prediction that is this near (samples) needs no new span. */
const SPAN_TOLERANCE = 1e-4;

/**
 * @typedef {object} Progress
 * @property {number} generation grows with every flush; reports of an older one are stale
 * @property {number} played index on the timeline of the next sample: samples rendered since the flush
 * @property {number} queued samples that wait
 * @property {number} underruns how often sound ran dry since the output was made
 * @property {boolean} starved whether it waits for samples now
 * @property {number} owed samples of a correction that is under way
 *
 * What is at which place: from the output's frame `frame` on, the sample of index `index`, and `step` more with each
 * frame (0: silence, 1: as it is, 1 ± 1/1,024: being corrected), until the next span.
 * @typedef {{frame: number, index: number, step: number}} Span
 *
 * @typedef {{type: 'block', generation: number, block: Float32Array[]}
 *   | {type: 'segment', generation: number, id: string, overlap?: number, gain?: number}
 *   | {type: 'cut', generation: number, id: string}
 *   | {type: 'gain', id: string, gain: number}
 *   | {type: 'flush', generation: number} | {type: 'end', generation: number} | {type: 'play'}
 *   | {type: 'pause', frame?: number}
 *   | {type: 'group', on: boolean}
 *   | {type: 'schedule', generation: number, frame: number, index: number}
 *   | {type: 'slew', generation: number, samples: number} | {type: 'resync', generation: number}} Message
 */

/**
 * What the output thread decides for each block of the sound card: play, hold, or say that it ran dry. No Web Audio in
 * here, so it is tested without a browser; `worklet.js` puts it into an AudioWorkletProcessor, and a reference client
 * into a sound card of its own.
 *
 * In a group (`group`) sound begins by a schedule: "index i is due at frame f". Whenever it (re)starts, after a flush, a
 * pause, a gap or a `resync`, it waits in silence until its next sample is due, or throws away what is overdue. Without
 * a schedule it waits.
 */
export class PlayerState {
  #timeline = new SegmentTimeline();
  #reader = new SlewReader(this.#timeline);
  #playing = false;
  #ended = false;
  #started = false;
  #startThreshold;
  #recoverThreshold;
  #generation = 0;
  #underruns = 0;
  #starved = true;
  #fade = 0;
  #tail = [0, 0];
  #frame = 0;
  #pauseFrame = Infinity;
  #isGrouped = false;
  #needsAlignment = true;
  /** @type {{frame: number, index: number} | null} */
  #schedule = null;
  /** @type {Span} */
  #span = { frame: 0, index: 0, step: 0 };
  /** @type {Span[]} */
  #spans = [];

  /**
   * @param {object} limits
   * @param {number} limits.startThreshold samples that must wait before the first sound
   * @param {number} limits.recoverThreshold samples that must wait before sound goes on after it ran dry
   */
  constructor({ startThreshold, recoverThreshold }) {
    this.#startThreshold = startThreshold;
    this.#recoverThreshold = recoverThreshold;
  }

  /** @param {any} message see `Message`; one of an older generation is too late and ignored */
  receive(message) {
    const isLate = message.generation !== undefined && message.generation !== this.#generation;
    if (isLate && message.type !== 'flush') return;
    switch (message.type) {
      case 'block':
        if (message.block) this.#timeline.push(message.block);
        break;
      case 'segment':
        this.#timeline.begin(message);
        this.#ended = false;
        break;
      case 'cut':
        this.#timeline.cut(message.id);
        break;
      case 'gain':
        this.#timeline.setGain(message.id, message.gain);
        break;
      case 'flush':
        this.#flush(message.generation ?? this.#generation + 1);
        break;
      case 'end':
        this.#ended = true;
        break;
      case 'play':
        if (!this.#playing) this.#needsAlignment = true;
        this.#playing = true;
        this.#pauseFrame = Infinity;
        break;
      case 'pause':
        if (message.frame > this.#frame) this.#pauseFrame = message.frame;
        else this.#pause();
        break;
      case 'group':
        if (message.on !== this.#isGrouped) this.#needsAlignment = true;
        this.#isGrouped = message.on;
        if (!message.on) this.#schedule = null;
        break;
      case 'schedule':
        this.#schedule = { frame: message.frame, index: message.index };
        break;
      case 'slew':
        this.#reader.correct(message.samples);
        break;
      case 'resync':
        this.#needsAlignment = true;
        this.#fade = 0;
        break;
      default:
    }
  }

  /**
   * Fills one block of the sound card.
   *
   * @param {Float32Array[]} outputs one array per channel, zeroed
   * @param {number} [frame] of the sound card's clock, of the block's first sample; default: behind the block before
   * @returns {('started' | 'starved' | 'recovered' | 'ended')[]} what happened in it; `started` comes with the first
   *   audible block after a flush
   */
  render(outputs, frame = this.#frame) {
    const events = [];
    const length = outputs[0].length;
    const wasStarved = this.#starved;
    let lead = 0;
    let written = 0;
    let index = this.#reader.at;
    if (this.#playing && frame >= this.#pauseFrame) this.#pause();
    if (this.#playing) {
      lead = this.#waits(frame, length);
      index = this.#reader.at;
      if (lead < length) {
        written = this.#reader.read(outputs, lead);
        if (!this.#started && written > 0) {
          this.#started = true;
          events.push('started');
        } else if (wasStarved && written > 0) {
          events.push('recovered');
        }
        this.#fadeIn(outputs, lead, written);
        if (lead + written < length) events.push(...this.#runDry());
      }
    }
    this.#settle(outputs, lead, written);
    this.#note(frame, lead, written, length, index);
    this.#frame = frame + length;
    return events;
  }

  /** @returns {Progress} */
  get progress() {
    return {
      generation: this.#generation,
      played: this.#reader.at,
      queued: this.#reader.queued,
      underruns: this.#underruns,
      starved: this.#starved && this.#playing,
      owed: this.#reader.owed,
    };
  }

  /** Spans that began since the last call. */
  takeSpans() {
    const spans = this.#spans;
    if (spans.length > 0) this.#spans = [];
    return spans;
  }

  /** Segments that began to sound since the last call: `start` is the index of their first sample. */
  takeBegun() {
    return this.#timeline.takeBegun();
  }

  #flush(generation) {
    this.#timeline.clear();
    this.#reader.clear();
    this.#generation = generation;
    this.#ended = false;
    this.#started = false;
    this.#starved = true;
    this.#needsAlignment = true;
    this.#schedule = null;
    this.#fade = 0;
    this.#span = { frame: this.#frame, index: 0, step: 0 };
    this.#spans = [this.#span];
  }

  #pause() {
    this.#playing = false;
    this.#pauseFrame = Infinity;
    this.#fade = 0;
  }

  /** Frames of this block that stay silent before sound begins or goes on; all of them while it can't. */
  #waits(frame, length) {
    if (this.#isGrouped && this.#needsAlignment) {
      const wait = this.#align(frame, length);
      if (wait >= length || !this.#isReady()) return length;
      this.#needsAlignment = false;
      return wait;
    }
    if (!this.#isReady()) return length;
    this.#needsAlignment = false;
    return 0;
  }

  /** Throws away what is overdue; how many frames of silence are left until the next sample is due. */
  #align(frame, length) {
    if (!this.#schedule) return length;
    const due = this.#schedule.index + (frame - this.#schedule.frame);
    const overdue = Math.round(due - this.#reader.at);
    if (overdue < 0) return -overdue;
    if (overdue > 0) this.#reader.skip(overdue);
    return Math.round(due - this.#reader.at) > 0 ? length : 0;
  }

  #isReady() {
    if (!this.#starved) return true;
    const threshold = this.#started ? this.#recoverThreshold : this.#startThreshold;
    if (this.#reader.queued < threshold && !this.#ended) return false;
    this.#starved = false;
    return true;
  }

  #runDry() {
    this.#starved = true;
    this.#needsAlignment = true;
    this.#fade = 0;
    if (this.#ended) {
      this.#playing = false;
      return /** @type {const} */ (['ended']);
    }
    this.#underruns += 1;
    return /** @type {const} */ (['starved']);
  }

  #fadeIn(outputs, from, written) {
    if (this.#fade >= FADE_IN_SAMPLES || written === 0) return;
    for (let i = from; i < from + written && this.#fade < FADE_IN_SAMPLES; i += 1, this.#fade += 1) {
      for (const output of outputs) output[i] *= this.#fade / FADE_IN_SAMPLES;
    }
  }

  /** Where sound stops short, lets the last value die away instead of dropping to zero, which would click. */
  #settle(outputs, from, written) {
    const length = outputs[0].length;
    const end = written > 0 ? from + written : 0;
    for (let c = 0; c < outputs.length; c += 1) {
      const output = outputs[c];
      if (written > 0) {
        if (from > 0) this.#dieAway(output, c, 0, from);
        this.#tail[c] = output[end - 1];
      }
      if (end < length) this.#dieAway(output, c, end, length);
    }
  }

  #dieAway(output, channel, from, to) {
    let value = this.#tail[channel] ?? 0;
    if (value === 0) return;
    for (let i = from; i < to; i += 1) {
      value *= DECAY;
      output[i] = value;
    }
    this.#tail[channel] = Math.abs(value) < 1e-5 ? 0 : value;
  }

  /** Keeps the books of which sample left at which frame. */
  #note(frame, lead, written, length, index) {
    if (lead > 0 || written === 0) this.#mark(frame, index, 0);
    if (written === 0) return;
    const end = this.#reader.at;
    const step = (end - index) / written;
    this.#mark(frame + lead, index, step);
    if (lead + written < length) this.#mark(frame + lead + written, end, 0);
  }

  #mark(frame, index, step) {
    const { frame: since, index: from, step: before } = this.#span;
    const isExpected =
      Math.abs(step - before) < 1e-9 && Math.abs(from + (frame - since) * before - index) < SPAN_TOLERANCE;
    if (isExpected) return;
    this.#span = { frame, index, step };
    this.#spans.push(this.#span);
  }
}

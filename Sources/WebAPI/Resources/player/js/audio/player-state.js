import { SampleQueue } from './sample-queue.js';

/**
 * Samples over which sound fades in after a start, a pause or a gap: 256 are 6 ms, too short to hear and long enough
 * not to click.
 */
const FADE_IN_SAMPLES = 256;
/** Per-sample factor by which the last value dies away when sound stops short: −60 dB in 230 samples. */
const DECAY = 0.97;

/**
 * @typedef {object} Progress
 * @property {number} generation grows with every flush; reports of an older one are stale
 * @property {number} played samples heard since the flush
 * @property {number} queued samples that wait
 * @property {number} underruns how often sound ran dry since the output was made
 * @property {boolean} starved whether it waits for samples now
 */

/**
 * What the output thread decides for each block of the sound card: play, hold, or say that it ran dry. No Web Audio in
 * here, so it is tested without a browser; `worklet.js` puts it into an AudioWorkletProcessor.
 */
export class PlayerState {
  #queue = new SampleQueue();
  #playing = false;
  #ended = false;
  #started = false;
  #startThreshold;
  #recoverThreshold;
  #generation = 0;
  #played = 0;
  #underruns = 0;
  #starved = true;
  #fade = 0;
  #tail = [0, 0];

  /**
   * @param {object} limits
   * @param {number} limits.startThreshold samples that must wait before the first sound
   * @param {number} limits.recoverThreshold samples that must wait before sound goes on after it ran dry
   */
  constructor({ startThreshold, recoverThreshold }) {
    this.#startThreshold = startThreshold;
    this.#recoverThreshold = recoverThreshold;
  }

  /** @param {{type: string, generation?: number, block?: Float32Array[]}} message */
  receive(message) {
    switch (message.type) {
      case 'block':
        if (message.generation === this.#generation && message.block) this.#queue.push(message.block);
        break;
      case 'flush':
        this.#queue.clear();
        this.#generation = message.generation ?? this.#generation + 1;
        this.#played = 0;
        this.#ended = false;
        this.#started = false;
        this.#starved = true;
        this.#fade = 0;
        break;
      case 'end':
        if (message.generation === this.#generation) this.#ended = true;
        break;
      case 'more':
        this.#ended = false;
        break;
      case 'play':
        this.#playing = true;
        break;
      case 'pause':
        this.#playing = false;
        this.#fade = 0;
        break;
      default:
    }
  }

  /**
   * Fills one block of the sound card.
   *
   * @param {Float32Array[]} outputs one array per channel, zeroed
   * @returns {('started' | 'starved' | 'recovered' | 'ended')[]} what happened in it; `started` comes with the first
   *   audible block after a flush
   */
  render(outputs) {
    const events = [];
    let written = 0;
    const wasStarved = this.#starved;
    if (this.#playing && this.#isReady()) {
      written = this.#queue.read(outputs);
      this.#played += written;
      if (!this.#started && written > 0) {
        this.#started = true;
        events.push('started');
      } else if (wasStarved && written > 0) {
        events.push('recovered');
      }
      this.#fadeIn(outputs, written);
      if (written < outputs[0].length) events.push(...this.#runDry());
    }
    this.#settle(outputs, written);
    return events;
  }

  /** @returns {Progress} */
  get progress() {
    return {
      generation: this.#generation,
      played: this.#played,
      queued: this.#queue.queued,
      underruns: this.#underruns,
      starved: this.#starved && this.#playing,
    };
  }

  #isReady() {
    if (!this.#starved) return true;
    const threshold = this.#started ? this.#recoverThreshold : this.#startThreshold;
    if (this.#queue.queued < threshold && !this.#ended) return false;
    this.#starved = false;
    return true;
  }

  #runDry() {
    this.#starved = true;
    this.#fade = 0;
    if (this.#ended) {
      this.#playing = false;
      return /** @type {const} */ (['ended']);
    }
    this.#underruns += 1;
    return /** @type {const} */ (['starved']);
  }

  #fadeIn(outputs, written) {
    if (this.#fade >= FADE_IN_SAMPLES || written === 0) return;
    for (let i = 0; i < written && this.#fade < FADE_IN_SAMPLES; i += 1, this.#fade += 1) {
      for (const output of outputs) output[i] *= this.#fade / FADE_IN_SAMPLES;
    }
  }

  /** Where sound stops short, lets the last value die away instead of dropping to zero, which would click. */
  #settle(outputs, written) {
    const length = outputs[0].length;
    for (let c = 0; c < outputs.length; c += 1) {
      const output = outputs[c];
      if (written > 0) this.#tail[c] = output[written - 1];
      let value = this.#tail[c] ?? 0;
      if (written === length || value === 0) continue;
      for (let i = written; i < length; i += 1) {
        value *= DECAY;
        output[i] = value;
      }
      this.#tail[c] = Math.abs(value) < 1e-5 ? 0 : value;
    }
  }
}

import { OutputClock } from '../../Sources/WebAPI/Resources/player/js/audio/output-clock.js';
import { PlayerState } from '../../Sources/WebAPI/Resources/player/js/audio/player-state.js';
import { Playout } from '../../Sources/WebAPI/Resources/player/js/audio/playout.js';
import { RECOVER_SECONDS, START_SECONDS } from '../../Sources/WebAPI/Resources/player/js/limits.js';

const QUANTUM = 128;
const REPORT_EVERY_SAMPLES = 2048;

/**
 * A sound card in software: renders quanta of 128 frames by a crystal that is `ppm` off, is heard `latencyMs` later, and
 * tells its time with a jitter, as a browser does. Everything else is the player's own.
 */
export class VirtualOutput extends Playout {
  #state;
  #clock;
  #rate;
  #framesPerMs;
  #startMs;
  #latencyMs;
  #jitterMs;
  #random;
  #now;
  #frame = 0;
  #sinceReport = 0;
  /** @type {{dueMs: number, act: () => void}[]} in the card's own time, so that a test needs none */
  #timers = [];
  #block = [new Float32Array(QUANTUM), new Float32Array(QUANTUM)];
  /** What really left, for `trulyHeard`. @type {{frame: number, index: number, step: number}[]} */
  #truth = [];
  /** @type {((frame: number, block: Float32Array[]) => void) | null} */
  onRender = null;

  /**
   * @param {object} options
   * @param {number} options.sampleRate Hz
   * @param {() => number} options.now local monotonic clock, ms
   * @param {number} [options.ppm] how much too fast the card is
   * @param {number} [options.phase] of a quantum, 0…1: where it stands at the start
   * @param {number} [options.latencyMs] from rendering to the ear
   * @param {number} [options.jitterMs] of the card's own statements
   * @param {() => number} [options.random]
   */
  constructor({ sampleRate, now, ppm = 0, phase = 0, latencyMs = 20, jitterMs = 0, random = Math.random }) {
    super();
    this.#rate = sampleRate;
    this.#framesPerMs = (sampleRate / 1000) * (1 + ppm / 1e6);
    this.#now = now;
    this.#startMs = now() - (phase * QUANTUM) / this.#framesPerMs;
    this.#latencyMs = latencyMs;
    this.#jitterMs = jitterMs;
    this.#random = random;
    this.#clock = new OutputClock(sampleRate);
    this.#state = new PlayerState({
      startThreshold: Math.round(START_SECONDS * sampleRate),
      recoverThreshold: Math.round(RECOVER_SECONDS * sampleRate),
    });
    this.#state.receive({ type: 'flush', generation: this.generation });
  }

  get sampleRate() {
    return this.#rate;
  }

  nowMs() {
    return this.#now();
  }

  frameAt(ms) {
    return this.#clock.frameAt(ms);
  }

  timeOf(frame) {
    return this.#clock.timeOf(frame);
  }

  post(message) {
    this.#state?.receive(message);
  }

  later(waitMs, act) {
    const timer = { dueMs: this.#now() + waitMs, act };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Renders what the card renders until a local moment. @param {number} ms */
  run(ms) {
    const due = Math.floor((ms - this.#startMs) * this.#framesPerMs);
    while (this.#frame + QUANTUM <= due) {
      for (const channel of this.#block) channel.fill(0);
      const events = this.#state.render(this.#block, this.#frame);
      this.onRender?.(this.#frame, this.#block);
      this.#frame += QUANTUM;
      const spans = this.#state.takeSpans();
      const begun = this.#state.takeBegun();
      this.#truth.push(...spans);
      if (this.#truth.length > 4096) this.#truth.splice(0, 2048);
      this.#sinceReport += QUANTUM;
      if (events.length + spans.length + begun.length === 0 && this.#sinceReport < REPORT_EVERY_SAMPLES) continue;
      this.#sinceReport = 0;
      this.receive({ ...this.#state.progress, events, spans, begun, frame: this.#frame });
    }
    for (const timer of this.#timers.filter(({ dueMs }) => dueMs <= ms)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.act();
    }
    const reading = ms + (this.#random() - 0.5) * 2 * this.#jitterMs;
    this.#clock.observe(reading, (ms - this.#latencyMs - this.#startMs) * this.#framesPerMs);
  }

  /**
   * Source position that really is at the ear at a local moment, from what was rendered and the card's true clock, not
   * from what the player believes; null while it is silent and nothing was heard yet.
   *
   * @param {number} ms
   */
  trulyHeard(ms) {
    return this.trulyHeardOf(ms)?.position ?? null;
  }

  /** The same with the stream's id. @param {number} ms */
  trulyHeardOf(ms) {
    const frame = (ms - this.#latencyMs - this.delayMs - this.#startMs) * this.#framesPerMs;
    const span = this.#truth.findLast((candidate) => candidate.frame <= frame);
    if (!span || (span.step === 0 && span.index === 0)) return null;
    const place = this.placeOf(span.index + (frame - span.frame) * span.step);
    return place && { ...place, moves: span.step > 0 };
  }
}

/** Decodes nothing: each chunk becomes as much silence as it announces. Samples are counted, not heard. */
export async function silentDecoder({ channels }, { onBlock }) {
  return {
    kind: 'silence',
    decode: async ({ samples }) => onBlock(Array.from({ length: channels }, () => new Float32Array(samples))),
    drain: async () => {},
    close: () => {},
  };
}

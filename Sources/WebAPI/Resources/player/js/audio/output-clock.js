/** Share of a reading's error that is believed at once, and that goes into the speed. */
const PHASE_GAIN = 0.03;
const SPEED_GAIN = 0.0006;
/** A sound card whose crystal is further off than this is broken, or the reading is. */
const MAX_SPEED_ERROR = 0.002;
/** An error beyond this is no jitter: the card slept, or was changed. */
const STEP_MS = 60;
/** Readings for which the mean is taken instead, so that the first ones count alike. */
const WARM_UP = 32;
/** Readings nearer than this to the one before are no news. */
const MIN_INTERVAL_MS = 20;

/**
 * Which frame of a sound card's clock is heard at which time of the local clock, from readings that jitter.
 *
 * `AudioContext.getOutputTimestamp()` gives pairs of both, as fresh as the card's last callback. A second-order loop
 * (phase and speed; the servo of PTP, IEEE 1588 annex J, has the same form) follows them: single readings are out by
 * milliseconds, the loop by a tenth of that. Drift of the card against the computer's clock is learnt as speed.
 */
export class OutputClock {
  /** Frames per ms. */
  #nominal;
  #speed = 1;
  /** @type {{ms: number, frame: number} | null} */
  #anchor = null;
  #readings = 0;

  /** @param {number} sampleRate Hz, the card's nominal */
  constructor(sampleRate) {
    this.#nominal = sampleRate / 1000;
  }

  get isReady() {
    return this.#anchor !== null;
  }

  /** Forgets the phase, as after a sleep; keeps the speed. */
  reset() {
    this.#anchor = null;
    this.#readings = 0;
  }

  /**
   * @param {number} ms local monotonic clock
   * @param {number} frame heard at that moment
   */
  observe(ms, frame) {
    if (!Number.isFinite(ms) || !Number.isFinite(frame)) return;
    const anchor = this.#anchor;
    if (!anchor) {
      this.#anchor = { ms, frame };
      this.#readings = 1;
      return;
    }
    const elapsed = ms - anchor.ms;
    if (elapsed < MIN_INTERVAL_MS) return;
    const predicted = anchor.frame + elapsed * this.#nominal * this.#speed;
    const error = frame - predicted;
    if (Math.abs(error) > STEP_MS * this.#nominal) {
      this.#anchor = { ms, frame };
      this.#readings = 1;
      return;
    }
    this.#readings += 1;
    const gain = Math.max(PHASE_GAIN, 1 / Math.min(this.#readings, WARM_UP));
    this.#anchor = { ms, frame: predicted + gain * error };
    if (this.#readings <= WARM_UP) return;
    const speed = this.#speed + (SPEED_GAIN * error) / (elapsed * this.#nominal);
    this.#speed = Math.min(Math.max(speed, 1 - MAX_SPEED_ERROR), 1 + MAX_SPEED_ERROR);
  }

  /** @param {number} ms @returns {number} frame heard then; NaN before the first reading */
  frameAt(ms) {
    if (!this.#anchor) return NaN;
    return this.#anchor.frame + (ms - this.#anchor.ms) * this.#nominal * this.#speed;
  }

  /** @param {number} frame @returns {number} local ms at which it is heard; NaN before the first reading */
  timeOf(frame) {
    if (!this.#anchor) return NaN;
    return this.#anchor.ms + (frame - this.#anchor.frame) / (this.#nominal * this.#speed);
  }
}

/** Time between two drawings when all is well: 30 a second. */
const SHORTEST_MS = 33;
/** And when drawing is slow, or sound is at risk. */
const LONGEST_MS = 250;
/** A frame that comes this much after it was asked for is late. */
const LATE_MS = 40;
/** Timely frames in a row after which drawing gets faster again. */
const TIMELY_FRAMES = 60;

/**
 * Draws, but never at the price of sound: without a graphics card a record that turns can take all of a small computer,
 * and decoding would have to wait. So it draws less often when frames come late, and least often while little sound is
 * buffered.
 */
export class Ticker {
  #draw;
  #isSoundAtRisk;
  #intervalMs = SHORTEST_MS;
  #timely = 0;

  /**
   * @param {(time: number) => void} draw is given the page's clock, ms
   * @param {() => boolean} isSoundAtRisk
   */
  constructor(draw, isSoundAtRisk) {
    this.#draw = draw;
    this.#isSoundAtRisk = isSoundAtRisk;
  }

  start() {
    const askedAt = performance.now();
    requestAnimationFrame((time) => {
      this.#judge(performance.now() - askedAt);
      this.#draw(time);
      setTimeout(() => this.start(), this.#isSoundAtRisk() ? LONGEST_MS : this.#intervalMs);
    });
  }

  #judge(waitedMs) {
    if (waitedMs > LATE_MS) {
      this.#timely = 0;
      this.#intervalMs = Math.min(this.#intervalMs * 1.5, LONGEST_MS);
      return;
    }
    this.#timely += 1;
    if (this.#timely < TIMELY_FRAMES) return;
    this.#timely = 0;
    this.#intervalMs = Math.max(this.#intervalMs / 1.5, SHORTEST_MS);
  }
}

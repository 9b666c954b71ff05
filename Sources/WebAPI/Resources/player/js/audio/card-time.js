/** What a card plays may be this much older than what is rendered, ms: Bluetooth is within half of it. */
const MOST_LATENCY_MS = 2_000;
/** A reading that is ahead of what is rendered by more than this, ms, is no jitter. */
const TOLERANCE_MS = 50;
/** Impossible readings one after the other that show that the browser's pair of times is wrong. */
const MOST_WRONG = 3;

/**
 * What a sound card plays now, as a frame and a moment: the browser's own pair of times (`getOutputTimestamp`), or where
 * that is missing or impossible, the render clock less the latency that the browser admits to.
 *
 * A pair is impossible that names a moment to come, what isn't rendered yet, or what was rendered long ago: that of some
 * browsers runs at twice the speed.
 */
export class CardTime {
  #wrong = 0;

  /**
   * @param {AudioContext} context a running one
   * @param {number} nowMs `performance.now()`
   * @returns {{ms: number, frame: number} | null} null while nothing is known
   */
  read(context, nowMs) {
    const { currentTime, sampleRate } = context;
    const { contextTime = 0, performanceTime = 0 } = this.#isTrusted ? (context.getOutputTimestamp?.() ?? {}) : {};
    if (contextTime > 0 && performanceTime > 0) {
      // How much later than rendered it is heard, if the pair is right.
      const latencyMs = (currentTime - contextTime) * 1000 - (nowMs - performanceTime);
      const isPast = performanceTime <= nowMs + TOLERANCE_MS;
      if (isPast && latencyMs >= -TOLERANCE_MS && latencyMs <= MOST_LATENCY_MS) {
        this.#wrong = 0;
        return { ms: performanceTime, frame: contextTime * sampleRate };
      }
      this.#wrong += 1;
      if (this.#isTrusted) return null;
    }
    if (!(currentTime > 0)) return null;
    const latency = context.outputLatency || context.baseLatency || 0;
    return { ms: nowMs, frame: (currentTime - latency) * sampleRate };
  }

  get #isTrusted() {
    return this.#wrong < MOST_WRONG;
  }
}

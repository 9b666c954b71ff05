/** Spans that are kept: corrections make two of them every 20 ms, and what is heard may lag by some seconds. */
const MAX_SPANS = 512;

/**
 * Where the timeline is at which frame of the sound card's clock, right to the frame: the spans that the output thread
 * reported (see `Span`).
 */
export class Playhead {
  /** @type {import('./player-state.js').Span[]} */
  #spans = [];

  clear() {
    this.#spans = [];
  }

  /** @param {import('./player-state.js').Span[]} spans in order */
  add(spans) {
    this.#spans.push(...spans);
    if (this.#spans.length > MAX_SPANS) this.#spans.splice(0, this.#spans.length - MAX_SPANS / 2);
  }

  /** Whether the last thing known is that sound moves. */
  get isMoving() {
    return (this.#spans.at(-1)?.step ?? 0) > 0;
  }

  /**
   * @param {number} frame may lie ahead of what was reported: the last span is taken to go on
   * @returns {number} index on the timeline
   */
  indexAt(frame) {
    for (let i = this.#spans.length - 1; i >= 0; i -= 1) {
      const span = this.#spans[i];
      if (frame < span.frame) continue;
      const index = span.index + (frame - span.frame) * span.step;
      const next = this.#spans[i + 1];
      return next && next.index >= span.index ? Math.min(index, next.index) : index;
    }
    return this.#spans[0]?.index ?? 0;
  }

  /**
   * @param {number} index
   * @returns {number | null} the frame at which it leaves, or will; null while nothing moves towards it
   */
  frameOf(index) {
    for (let i = this.#spans.length - 1; i >= 0; i -= 1) {
      const span = this.#spans[i];
      if (span.step === 0 || index < span.index) continue;
      const frame = span.frame + (index - span.index) / span.step;
      const next = this.#spans[i + 1];
      if (next && frame > next.frame) continue;
      return frame;
    }
    return null;
  }
}

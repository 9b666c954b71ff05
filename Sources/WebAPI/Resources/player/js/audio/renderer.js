import { PlayerState } from './player-state.js';

/** Samples between two reports of how far sound has got: 43 ms at 48 kHz. */
const REPORT_EVERY_SAMPLES = 2048;

/**
 * Plays what it is sent, and reports what has been rendered: the output thread's work, wherever that runs. Messages in:
 * `Message` of `player-state.js`; out: `Report` of `playout.js`.
 */
export class Renderer {
  #state;
  #report;
  #sinceReport = 0;

  /**
   * @param {{startThreshold: number, recoverThreshold: number}} limits see `PlayerState`
   * @param {(report: import('./playout.js').Report) => void} report
   */
  constructor(limits, report) {
    this.#state = new PlayerState(limits);
    this.#report = report;
  }

  /** @param {any} message */
  receive(message) {
    this.#state.receive(message);
  }

  /**
   * Fills one block of the sound card.
   *
   * @param {Float32Array[]} outputs one array per channel, zeroed
   * @param {number} frame of the sound card's clock, of the block's first sample
   */
  render(outputs, frame) {
    const events = this.#state.render(outputs, frame);
    const spans = this.#state.takeSpans();
    const begun = this.#state.takeBegun();
    this.#sinceReport += outputs[0].length;
    const hasNews = events.length > 0 || spans.length > 0 || begun.length > 0;
    if (!hasNews && this.#sinceReport < REPORT_EVERY_SAMPLES) return;
    this.#sinceReport = 0;
    this.#report({ ...this.#state.progress, events, spans, begun, frame: frame + outputs[0].length });
  }
}

import { PlayerState } from './player-state.js';

/** Samples between two reports of how far sound has got: 43 ms at 48 kHz. */
const REPORT_EVERY_SAMPLES = 2048;

/**
 * Plays what the main thread sends, and reports what has been rendered. Messages in: `Message` of `player-state.js`;
 * out: `Report` of `playout.js`.
 */
class DubplateOutput extends AudioWorkletProcessor {
  #state;
  #sinceReport = 0;

  constructor(options) {
    super();
    this.#state = new PlayerState(options.processorOptions);
    this.port.onmessage = ({ data }) => this.#state.receive(data);
  }

  process(_inputs, [outputs]) {
    const events = this.#state.render(outputs, currentFrame);
    const spans = this.#state.takeSpans();
    const begun = this.#state.takeBegun();
    this.#sinceReport += outputs[0].length;
    const hasNews = events.length > 0 || spans.length > 0 || begun.length > 0;
    if (hasNews || this.#sinceReport >= REPORT_EVERY_SAMPLES) {
      this.#sinceReport = 0;
      const frame = currentFrame + outputs[0].length;
      this.port.postMessage({ ...this.#state.progress, events, spans, begun, frame });
    }
    return true;
  }
}

registerProcessor('dubplate-output', DubplateOutput);

import { PlayerState } from './player-state.js';

/** Samples between two reports of how far sound has got: 43 ms at 48 kHz. */
const REPORT_EVERY_SAMPLES = 2048;

/** Plays what the main thread sends, and reports what has been heard. Messages in: see `PlayerState.receive`. */
class DubplateOutput extends AudioWorkletProcessor {
  #state;
  #sinceReport = 0;

  constructor(options) {
    super();
    this.#state = new PlayerState(options.processorOptions);
    this.port.onmessage = ({ data }) => this.#state.receive(data);
  }

  process(_inputs, [outputs]) {
    const events = this.#state.render(outputs);
    this.#sinceReport += outputs[0].length;
    if (events.length > 0 || this.#sinceReport >= REPORT_EVERY_SAMPLES) {
      this.#sinceReport = 0;
      this.port.postMessage({ ...this.#state.progress, events, frame: currentFrame + outputs[0].length });
    }
    return true;
  }
}

registerProcessor('dubplate-output', DubplateOutput);

import { Renderer } from './renderer.js';

/** The renderer on the sound card's own thread. */
class DubplateOutput extends AudioWorkletProcessor {
  #renderer;

  constructor(options) {
    super();
    this.#renderer = new Renderer(options.processorOptions, (report) => this.port.postMessage(report));
    this.port.onmessage = ({ data }) => this.#renderer.receive(data);
  }

  process(_inputs, [outputs]) {
    this.#renderer.render(outputs, currentFrame);
    return true;
  }
}

registerProcessor('dubplate-output', DubplateOutput);

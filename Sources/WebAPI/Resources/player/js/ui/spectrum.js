/** Bars, on a logarithmic scale of frequency. */
const BARS = 56;
const LOWEST_HZ = 40;
const HIGHEST_HZ = 15_000;
/** dB that the lowest and the highest bar stand for. */
const FLOOR_DB = -86;
const CEILING_DB = -22;
/** Part of its height that a bar keeps from frame to frame on its way down. */
const FALL = 0.86;

/** The spectrum of what plays, from an AnalyserNode. */
export class Spectrum {
  #canvas;
  #context;
  #heights = new Float32Array(BARS);
  #bins = new Float32Array(1024);
  #samples = new Float32Array(2048);
  #colour = '';
  #ratio = 1;
  #isStill = true;

  /** @param {HTMLCanvasElement} canvas its CSS colour is the bars' */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    new ResizeObserver(() => this.#resize()).observe(canvas);
    document.addEventListener('themechange', () => {
      this.#colour = '';
      this.#draw();
    });
  }

  /** @param {AnalyserNode | null} analyser @returns {number} loudness 0…1 of the last 40 ms, root mean square */
  level(analyser) {
    if (!analyser) return 0;
    analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.sqrt(sum / this.#samples.length);
  }

  /** @param {AnalyserNode | null} analyser null when nothing plays: the bars sink */
  update(analyser) {
    if (analyser) analyser.getFloatFrequencyData(this.#bins);
    let highest = 0;
    for (let bar = 0; bar < BARS; bar += 1) {
      const target = analyser ? this.#heightOf(bar, analyser.context.sampleRate) : 0;
      const height = Math.max(target, this.#heights[bar] * FALL);
      this.#heights[bar] = height < 0.004 ? 0 : height;
      highest = Math.max(highest, this.#heights[bar]);
    }
    if (highest === 0 && this.#isStill) return;
    this.#isStill = highest === 0;
    this.#draw();
  }

  #heightOf(bar, sampleRate) {
    const span = HIGHEST_HZ / LOWEST_HZ;
    const binHz = sampleRate / 2 / this.#bins.length;
    const from = Math.floor((LOWEST_HZ * span ** (bar / BARS)) / binHz);
    const to = Math.max(Math.floor((LOWEST_HZ * span ** ((bar + 1) / BARS)) / binHz), from + 1);
    let loudest = FLOOR_DB;
    for (let bin = from; bin < to && bin < this.#bins.length; bin += 1) loudest = Math.max(loudest, this.#bins[bin]);
    // Music falls by some 3 dB an octave: lift the top so that it takes part.
    const tilt = (bar / BARS) * 18;
    return Math.min(Math.max((loudest + tilt - FLOOR_DB) / (CEILING_DB - FLOOR_DB), 0), 1);
  }

  #draw() {
    const context = this.#context;
    const { width, height } = this.#canvas;
    if (!context || width === 0) return;
    this.#colour ||= getComputedStyle(this.#canvas).color;
    context.clearRect(0, 0, width, height);
    context.fillStyle = this.#colour;
    const pitch = width / BARS;
    const bar = Math.max(pitch * 0.5, 1);
    for (let i = 0; i < BARS; i += 1) {
      const tall = Math.max(this.#heights[i] * height, 1.5 * this.#ratio);
      context.globalAlpha = 0.28 + 0.72 * this.#heights[i];
      context.fillRect(i * pitch + (pitch - bar) / 2, (height - tall) / 2, bar, tall);
    }
  }

  #resize() {
    this.#ratio = Math.min(devicePixelRatio, 2);
    this.#canvas.width = Math.round(this.#canvas.clientWidth * this.#ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * this.#ratio);
    this.#draw();
  }
}

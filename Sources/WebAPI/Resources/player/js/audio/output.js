import { Emitter } from '../events.js';
import { MAX_QUEUED_SECONDS, RECOVER_SECONDS, START_SECONDS, SUSPEND_AFTER_MS } from '../limits.js';

const WORKLET_URL = new URL('./worklet.js', import.meta.url);

/**
 * @typedef {object} OutputEvents
 * @property {{afterMs: number}} started first sample after a flush; `afterMs` is how long ago it left, negative for
 *   "will have left"
 * @property {undefined} starved sound ran dry before the end
 * @property {undefined} recovered sound goes on after it ran dry
 * @property {undefined} ended the last sample has been heard
 */

/**
 * The sound card's side: an AudioContext at the track's own sample rate, the worklet, gain and two analysers.
 *
 * ```
 * worklet ─┬─► spectrum (before the volume, for the eye)
 *          └─► gain ──► level (what really leaves) ──► destination
 * ```
 * Implements `SampleSink`.
 *
 * @extends {Emitter<OutputEvents>}
 */
export class AudioOutput extends Emitter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioWorkletNode | null} */
  #node = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {AnalyserNode | null} */
  #spectrum = null;
  /** @type {AnalyserNode | null} */
  #level = null;
  /** @type {Promise<void>} */
  #ready = Promise.resolve();
  #opening = 0;
  /** @type {{message: any, transfer: Transferable[]}[]} what is sent before the worklet has loaded */
  #outbox = [];
  #generation = 0;
  #written = 0;
  #isPlaying = false;
  #volume = 1;
  #suspendTimer = 0;
  /** @type {import('./player-state.js').Progress & {frame: number}} */
  #progress = { generation: 0, played: 0, queued: 0, underruns: 0, starved: false, frame: 0 };
  #earlierUnderruns = 0;
  /** @type {((block: import('./trimmer.js').Block) => void) | null} */
  #tap = null;

  get context() {
    return this.#context;
  }

  /** Analyser before the volume. */
  get spectrum() {
    return this.#spectrum;
  }

  /** Analyser of what leaves for the speakers. */
  get level() {
    return this.#level;
  }

  get sampleRate() {
    return this.#context?.sampleRate ?? 0;
  }

  get isPlaying() {
    return this.#isPlaying;
  }

  get isStarved() {
    return this.#isPlaying && this.#progress.starved;
  }

  get underruns() {
    return this.#earlierUnderruns + this.#progress.underruns;
  }

  /** Samples heard since the flush, carried on from the last report by the context's clock. */
  get played() {
    const { generation, played, queued, starved, frame } = this.#progress;
    if (generation !== this.#generation || !this.#context) return 0;
    if (!this.#isPlaying || starved || this.#context.state !== 'running') return played;
    const since = Math.max(this.#context.currentTime * this.sampleRate - frame, 0);
    return played + Math.min(since, queued);
  }

  /** Samples written and not heard yet. */
  get queued() {
    return Math.max(this.#written - this.played, 0);
  }

  /** Whether the queue is so full that the server cannot be pacing. */
  get isOverfull() {
    return this.sampleRate > 0 && this.queued > MAX_QUEUED_SECONDS * this.sampleRate;
  }

  /**
   * Opens the sound card at this rate. Call it from a click: browsers let sound begin only there. Another rate than
   * before means another context, and drops what is queued.
   *
   * @param {number} sampleRate Hz
   */
  open(sampleRate) {
    if (this.#context?.sampleRate === sampleRate) {
      this.#resumeContext();
      return;
    }
    this.#close();
    const context = new AudioContext({ sampleRate, latencyHint: 'interactive' });
    this.#context = context;
    this.#gain = context.createGain();
    this.#gain.gain.value = this.#volume;
    this.#spectrum = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0.72 });
    this.#level = new AnalyserNode(context, { fftSize: 2048 });
    this.#gain.connect(this.#level).connect(context.destination);
    this.#resumeContext();
    this.#ready = this.#load(context);
  }

  /** Resolves when the worklet runs; rejects when the browser cannot load it. */
  async ready() {
    await this.#ready;
  }

  /** @param {import('./trimmer.js').Block} block arrays that are given away */
  write(block) {
    this.#written += block[0].length;
    this.#tap?.(block.map((channel) => channel.slice()));
    this.#send({ type: 'block', generation: this.#generation, block }, block.map((channel) => channel.buffer));
  }

  flush() {
    this.#generation += 1;
    this.#written = 0;
    this.#outbox = this.#outbox.filter(({ message }) => message.type !== 'block');
    this.#send({ type: 'flush', generation: this.#generation });
  }

  end() {
    this.#send({ type: 'end', generation: this.#generation });
  }

  /** Takes an `end` back: more follows after all. */
  more() {
    this.#send({ type: 'more' });
  }

  play() {
    this.#isPlaying = true;
    this.#resumeContext();
    this.#send({ type: 'play' });
  }

  pause() {
    this.#progress = { ...this.#progress, played: this.played, queued: this.queued };
    this.#isPlaying = false;
    this.#send({ type: 'pause' });
    clearTimeout(this.#suspendTimer);
    this.#suspendTimer = setTimeout(() => this.#context?.suspend(), SUSPEND_AFTER_MS);
  }

  /** @param {number} volume amplitude 0…1 */
  setVolume(volume) {
    this.#volume = volume;
    if (!this.#gain || !this.#context) return;
    this.#gain.gain.setTargetAtTime(volume, this.#context.currentTime, 0.012);
  }

  /** @param {((block: import('./trimmer.js').Block) => void) | null} listener is given a copy of every block written */
  tap(listener) {
    this.#tap = listener;
  }

  /** @param {AudioContext} context */
  async #load(context) {
    this.#opening += 1;
    const opening = this.#opening;
    await context.audioWorklet.addModule(WORKLET_URL);
    if (opening !== this.#opening) return;
    const node = new AudioWorkletNode(context, 'dubplate-output', {
      numberOfInputs: 0,
      outputChannelCount: [2],
      processorOptions: {
        startThreshold: Math.round(START_SECONDS * context.sampleRate),
        recoverThreshold: Math.round(RECOVER_SECONDS * context.sampleRate),
      },
    });
    node.port.onmessage = ({ data }) => this.#report(context, data);
    if (this.#spectrum) node.connect(this.#spectrum);
    if (this.#gain) node.connect(this.#gain);
    this.#node = node;
    const waiting = this.#outbox;
    this.#outbox = [];
    node.port.postMessage({ type: 'flush', generation: this.#generation });
    for (const { message, transfer } of waiting) node.port.postMessage(message, transfer);
  }

  #close() {
    clearTimeout(this.#suspendTimer);
    this.#opening += 1;
    this.#earlierUnderruns += this.#progress.underruns;
    this.#progress = { generation: -1, played: 0, queued: 0, underruns: 0, starved: false, frame: 0 };
    this.#written = 0;
    this.#outbox = this.#isPlaying ? [{ message: { type: 'play' }, transfer: [] }] : [];
    this.#node?.port.close();
    this.#node?.disconnect();
    this.#node = null;
    this.#context?.close();
    this.#context = null;
  }

  #resumeContext() {
    clearTimeout(this.#suspendTimer);
    // Rejects only when the context is closed meanwhile, and then another one has taken its place.
    if (this.#context?.state === 'suspended') this.#context.resume().catch(() => {});
  }

  /** @param {any} message @param {Transferable[]} [transfer] */
  #send(message, transfer = []) {
    if (this.#node) this.#node.port.postMessage(message, transfer);
    else this.#outbox.push({ message, transfer });
  }

  #report(context, { events, ...progress }) {
    if (context !== this.#context || progress.generation !== this.#generation) return;
    this.#progress = progress;
    for (const event of events) {
      if (event === 'started') this.emit('started', { afterMs: this.#msSince(progress.frame) });
      if (event === 'starved' || event === 'recovered') this.emit(event);
      if (event === 'ended') {
        this.#isPlaying = false;
        this.emit('ended');
      }
    }
  }

  /**
   * How long ago the block before this frame was heard: the output's own latency is still to come, hence may be
   * negative.
   */
  #msSince(frame) {
    const context = /** @type {AudioContext} */ (this.#context);
    const rendered = context.currentTime - frame / context.sampleRate;
    return (rendered - (context.outputLatency || context.baseLatency || 0)) * 1000;
  }
}

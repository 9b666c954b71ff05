import { INTERRUPTION_MS, RECOVER_SECONDS, START_SECONDS, SUSPEND_AFTER_MS } from '../limits.js';
import { OutputClock } from './output-clock.js';
import { Playout } from './playout.js';

const WORKLET_URL = new URL('./worklet.js', import.meta.url);

/**
 * The sound card's side: an AudioContext, the worklet, gain and two analysers.
 *
 * ```
 * worklet ─┬─► spectrum (before the volume, for the eye)
 *          └─► gain ──► level (what really leaves) ──► destination
 * ```
 * What is heard when is `Playout`'s to say; here is the clock for it.
 */
export class AudioOutput extends Playout {
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
  #volume = 1;
  #isGrouped = false;
  #suspendTimer = 0;
  /** Whether a suspension is on its way: the context still says `running`. */
  #isSuspending = false;
  #clock = new OutputClock(48_000);
  #clockTimer = 0;

  constructor() {
    super();
    this.on('ended', () => this.#sleepLater());
  }

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
    context.addEventListener('statechange', () => this.#watch(context));
    this.#clock = new OutputClock(sampleRate);
    this.#clockTimer = setInterval(() => this.#readClock(), 100);
    this.#gain = context.createGain();
    this.#gain.gain.value = this.#volume;
    this.#spectrum = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0.72 });
    this.#level = new AnalyserNode(context, { fftSize: 2048 });
    this.#gain.connect(this.#level).connect(context.destination);
    this.#resumeContext();
    this.#ready = this.#load(context);
    // One that failed isn't kept: the next press of play tries again.
    this.#ready.catch(() => {
      if (this.#context === context) this.#close();
    });
  }

  /** Resolves when the worklet runs; rejects when the browser cannot load it. */
  async ready() {
    await this.#ready;
  }

  flush() {
    this.#outbox = this.#outbox.filter(({ message }) => message.generation === undefined);
    super.flush();
  }

  play() {
    this.#resumeContext();
    super.play();
  }

  /** @param {number} [atMs] */
  pause(atMs) {
    super.pause(atMs);
    this.#sleepLater();
  }

  /** @param {boolean} on */
  setGrouped(on) {
    this.#isGrouped = on;
    super.setGrouped(on);
  }

  /** @param {number} volume amplitude 0…1 */
  setVolume(volume) {
    this.#volume = volume;
    if (!this.#gain || !this.#context) return;
    this.#gain.gain.setTargetAtTime(volume, this.#context.currentTime, 0.012);
  }

  /** @param {number} ms */
  frameAt(ms) {
    const context = this.#context;
    if (context?.state !== 'running') return NaN;
    this.#readClock();
    return this.#clock.frameAt(ms);
  }

  /** @param {number} frame */
  timeOf(frame) {
    this.#readClock();
    return this.#clock.timeOf(frame);
  }

  /** @param {any} message @param {Transferable[]} [transfer] */
  post(message, transfer = []) {
    if (this.#node) this.#node.port.postMessage(message, transfer);
    else this.#outbox.push({ message, transfer });
  }

  /**
   * What the sound card plays now: the browser's own pair of times, or where it has none, the render clock less the
   * latency that it admits to.
   */
  #readClock() {
    const context = this.#context;
    if (context?.state !== 'running') return;
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
    if (contextTime > 0 && performanceTime > 0) {
      this.#clock.observe(performanceTime, contextTime * context.sampleRate);
    } else if (context.currentTime > 0) {
      const latency = context.outputLatency || context.baseLatency || 0;
      this.#clock.observe(performance.now(), (context.currentTime - latency) * context.sampleRate);
    }
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
    node.port.onmessage = ({ data }) => context === this.#context && this.receive(data);
    if (this.#spectrum) node.connect(this.#spectrum);
    if (this.#gain) node.connect(this.#gain);
    this.#node = node;
    const waiting = this.#outbox;
    this.#outbox = [];
    node.port.postMessage({ type: 'flush', generation: this.generation });
    for (const { message, transfer } of waiting) {
      if (message.type !== 'flush') node.port.postMessage(message, transfer);
    }
  }

  #close() {
    clearTimeout(this.#suspendTimer);
    clearInterval(this.#clockTimer);
    this.#opening += 1;
    this.closed();
    this.#outbox = [];
    this.#node?.port.close();
    this.#node?.disconnect();
    this.#node = null;
    this.#context?.close();
    this.#context = null;
    if (this.#isGrouped) this.post({ type: 'group', on: true });
    if (this.isPlaying) this.post({ type: 'play' });
  }

  /** A sound card that nobody needs rests after a while. */
  #sleepLater() {
    clearTimeout(this.#suspendTimer);
    this.#suspendTimer = setTimeout(() => {
      if (!this.isPlaying && this.#context) this.#suspend(this.#context);
    }, SUSPEND_AFTER_MS);
  }

  /** @param {AudioContext} context */
  async #suspend(context) {
    this.#isSuspending = true;
    // Rejects only when the context is closed meanwhile.
    await context.suspend().catch(() => {});
    this.#isSuspending = false;
  }

  /** It may go on by itself: a suspension of ours that a resumption has overtaken does. @param {AudioContext} context */
  #watch(context) {
    const isSilent = () => context === this.#context && context.state !== 'running' && this.isPlaying;
    if (isSilent()) setTimeout(() => isSilent() && this.emit('interrupted'), INTERRUPTION_MS);
  }

  #resumeContext() {
    clearTimeout(this.#suspendTimer);
    // Suspended, or `interrupted`, as Safari calls what a phone call does.
    const context = this.#context;
    if (!context || context.state === 'closed' || (context.state === 'running' && !this.#isSuspending)) return;
    this.#clock.reset();
    // Rejects only when the context is closed meanwhile, and then another one has taken its place.
    context.resume().catch(() => {});
  }
}

import { INTERRUPTION_MS, RECOVER_SECONDS, START_SECONDS, SUSPEND_AFTER_MS } from '../limits.js';
import { CardTime } from './card-time.js';
import { OutputClock } from './output-clock.js';
import { startOutputThread } from './output-threads.js';
import { Playout } from './playout.js';

/** Hz at which sound is put out: what music and cards have. */
const RATES = [44_100, 48_000];
/** Time between two looks at the card's clock. */
const CLOCK_MS = 100;

/**
 * The sound card's side: an AudioContext, the thread that renders, gain and two analysers.
 *
 * ```
 * thread ──┬─► spectrum (before the volume, for the eye)
 *          └─► gain ──► level (what really leaves) ──► destination
 * ```
 * What is heard when is `Playout`'s to say; here is the clock for it.
 *
 * There is one context as long as the page lives, at the card's own rate; streams of another rate are brought to it
 * before they come here. So nothing that is asked of it late can be meant for another one.
 */
export class AudioOutput extends Playout {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {import('./output-threads.js').OutputThread | null} */
  #thread = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {AnalyserNode | null} */
  #spectrum = null;
  /** @type {AnalyserNode | null} */
  #level = null;
  /** @type {Promise<void>} */
  #ready = Promise.resolve();
  #isLoading = false;
  #loads = 0;
  /** @type {{message: any, transfer: Transferable[]}[]} what is sent before the thread is there */
  #outbox = [];
  #volume = 1;
  #suspendTimer = 0;
  /** Whether a suspension is on its way: the context still says `running`. */
  #isSuspending = false;
  #clock = new OutputClock(48_000);
  #cardTime = new CardTime();

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
   * Gets the sound card ready, silently: with its thread there, a click is heard at once. It may be called without one.
   *
   * @throws where the browser has no sound for this page
   */
  prepare() {
    if (!this.#context) this.#connect(openContext());
    const context = /** @type {AudioContext} */ (this.#context);
    if (this.#thread || this.#isLoading) return;
    this.#isLoading = true;
    this.#ready = this.#load(context);
    this.#ready
      // One that failed isn't kept: the next press of play tries again. Who waits for it hears of it.
      .catch(() => {})
      .finally(() => (this.#isLoading = false));
  }

  /** Opens the sound card. Call it from a click: browsers let sound begin only there. @throws as `prepare` */
  open() {
    this.prepare();
    this.#resumeContext();
  }

  /** Resolves when there is a thread that renders; rejects when the browser cannot load it. */
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
    if (this.#thread) this.#thread.post(message, transfer);
    else this.#outbox.push({ message, transfer });
  }

  #readClock() {
    if (this.#context?.state !== 'running') return;
    const reading = this.#cardTime.read(this.#context, performance.now());
    if (reading) this.#clock.observe(reading.ms, reading.frame);
  }

  /** @param {AudioContext} context */
  #connect(context) {
    this.#context = context;
    context.addEventListener('statechange', () => this.#watch(context));
    this.#clock = new OutputClock(context.sampleRate);
    setInterval(() => this.#readClock(), CLOCK_MS);
    this.#gain = context.createGain();
    this.#gain.gain.value = this.#volume;
    this.#spectrum = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0.72 });
    this.#level = new AnalyserNode(context, { fftSize: 2048 });
    this.#gain.connect(this.#level).connect(context.destination);
    // Where a page may sound without a click, it begins by itself.
    if (!this.isPlaying) this.#suspend(context);
  }

  /** @param {AudioContext} context */
  async #load(context) {
    this.#loads += 1;
    const limits = {
      startThreshold: Math.round(START_SECONDS * context.sampleRate),
      recoverThreshold: Math.round(RECOVER_SECONDS * context.sampleRate),
    };
    const thread = await startOutputThread(context, limits, (report) => this.receive(report), this.#loads);
    if (this.#spectrum) thread.node.connect(this.#spectrum);
    if (this.#gain) thread.node.connect(this.#gain);
    this.#thread = thread;
    const waiting = this.#outbox;
    this.#outbox = [];
    thread.post({ type: 'flush', generation: this.generation }, []);
    for (const { message, transfer } of waiting) {
      if (message.type !== 'flush') thread.post(message, transfer);
    }
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

/** A context at the card's rate; where that is none of music's (a headset in a call, a studio's card), at a usual one. */
function openContext() {
  const context = new AudioContext({ latencyHint: 'interactive' });
  if (RATES.includes(context.sampleRate)) return context;
  context.close();
  return new AudioContext({ latencyHint: 'interactive', sampleRate: RATES.at(-1) });
}

import { Emitter } from '../events.js';
import { Playhead } from './playhead.js';

/** How much later than due a timer may come before what it announces is said at once instead. */
const HEARD_TIMER_LIMIT_MS = 60_000;

/**
 * @typedef {object} SegmentStart
 * @property {string} id the stream's
 * @property {number} position source position of its first sample, seconds
 * @property {number} [gain] linear; default 1
 * @property {number} [crossfade] seconds that it is mixed with the end of the one before
 *
 * What the output thread says: `Progress`, what happened, and where things are.
 * @typedef {import('./player-state.js').Progress & {
 *   events: string[], spans: import('./player-state.js').Span[], begun: {id: string, start: number}[], frame: number}
 * } Report
 *
 * @typedef {object} OutputEvents
 * @property {{afterMs: number}} started first sample after a flush; `afterMs` is how long ago it left, negative for
 *   "will have left"
 * @property {undefined} starved sound ran dry before the end
 * @property {undefined} recovered sound goes on after it ran dry
 * @property {undefined} ended the last sample has been heard
 * @property {undefined} interrupted the sound card was stopped from outside, though sound is wanted
 * @property {undefined} progress some was rendered
 * @property {{id: string, atMs: number}} heard another segment is what is heard now; `atMs` is the local moment of its
 *   first sample, right to the frame
 */

/**
 * The main thread's side of an output: what was written, which stream it belongs to, and what is heard now. No Web
 * Audio in here; `AudioOutput` adds that, a reference client adds a sound card of its own.
 *
 * Three clocks meet here. *Frames* are counted by the sound card, for ever. The *timeline* counts samples since the
 * flush (`Playhead` says which of them leaves at which frame). A *segment* (stream) begins at an index of the timeline,
 * at a source position. Subclasses tell which frame is heard at which local time.
 *
 * Implements `SampleSink`.
 *
 * @extends {Emitter<OutputEvents>}
 */
export class Playout extends Emitter {
  /** How much later than the sound card says this device is heard (Bluetooth), ms. */
  delayMs = 0;
  #generation = 0;
  #written = 0;
  #isPlaying = false;
  /** @type {{id: string, start: number, position: number, gain: number}[]} */
  #segments = [];
  #playhead = new Playhead();
  /** @type {Report} */
  #progress = noProgress(0);
  #heardId = '';
  #forgetHeard = () => {};
  #forgetEnd = () => {};
  #isPlayedOut = false;
  /** @type {((block: import('./trimmer.js').Block) => void) | null} */
  #tap = null;

  // For subclasses.

  /** Hz; 0 while there is no sound card. */
  get sampleRate() {
    return 0;
  }

  /** The local monotonic clock, ms. */
  nowMs() {
    return performance.now();
  }

  /** @param {number} _ms @returns {number} frame that leaves the sound card then; NaN when that is unknown */
  frameAt(_ms) {
    return NaN;
  }

  /** @param {number} _frame @returns {number} local ms at which it leaves the sound card; NaN when that is unknown */
  timeOf(_frame) {
    return NaN;
  }

  /** Calls back at a local moment; gives what takes it back. @param {number} waitMs @param {() => void} act */
  later(waitMs, act) {
    const timer = setTimeout(act, waitMs);
    return () => clearTimeout(timer);
  }

  /** @param {any} _message @param {Transferable[]} [_transfer] hands it to the output thread */
  post(_message, _transfer) {}

  // Samples in.

  /** @param {import('./trimmer.js').Block} block arrays that are given away */
  write(block) {
    this.#written += block[0].length;
    this.#tap?.(block.map((channel) => channel.slice()));
    this.post({ type: 'block', generation: this.#generation, block }, block.map((channel) => channel.buffer));
  }

  /**
   * What is written from now on belongs to this stream, and follows the last sample written so far.
   *
   * @param {SegmentStart} segment
   */
  begin({ id, position, gain = 1, crossfade = 0 }) {
    const overlap = Math.max(Math.round(crossfade * this.sampleRate), 0);
    const start = Math.max(this.#written - overlap, 0);
    if (this.#segments.at(-1)?.start === start && this.#written === start) this.#segments.pop();
    this.#segments.push({ id, start, position, gain });
    this.#written = start;
    if (this.#segments.length === 1) this.#heardId = id;
    this.post({ type: 'segment', generation: this.#generation, id, overlap, gain });
  }

  /** Throws away what has not been heard of a stream that began behind another one. @param {string} id */
  cut(id) {
    const at = this.#segments.findIndex((segment) => segment.id === id);
    if (at < 0) return;
    this.post({ type: 'cut', generation: this.#generation, id });
    this.#written = Math.max(this.#segments[at].start, this.#progress.played);
    this.#segments.splice(at);
  }

  /** @param {string} id a stream's @param {number} gain linear; reached within some milliseconds */
  setGain(id, gain) {
    for (const segment of this.#segments) if (segment.id === id) segment.gain = gain;
    this.post({ type: 'gain', id, gain });
  }

  flush() {
    this.#generation += 1;
    this.#written = 0;
    this.#segments = [];
    this.#playhead.clear();
    this.#progress = { ...noProgress(this.#generation), underruns: this.#progress.underruns };
    this.#forgetHeard();
    this.#forgetEnd();
    this.#isPlayedOut = false;
    this.post({ type: 'flush', generation: this.#generation });
  }

  /** Nothing follows what was written. */
  end() {
    this.post({ type: 'end', generation: this.#generation });
  }

  // Playing.

  play() {
    this.#isPlaying = true;
    this.#isPlayedOut = false;
    this.#forgetEnd();
    this.post({ type: 'play' });
  }

  /** @param {number} [atMs] local moment of the last sample to be heard; default: now */
  pause(atMs) {
    this.#isPlaying = false;
    const frame = atMs === undefined ? NaN : this.frameAt(atMs - this.delayMs);
    this.post(Number.isFinite(frame) ? { type: 'pause', frame: Math.round(frame) } : { type: 'pause' });
  }

  /** Waits, from the next start on, for `schedule` to say when (see `PlayerState`). @param {boolean} on */
  setGrouped(on) {
    this.post({ type: 'group', on });
  }

  /**
   * Says when a sample is due; needs a sound card that runs.
   *
   * @param {{position: number, atMs: number, id: string}} due source position of stream `id`, to be heard at that local
   *   moment
   * @returns {boolean} false where that cannot be said yet
   */
  schedule({ position, atMs, id }) {
    const segment = this.#segments.findLast((candidate) => candidate.id === id);
    const frame = this.frameAt(atMs - this.delayMs);
    if (!segment || !Number.isFinite(frame)) return false;
    const index = segment.start + (position - segment.position) * this.sampleRate;
    this.post({ type: 'schedule', generation: this.#generation, frame, index });
    return true;
  }

  /** Leaves samples out (positive) or puts some in, a thousandth faster or slower until it is done. */
  slew(/** @type {number} */ samples) {
    this.post({ type: 'slew', generation: this.#generation, samples });
  }

  /** Goes to where the schedule says, at once: skips, or is silent for as long as needed. */
  resync() {
    this.post({ type: 'resync', generation: this.#generation });
  }

  // What is heard.

  get isPlaying() {
    return this.#isPlaying;
  }

  /** Whether it stopped by itself, behind the last sample; that may not have been heard yet. */
  get isPlayedOut() {
    return this.#isPlayedOut;
  }

  get isStarved() {
    return this.#isPlaying && this.#progress.starved;
  }

  get underruns() {
    return this.#progress.underruns;
  }

  /** Whether there is a stream to write to. */
  get hasSegment() {
    return this.#segments.length > 0;
  }

  /** Index on the timeline of what is heard now. */
  get played() {
    return this.indexAt(this.nowMs());
  }

  /** Samples written and not rendered yet. */
  get queued() {
    const since = this.#playhead.isMoving ? this.indexAt(this.nowMs(), 0) : this.#progress.played;
    return Math.max(this.#written - Math.max(since, this.#progress.played), 0);
  }

  /**
   * Index on the timeline of what is heard at a local moment; where sound is paused, of where it goes on.
   *
   * @param {number} ms
   * @param {number} [delayMs]
   */
  indexAt(ms, delayMs = this.delayMs) {
    if (!this.#playhead.isMoving && !this.#isPlaying) return this.#progress.played;
    const frame = this.frameAt(ms - delayMs);
    if (!Number.isFinite(frame)) return this.#progress.played;
    return Math.min(Math.max(this.#playhead.indexAt(frame), 0), Math.max(this.#written, this.#progress.played));
  }

  /**
   * What is heard at a local moment: which stream, and the source position in seconds. Null before the first stream.
   *
   * @param {number} [ms] default: now
   * @returns {{id: string, position: number} | null}
   */
  heard(ms = this.nowMs()) {
    return this.placeOf(this.indexAt(ms));
  }

  /**
   * The last sample rendered so far, and when it will be heard. For a controller: all corrections made so far are in
   * it. Null while nothing sounds.
   *
   * @returns {{id: string, position: number, atMs: number, owedSeconds: number} | null} `owedSeconds`: corrections that
   *   are on their way
   */
  get renderHead() {
    const { frame, owed, generation } = this.#progress;
    if (!this.#playhead.isMoving || generation !== this.#generation || frame === 0) return null;
    const place = this.placeOf(this.#playhead.indexAt(frame));
    const atMs = this.timeOf(frame) + this.delayMs;
    if (!place || !Number.isFinite(atMs)) return null;
    return { ...place, atMs, owedSeconds: owed / this.sampleRate };
  }

  /** @param {((block: import('./trimmer.js').Block) => void) | null} listener is given a copy of every block written */
  tap(listener) {
    this.#tap = listener;
  }

  // For subclasses: the output thread's reports.

  /** @param {Report} report */
  receive(report) {
    if (report.generation !== this.#generation) return;
    this.#progress = report;
    this.#playhead.add(report.spans);
    for (const { id, start } of report.begun) this.#begun(id, start);
    for (const event of report.events) this.#happened(event, report);
    this.emit('progress');
  }

  get generation() {
    return this.#generation;
  }

  /** @param {number} index on the timeline @returns {{id: string, position: number} | null} stream and source position */
  placeOf(index) {
    let found = this.#segments[0];
    if (!found) return null;
    for (const segment of this.#segments) if (segment.start <= index && segment.start > found.start) found = segment;
    const position = found.position + (index - found.start) / (this.sampleRate || 1);
    return { id: found.id, position };
  }

  #begun(id, start) {
    const at = this.#segments.findLastIndex((segment) => segment.id === id);
    if (at < 0) return;
    // The output thread has the last word on where it began: an overlap may have become shorter.
    const moved = start - this.#segments[at].start;
    if (moved !== 0) {
      for (const segment of this.#segments.slice(at)) segment.start += moved;
      this.#written += moved;
    }
    if (this.#heardId === id && at === 0) return;
    const frame = this.#playhead.frameOf(start);
    const atMs = frame === null ? NaN : this.timeOf(frame) + this.delayMs;
    const waitMs = atMs - this.nowMs();
    this.#forgetHeard();
    const say = () => {
      this.#heardId = id;
      // What came before can't be heard any more, except by a delay that has passed too.
      const index = this.#segments.findIndex((segment) => segment.id === id);
      if (index > 0) this.#segments.splice(0, index - 1);
      this.emit('heard', { id, atMs: Number.isFinite(atMs) ? atMs : this.nowMs() });
    };
    if (waitMs > 0 && waitMs < HEARD_TIMER_LIMIT_MS) this.#forgetHeard = this.later(waitMs, say);
    else say();
  }

  #happened(event, { frame }) {
    if (event === 'started') {
      const left = this.timeOf(frame) + this.delayMs;
      this.emit('started', { afterMs: Number.isFinite(left) ? this.nowMs() - left : 0 });
    } else if (event === 'ended') {
      this.#isPlaying = false;
      this.#isPlayedOut = true;
      const waitMs = this.timeOf(frame) + this.delayMs - this.nowMs();
      this.#forgetEnd();
      if (waitMs > 0 && waitMs < HEARD_TIMER_LIMIT_MS) this.#forgetEnd = this.later(waitMs, () => this.emit('ended'));
      else this.emit('ended');
    } else if (event === 'starved' || event === 'recovered') {
      this.emit(event);
    }
  }
}

/** @param {number} generation @returns {Report} */
function noProgress(generation) {
  const progress = { generation, played: 0, queued: 0, underruns: 0, starved: false, owed: 0 };
  return { ...progress, events: [], spans: [], begun: [], frame: 0 };
}

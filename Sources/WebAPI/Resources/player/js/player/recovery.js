import { HELD_THROUGH_A_LOSS_SECONDS, MAX_RECOVERIES, NOTHING_LEFT_SECONDS, STALL_MS } from '../limits.js';
import { isGone } from './requests.js';
import { Watchdog } from './watchdog.js';

/** Refusals that say nothing of the stream: the next attempt may do. */
const PASSING = new Set(['busy', 'rate_limited', 'internal', 'timed_out']);

/**
 * What recovery has to know of the sound that it mends, and may do to it.
 *
 * @typedef {object} Patient
 * @property {() => boolean} wantsSound
 * @property {() => boolean} isHeard whether there is sound in fact
 * @property {() => import('./playback.js').Status} status
 * @property {() => {streamId: string, position: number} | null} place what is heard, or sought, as the server is told of
 *   it: the position is one in that stream; null while there is none
 * @property {() => number | null} seekTarget
 * @property {() => import('./stream-receiver.js').StreamInfo | null} soughtIn the stream that it's in
 * @property {() => import('./stream-receiver.js').StreamInfo | null} heard
 * @property {() => {trackId?: string, itemId: string | null, duration: number}} track
 * @property {() => boolean} isAwaited whether a click's stream is still to come
 * @property {() => boolean} isAsking whether the server has not even said that it will
 * @property {() => number} attempt
 * @property {(pendingSeek: number | null) => number} newAttempt voids older commands; its number
 * @property {(attempt: number) => boolean} isCurrent
 * @property {() => void} buffers sound is wanted, and will come
 * @property {() => void} changed
 * @property {(error: {code: string, message: string}) => void} fail
 * @property {(error: {code: string, message: string}) => void} report
 */

/**
 * Gets a stream back that was lost with its connection, or never came, and exchanges one for another of the same track.
 * What is buffered plays on; the new stream continues, sample for sample, where the chunks so far end.
 */
export class Recovery {
  /** How often a stream was asked for anew. */
  count = 0;
  #inRow = 0;
  /** The attempt that was refused for now: it's made again while what is buffered is heard. @type {number | null} */
  #refused = null;
  /** The attempt that is to exchange what is held. @type {number | null} */
  #exchange = null;
  /** The stream whose place the server is to hear when it is what is heard. @type {string | null} */
  #untold = null;
  /** Whether what was asked for goes on behind what is here. */
  #continues = false;
  /** Commands that are not answered yet. */
  #unanswered = 0;
  #receiver;
  #requests;
  #choice;
  #connection;
  #patient;
  #watchdog = new Watchdog(STALL_MS, () => this.#stalled());

  /**
   * @param {object} parts
   * @param {import('./stream-receiver.js').StreamReceiver} parts.receiver
   * @param {import('./requests.js').Requests} parts.requests
   * @param {import('./quality-choice.js').QualityChoice} parts.choice
   * @param {import('../net/connection.js').Connection} parts.connection
   * @param {Patient} parts.patient
   */
  constructor({ receiver, requests, choice, connection, patient }) {
    this.#receiver = receiver;
    this.#requests = requests;
    this.#choice = choice;
    this.#connection = connection;
    this.#patient = patient;
    receiver.on('change', () => this.#tell());
    receiver.on('refused', (error) => this.#cameToNothing(error));
    // What was asked for can't come any more: what it was to take the place of is heard.
    connection.on('state', (state) => state !== 'online' && receiver.giveUp());
  }

  /** Sound is expected from now on. */
  watch() {
    this.#watchdog.watch();
  }

  /** Nothing is expected. */
  rest() {
    this.#watchdog.rest();
  }

  /** There is sound. */
  succeeded() {
    if (!this.isRefused) this.#watchdog.rest();
    this.#inRow = 0;
  }

  /** Whether a stream was refused for now, and is asked for again. */
  get isRefused() {
    return this.#refused !== null && this.#patient.isCurrent(this.#refused);
  }

  /**
   * A stream has come.
   *
   * @param {import('./stream-receiver.js').StreamInfo} stream
   * @returns {boolean} whether it is the one that was asked for here
   */
  takes(stream) {
    if (!this.#receiver.awaits(stream)) return false;
    const isWhereItIs = !this.#continues && this.#patient.wantsSound();
    this.#untold = isWhereItIs || this.#requests.joinsOthers ? null : stream.streamId;
    return true;
  }

  /**
   * The server counts from where the new stream begins, but that is heard only when what is buffered is over: it is told
   * what is heard now, the way it's told of a pause. With the track before still to be heard there is no place in this one
   * yet; it counts from the first sample of its track, be that still of the stream that it replaced.
   */
  async #tell() {
    const patient = this.#patient;
    const place = this.#untold && patient.place();
    if (!place || place.streamId !== this.#untold) return;
    this.#untold = null;
    await this.#requests.tell('pause_track', place);
    if (patient.wantsSound()) await this.#requests.tell('resume_track', {});
  }

  /** Asks for the rest of the track from the end of what is buffered, so that its first sample follows the last one. */
  continue() {
    const receiver = this.#receiver;
    const target = this.#patient.seekTarget();
    receiver.giveUp();
    // What is here of the track is not what is sought.
    if (target !== null) receiver.hasAllChunks = false;
    if (receiver.hasAllChunks) return;
    // Behind what is held comes as much again, each time a stream is lost.
    if (target === null) receiver.stopBehind(HELD_THROUGH_A_LOSS_SECONDS);
    // At a track's end nothing of it is left to ask for: what follows goes on at its own end.
    if (target === null && this.#isAtEnd) receiver.giveUp();
    const position = target ?? receiver.edge.position;
    const attempt = this.#patient.newAttempt(position);
    if (target === null && this.#isAtEnd) {
      receiver.finish();
      return;
    }
    this.count += 1;
    const sought = target === null ? undefined : this.#patient.soughtIn();
    this.request(attempt, position, target === null && !this.#requests.joinsOthers, sought);
  }

  /** Whether the track is over where another stream would have to go on. */
  get #isAtEnd() {
    const { stream, position } = this.#receiver.edge;
    return (stream ?? this.#patient.track()).duration - position < NOTHING_LEFT_SECONDS;
  }

  /**
   * Asks for what is held of the track that is heard in another form, from the first chunk of such a format on. It's heard
   * as it is until the other has come, and to its end if that doesn't come. What is held of the next track the server
   * takes back, and sends anew, by itself.
   *
   * @param {(format: any) => boolean} isSuch
   */
  async exchange(isSuch) {
    const receiver = this.#receiver;
    if (!receiver.stopBefore(isSuch)) return;
    const { stream, position } = receiver.edge;
    const attempt = this.#patient.newAttempt(null);
    this.#exchange = attempt;
    const awaited = receiver.expect(stream ?? this.#patient.track(), true);
    try {
      await this.#play(attempt, awaited, position);
    } catch {
      receiver.giveUp(awaited);
      if (this.#patient.isCurrent(attempt)) this.#keepAsItIs(attempt);
    }
  }

  /** What is held isn't exchanged. */
  #keepAsItIs(attempt) {
    const receiver = this.#receiver;
    receiver.giveUp();
    this.#patient.report({ code: 'quality_later' });
    // Where the stream had been lost before, its rest is still to be asked for.
    if (!receiver.isOpen && !receiver.hasAllChunks) this.#tryLater(attempt);
  }

  /** The server has taken a command, and then couldn't begin the stream. */
  #cameToNothing(error) {
    const attempt = this.#patient.attempt();
    if (!PASSING.has(error.code)) this.#patient.fail(error);
    else if (this.#exchange === attempt) this.#keepAsItIs(attempt);
    else this.#tryLater(attempt);
  }

  /**
   * @param {number} attempt
   * @param {number} position seconds
   * @param {boolean} continues whether the stream goes on where the chunks so far end
   * @param {import('./stream-receiver.js').StreamInfo | null} [stream] whose track it is; default: the one that is heard
   */
  async request(attempt, position, continues, stream = this.#patient.heard()) {
    const patient = this.#patient;
    const receiver = this.#receiver;
    const what = (continues ? receiver.edge.stream : stream) ?? patient.track();
    if (!what.trackId) return;
    const awaited = receiver.expect(what, continues);
    try {
      await this.#play(attempt, awaited, position);
    } catch (error) {
      // What is gone comes back with the connection, or the watchdog sees to it.
      if (!patient.isCurrent(attempt) || isGone(error)) return;
      if (PASSING.has(error.code)) this.#tryLater(attempt);
      else if (error.code !== 'unknown_item') patient.fail(error);
      else {
        // Taken out of the queue meanwhile: what is buffered is heard, then the queue goes on.
        receiver.giveUp();
        receiver.finish();
      }
    }
  }

  async #play(attempt, awaited, position) {
    this.#continues = awaited.continues;
    this.#unanswered += 1;
    try {
      await this.#choice.within((quality) => this.#requests.play(awaited, position, quality));
    } finally {
      this.#unanswered -= 1;
    }
    // Where it is paused it says when it has come; until then it is nowhere.
    const { status, isCurrent } = this.#patient;
    if (isCurrent(attempt) && status() === 'paused') this.#requests.tell('pause_track', {});
  }

  #tryLater(attempt) {
    this.#receiver.giveUp();
    this.#refused = attempt;
    if (this.#patient.wantsSound()) this.#watchdog.watch();
  }

  /** Nothing to hear for a while although it should be, or soon. */
  #stalled() {
    const patient = this.#patient;
    const { isHeard } = patient;
    if (!patient.wantsSound() || (isHeard() && !this.isRefused)) return;
    this.#watchdog.watch();
    // To ask twice doesn't make it faster, and might skip twice.
    if (patient.isAsking() || this.#unanswered > 0) return;
    // Without a connection there is nobody to ask; the session goes on from there when it is back.
    const hasAll = this.#receiver.hasAllChunks && !this.#receiver.isAwaiting;
    if (this.#connection.state !== 'online' || hasAll) return;
    if (!isHeard()) this.#inRow += 1;
    if (this.#inRow <= MAX_RECOVERIES) this.continue();
    else patient.fail({ code: 'stalled' });
  }
}

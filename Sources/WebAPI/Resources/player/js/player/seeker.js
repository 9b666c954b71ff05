import { MOST_CROSSFADE_SECONDS, NEAR_END_SECONDS, SEEK_DEBOUNCE_MS } from '../limits.js';
import { isGone } from './requests.js';

/**
 * A seek that is on its way: where the listener has pointed, until there is sound of it. Quick ones become one command.
 *
 * Inside of what is held the sound jumps by itself, the first of quick seeks at once; the server is told, and sends on what
 * is missing at the other end. Anything else the server seeks.
 */
export class Seeker {
  /** Seconds, null when none is on its way. @type {number | null} */
  target = null;
  /**
   * In which stream that was pointed at; null where that was still to come.
   *
   * @type {import('./stream-receiver.js').StreamInfo | null}
   */
  #aimedIn = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  /** Where the sound has jumped to, of which the server is still to be told. @type {number | null} */
  #jumped = null;
  /** Whether the server is asked to seek, and its sound hasn't come. */
  #isSought = false;
  /** Commands that are not answered yet, and not void either. @type {Set<object>} */
  #unanswered = new Set();
  #receiver;
  #requests;
  #connection;
  #patient;
  #recovery;

  /**
   * @param {object} parts
   * @param {import('./stream-receiver.js').StreamReceiver} parts.receiver
   * @param {import('./requests.js').Requests} parts.requests
   * @param {{state: string}} parts.connection
   * @param {import('./recovery.js').Patient} parts.patient
   * @param {import('./recovery.js').Recovery} parts.recovery
   */
  constructor({ receiver, requests, connection, patient, recovery }) {
    this.#receiver = receiver;
    this.#requests = requests;
    this.#connection = connection;
    this.#patient = patient;
    this.#recovery = recovery;
  }

  /** Whether there is a target that the sound is still to get to. */
  get isOnItsWay() {
    return this.target !== null && this.target !== this.#jumped;
  }

  /** The stream that it's in. */
  get stream() {
    return this.#aimedIn ?? this.#patient.heard();
  }

  /** Where it leads, as the server is told of it; null while that stream isn't here. */
  get place() {
    const stream = this.#receiver.latest(this.stream?.streamId);
    return stream && this.target !== null ? { streamId: stream.streamId, position: this.target } : null;
  }

  /** @param {number} position seconds */
  aim(position) {
    const isQuick = this.#timer !== null;
    this.#point(position);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(position), SEEK_DEBOUNCE_MS);
    if (!isQuick) this.#jump(position);
    this.#patient.changed();
  }

  /** A remote made the server seek in the stream that is heard. @param {{position: number, epoch: number}} seek */
  follow({ position, epoch }) {
    this.#patient.newAttempt(null);
    this.#point(position);
    this.#isSought = true;
    this.#awaitEpoch(position, epoch);
    this.#patient.changed();
  }

  /** Sound of it is there, unless one waits to be sent, or to be answered. */
  landed() {
    if (this.#unanswered.size === 0) this.#isSought = false;
    if (this.#timer === null && this.#unanswered.size === 0) this.target = null;
    this.#patient.changed();
  }

  /** Sends no more; a target stays, at `position` if that is given. @param {number | null} [position] */
  hold(position = null) {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#jumped = null;
    this.#isSought = false;
    this.#unanswered.clear();
    if (this.target !== null) this.target = position;
  }

  /** @param {number} position seconds */
  #point(position) {
    this.target = position;
    this.#aimedIn = this.#patient.heard();
  }

  /** Whether another track is heard by now than the one that was pointed into. */
  get #isLeftBehind() {
    const heard = this.#patient.heard();
    if (!heard || !this.#aimedIn) return false;
    return this.#receiver.latest(this.#aimedIn.streamId) !== this.#receiver.latest(heard.streamId);
  }

  async #send(position) {
    this.#timer = null;
    const receiver = this.#receiver;
    const patient = this.#patient;
    if (!patient.track().trackId) return;
    if (this.#jumped === position || this.#jump(position)) {
      this.#jumped = null;
      this.landed();
      this.#tellOfJump();
      return;
    }
    const isReceived = receiver.isOpen && !receiver.isAwaiting;
    if (patient.status() === 'ended' || this.#isLeftBehind || !(isReceived || patient.isAwaited())) {
      this.#restartAt(position);
      return;
    }
    const attempt = patient.attempt();
    try {
      const { epoch, streamId } = await this.#ask(position);
      // A stream that is still to come begins there.
      if (!patient.isCurrent(attempt) || patient.isAwaited()) return;
      // At a track's very end the server may be in the next one already.
      if (streamId && streamId !== this.place?.streamId) this.#restartAt(position);
      else this.#awaitEpoch(position, epoch);
    } catch (error) {
      if (patient.isCurrent(attempt)) this.#refused(error, position);
    }
  }

  /** Goes there by what is held. @param {number} position @returns {boolean} whether that was possible */
  #jump(position) {
    const patient = this.#patient;
    const stream = patient.heard();
    const receiver = this.#receiver;
    const status = patient.status();
    const isHere = status === 'playing' || status === 'paused' || (status === 'buffering' && !receiver.isAwaiting);
    this.#jumped = null;
    if (!stream || !isHere || this.#isLeftBehind || this.#isSought) return false;
    if (patient.isAwaited() || this.#requests.isInGroup) return false;
    if (stream.duration - receiver.position < NEAR_END_SECONDS) return false;
    // What follows, which may be mixed with this one's end, is the server's to move.
    if (stream.duration - position < NEAR_END_SECONDS + MOST_CROSSFADE_SECONDS) return false;
    const hasJumped = receiver.jump(position);
    this.#jumped = hasJumped ? position : null;
    return hasJumped;
  }

  /** The server counts on from there; what it has sent stays. */
  async #tellOfJump() {
    const patient = this.#patient;
    const attempt = patient.attempt();
    const place = patient.place();
    if (!place) return;
    const { position, streamId: held } = place;
    const before = this.#receiver.epochOf(held);
    try {
      const { epoch, streamId } = await this.#requests.send('seek_position', { position, held, epoch: before });
      const receiver = this.#receiver;
      // The place in a stream that goes on where what is held ends is told when that has come.
      if (!patient.isCurrent(attempt) || this.target !== null || receiver.isAwaiting) return;
      // It has gone on to the next one, or a remote has said something else.
      if (streamId !== receiver.latest(held)?.streamId) this.#restartAt(position);
      // It had not sent that much.
      else if (streamId === held && epoch !== before) this.follow({ position, epoch });
    } catch (error) {
      // Without a stream there is nobody to tell: who gets one begins it where it's needed, and tells where it is heard.
      if (patient.isCurrent(attempt) && !isGone(error)) patient.report(error);
    }
  }

  async #ask(position) {
    const command = {};
    this.#unanswered.add(command);
    this.#isSought = true;
    try {
      return await this.#requests.send('seek_position', { position });
    } finally {
      this.#unanswered.delete(command);
    }
  }

  #refused(error, position) {
    if (!isGone(error)) {
      this.landed();
      this.#patient.report(error);
    } else if (this.#patient.isAwaited()) {
      if (this.#timer === null) this.aim(position);
    } else if (this.#connection.state === 'online') {
      this.#restartAt(position);
    } else {
      this.#receiver.release();
    }
  }

  #awaitEpoch(position, epoch) {
    const receiver = this.#receiver;
    receiver.hasAllChunks = false;
    if (!Number.isFinite(epoch)) return;
    const streamId = this.place?.streamId;
    receiver.expectEpoch(epoch, streamId);
    if (receiver.epochOf(streamId ?? '') < epoch) {
      if (this.#patient.status() !== 'paused') return;
      receiver.clear(position);
    }
    this.landed();
  }

  /** Seeks by a new stream, where the server has none (any more), in the track that was pointed into. */
  #restartAt(position) {
    const receiver = this.#receiver;
    const patient = this.#patient;
    const attempt = patient.newAttempt(position);
    receiver.release();
    if (patient.status() === 'paused') {
      if (!this.#isLeftBehind) {
        receiver.hasAllChunks = false;
        receiver.clear(position);
      }
      this.landed();
      return;
    }
    // What is here of it is not what is waited for.
    receiver.hasAllChunks = false;
    patient.buffers();
    this.#recovery.watch();
    this.#recovery.request(attempt, position, false, this.stream);
  }
}

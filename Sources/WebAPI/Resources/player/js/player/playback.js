import { Emitter } from '../events.js';
import { faultText } from '../i18n/language.js';
import { SEEK_MARGIN_SECONDS } from '../limits.js';
import { isAsChosen } from './chosen-rendition.js';
import { Pending } from './pending.js';
import { QualityChoice } from './quality-choice.js';
import { Recovery } from './recovery.js';
import { isGone, Requests } from './requests.js';
import { Seeker } from './seeker.js';
import { ShownTrack } from './shown-track.js';
import { SoundGuard } from './sound-guard.js';
import { StreamReceiver } from './stream-receiver.js';
import { Volume } from './volume.js';

/** @typedef {'idle' | 'loading' | 'playing' | 'paused' | 'buffering' | 'ended' | 'failed'} Status */

/**
 * The sound of this device: what it was asked to play, turned into a status. Which track comes next, and on which
 * device, is the session's to decide; streams come when it does. A lost connection is mended without a stop in sound:
 * the buffer plays on, and a new stream continues at its end.
 *
 * Emits `change` when something but the position changed, `error` with a message for people, `ended` when all that came
 * was heard.
 *
 * @typedef {object} PlaybackEvents
 * @property {undefined} change
 * @property {{message: string, code: string, kind?: 'note'}} error
 * @property {{itemId: string | null}} ended
 *
 * @extends {Emitter<PlaybackEvents>}
 */
export class Playback extends Emitter {
  /** @type {Status} */
  status = 'idle';
  choice = new QualityChoice(() => this.emit('change'), (error) => this.#report(error));
  /** ms from the click to the first sample that left, null until measured. @type {number | null} */
  firstSoundMs = null;
  volume;
  receiver;

  #connection;
  #session;
  #requests;
  #recovery;
  #seeker;
  #guard;
  #shown;
  #attempt = 0;
  #clickedAt = 0;
  #pending = new Pending();

  /**
   * @param {import('../net/connection.js').Connection} connection
   * @param {import('./session.js').Session} session
   * @param {import('./track-store.js').TrackStore} store
   * @param {{forceFallback?: boolean}} [options]
   */
  constructor(connection, session, store, options) {
    super();
    this.#connection = connection;
    this.#session = session;
    this.#shown = new ShownTrack(store, connection, () => this.emit('change'));
    this.#requests = new Requests(connection, session, (error) => this.#report(error));
    // Before the receiver hears of it: it takes only streams that it was told to expect.
    connection.on('stream_started', (stream) => this.#announced(stream));
    const receiver = new StreamReceiver(connection, options);
    this.receiver = receiver;
    const parts = { receiver, requests: this.#requests, choice: this.choice, connection, patient: this.#patient() };
    this.#recovery = new Recovery(parts);
    this.#seeker = new Seeker({ ...parts, recovery: this.#recovery });
    this.#guard = new SoundGuard(this, session);
    this.volume = new Volume((volume) => this.#requests.tell('volume_change', { volume, deviceId: session.deviceId }));
    this.volume.on('change', () => {
      receiver.output.setVolume(this.volume.gain);
      this.emit('change');
    });
    receiver.output.setVolume(this.volume.gain);
    receiver.on('change', () => this.#streamChanged());
    receiver.on('landed', () => this.#seeker.landed());
    receiver.on('started', ({ afterMs }) => this.#soundStarted(afterMs));
    receiver.on('recovered', () => this.#soundCameBack());
    receiver.on('starved', () => this.#soundStopped());
    receiver.on('ended', () => this.#heardToTheEnd());
    receiver.on('stopped', (reason) => this.#wasStopped(reason));
    receiver.on('failed', (error) => this.#fail(error));
    receiver.on('rendition', (reason) => this.choice.explain(reason));
    session.on('settled', () => this.volume.reconcile(session.me?.volume));
    session.on('devices', () => (receiver.output.delayMs = session.me?.outputDelayMs ?? 0));
  }

  /** @returns {import('../net/api.js').Track | null} */
  get track() {
    return this.#shown.value;
  }

  /** What comes next, null until it is prepared. */
  get upcoming() {
    return this.#shown.upcoming;
  }

  get stream() {
    return this.receiver.stream;
  }

  /** The queue's item that is heard. @returns {string | null} */
  get itemId() {
    return this.receiver.stream?.itemId ?? null;
  }

  /** How often a stream was asked for anew because the connection or the sound was lost. */
  get recoveries() {
    return this.#recovery.count;
  }

  /** Seconds. */
  get duration() {
    return this.receiver.stream?.duration ?? this.track?.duration ?? 0;
  }

  /** Source position in seconds of what is heard now; while a seek is on its way, of where it goes. */
  get position() {
    if (this.#seeker.target !== null) return this.#seeker.target;
    if (this.status === 'ended') return this.duration;
    return Math.min(this.receiver.position, this.duration || Infinity);
  }

  /** What is heard, or sought, as the server is told of it. */
  get #place() {
    return this.#seeker.target === null ? this.receiver.place : this.#seeker.place;
  }

  /** Whether sound is wanted, be it there or not. */
  get isActive() {
    return this.status === 'playing' || this.status === 'loading' || this.status === 'buffering';
  }

  /**
   * Gets ready for a stream and asks for it. Call it from a click or a key: sound may begin only there.
   *
   * @param {import('../net/api.js').Track | null} track what is shown until the stream has come
   * @param {number} position seconds
   * @param {(quality: string) => Promise<unknown>} ask the command
   * @returns {Promise<boolean>} whether the server took it
   */
  async begin(track, position, ask) {
    if (this.#connection.state !== 'online') {
      // What is buffered plays on.
      this.#report({ code: 'offline' });
      return false;
    }
    this.#clickedAt = performance.now();
    this.#newAttempt();
    this.#load(track, position);
    if (!this.receiver.open()) return false;
    const request = this.#pending.expect({ track, position, ask });
    this.receiver.output.play();
    this.#recovery.watch();
    try {
      await this.choice.within(ask);
      request.isTaken = true;
      return true;
    } catch (error) {
      if (request !== this.#pending.request) return false;
      if (error.code === 'queue_ended') this.stop(false);
      // With the connection gone, `goOn` asks again when it is back.
      else if (!isGone(error) || this.#connection.state === 'online') this.#fail(error);
      return false;
    }
  }

  pause() {
    if (!this.isActive) return;
    // What has not come yet is nowhere.
    const place = (!this.#isAwaited && this.#place) || {};
    this.hold();
    this.#pending.press(true, () => this.#requests.tell('pause_track', place));
  }

  /** Plays what is shown once more, from its beginning. */
  replay() {
    const what = this.#what;
    this.begin(this.track, 0, (quality) => this.#requests.play(what, 0, quality));
  }

  /** Goes on where it was paused, or has failed. What comes behind an end is the queue's to say. */
  resume() {
    if (!this.track || this.isActive) return;
    if (this.status === 'failed') {
      const { position } = this;
      const what = this.#what;
      this.begin(this.track, position, (quality) => this.#requests.play(what, position, quality));
      return;
    }
    const { receiver } = this;
    this.release();
    const isThere = receiver.isOpen || this.#isAllHere;
    if (this.#pending.request?.isLost) this.#askAgain();
    else if (this.#isAwaited || receiver.isAwaiting || isThere) this.#pending.press(false, () => this.#resume());
    else this.#recovery.continue();
  }

  /** @returns {Promise<boolean>} whether the server took it */
  async #resume() {
    try {
      await this.#requests.send('resume_track', {});
      return true;
    } catch (error) {
      if (!isGone(error)) this.#report(error);
      else if (!this.#isAwaited && this.#connection.state === 'online' && !this.#isAllHere) {
        this.#recovery.continue();
      }
      return false;
    }
  }

  /**
   * Ends it all, as on log-out, or when another device took over.
   *
   * @param {boolean} [tells] whether the server has to be told
   */
  stop(tells = true) {
    this.#newAttempt();
    this.#recovery.rest();
    if (tells && this.receiver.isOpen) this.#requests.tell('stop_track', {});
    this.receiver.output.pause();
    this.receiver.reset(0);
    this.#shown.show(null);
    this.choice.reason = null;
    this.#setStatus('idle');
  }

  /**
   * Seeks. Several calls in quick succession become one command.
   *
   * @param {number} position seconds; held within the track
   */
  seek(position) {
    if (!this.track || this.status === 'failed') return;
    this.#seeker.aim(Math.min(Math.max(position, 0), Math.max(this.duration - SEEK_MARGIN_SECONDS, 0)));
  }

  /** Whether what this device asked for was refused for now, and is asked for again. */
  get isAskingAgain() {
    return this.#recovery.isRefused;
  }

  /** Whether nothing is missing of what is heard, or sought. */
  get #isAllHere() {
    return this.receiver.hasAllChunks && !this.#seeker.isOnItsWay;
  }

  /** Whether a stream that a click asked for is still to come. */
  get #isAwaited() {
    return this.#pending.request !== null;
  }

  /** The track that is shown, the way a command names it: by the queue's item if it is one. */
  get #what() {
    const { queue } = this.#session;
    const trackId = this.track?.id;
    const current = queue.peek(queue.index)?.trackId === trackId ? queue.itemId : null;
    return { trackId, itemId: this.itemId ?? current };
  }

  /** @returns {import('./recovery.js').Patient} */
  #patient() {
    const { receiver } = this;
    return {
      wantsSound: () => this.isActive,
      isHeard: () => this.status === 'playing' && receiver.output.queued > 0 && !receiver.output.isStarved,
      status: () => this.status,
      place: () => this.#place,
      seekTarget: () => this.#seeker.target,
      soughtIn: () => this.#seeker.stream,
      heard: () => receiver.stream,
      track: () => ({ ...this.#what, duration: this.duration }),
      isAwaited: () => this.#isAwaited,
      isAsking: () => this.#pending.request?.isTaken === false,
      attempt: () => this.#attempt,
      newAttempt: (pendingSeek) => this.#newAttempt(pendingSeek),
      isCurrent: (attempt) => attempt === this.#attempt,
      buffers: () => {
        receiver.output.play();
        this.#setStatus('buffering');
      },
      changed: () => this.emit('change'),
      fail: (error) => this.#fail(error),
      report: (error) => this.#report(error),
    };
  }

  #load(track, position) {
    this.#shown.show(track);
    this.receiver.reset(position);
    this.firstSoundMs = null;
    this.choice.reason = null;
    this.#setStatus('loading');
  }

  /** A stream comes: one that was asked for, one behind the last, or what the session plays here from now on. */
  #announced(stream) {
    const { receiver } = this;
    if (this.#recovery.takes(stream)) return;
    if (stream.follows && stream.follows === receiver.newest?.streamId) {
      // The receiver's own: no seam. One that comes late finds that all before it was heard.
      if (this.status === 'ended') this.#setStatus('loading');
      return;
    }
    const isPaused = this.#pending.holds(stream);
    if (this.#isAwaited && this.track?.id === stream.trackId) {
      // A seek that is on its way is one in this stream.
      this.#pending.request = null;
      receiver.reset(stream.position);
    } else {
      this.#newAttempt();
      this.#load(this.#shown.of(stream), stream.position);
    }
    if (!receiver.open()) return;
    receiver.welcome(stream);
    if (isPaused) {
      this.hold();
      return;
    }
    receiver.output.play();
    this.#setStatus('loading');
    this.#recovery.watch();
    this.#guard.expect(stream.streamId);
  }

  /** The stream that is heard became another one. */
  #streamChanged() {
    const { stream } = this;
    if (stream && stream.trackId !== this.track?.id) {
      this.#shown.show(this.#shown.of(stream));
      this.choice.reason = null;
    }
    this.emit('change');
  }

  /** Falls silent where it is, without a word to anybody. */
  hold() {
    if (!this.isActive) return;
    this.receiver.output.pause();
    this.#recovery.rest();
    this.#setStatus('paused');
  }

  /** Sounds again where it is, as `hold` left it. */
  release() {
    if (this.status !== 'paused') return;
    this.receiver.output.play();
    const isHere = this.#seeker.target === null;
    this.#setStatus(this.#isAwaited ? 'loading' : isHere ? 'playing' : 'buffering');
    this.#recovery.watch();
  }

  /**
   * What comes is of another quality from now on, by the listener's choice: what is held of the old one gives way, except
   * for the seconds that are decoded, and for what is as it was chosen already. In a group it is heard: one device can't
   * go back by itself.
   *
   * @param {{quality: string, codec?: string}} chosen as the server says it
   */
  requalify(chosen) {
    const { receiver } = this;
    const isHere = this.status === 'playing' || this.status === 'paused';
    const isOnItsWay = this.#isAwaited || receiver.isAwaiting || this.#seeker.target !== null;
    if (!isHere || isOnItsWay || this.#connection.state !== 'online' || this.#session.isInGroup) return;
    this.#recovery.exchange((format) => !isAsChosen(format, chosen));
  }

  /** The server seeks in the stream that is heard. @param {{position: number, epoch: number}} seek */
  follow(seek) {
    this.#seeker.follow(seek);
  }

  /** @param {boolean} isPlaying whether the group does */
  followGroup(isPlaying) {
    if (isPlaying ? this.status !== 'paused' : !this.isActive) return;
    if (isPlaying) this.#recovery.watch();
    else this.#recovery.rest();
    this.#setStatus(isPlaying ? 'playing' : 'paused');
  }

  /** The connection is back, but not the stream: that is asked for anew; a paused one when it is to be heard. */
  goOn() {
    if (this.#isAllHere || this.status === 'failed' || this.status === 'ended') return;
    this.receiver.release();
    this.#pending.lost();
    if (this.status === 'paused') return;
    if (this.#isAwaited) this.#askAgain();
    else this.#recovery.continue();
  }

  /** What was asked for before the connection broke is asked for again; unless the server has it: then it plays. */
  #askAgain() {
    const { track, position, ask } = /** @type {import('./pending.js').Request} */ (this.#pending.request);
    if (this.#session.role === 'active' && this.#what.itemId) {
      this.#recovery.continue();
      return;
    }
    const { target } = this.#seeker;
    this.begin(track, position, ask);
    if (target !== null) this.#seeker.aim(target);
  }

  #soundStarted(afterMs) {
    if (this.#clickedAt > 0) this.firstSoundMs = Math.max(performance.now() - afterMs - this.#clickedAt, 0);
    this.#clickedAt = 0;
    this.#soundCameBack();
  }

  #soundCameBack() {
    this.#recovery.succeeded();
    if (this.isActive) this.#setStatus('playing');
  }

  #soundStopped() {
    if (!this.isActive) return;
    this.#setStatus('buffering');
    this.#recovery.watch();
  }

  /** All that came was heard. What follows the server sends by itself. */
  #heardToTheEnd() {
    const { itemId } = this;
    this.receiver.release();
    // Nobody has heard of a seek that waits for the connection, and its track is over.
    if (this.#connection.state !== 'online') this.forgetSeek();
    this.#setStatus('ended');
    this.emit('ended', { itemId });
  }

  #wasStopped(reason) {
    if (reason === 'replaced' || reason === 'cancelled') return; // another stream takes its place
    if (reason === 'transferred' || reason === 'stopped') this.stop(false);
    else this.pause();
  }

  /** Sends no seek that waits to be sent: something else is about to play. */
  forgetSeek() {
    this.#seeker.hold();
  }

  /**
   * Voids what older commands still answer.
   *
   * @param {number | null} [pendingSeek] the seek that is part of the new attempt
   */
  #newAttempt(pendingSeek = null) {
    this.#seeker.hold(pendingSeek);
    this.#pending.clear();
    this.#attempt += 1;
    return this.#attempt;
  }

  #fail(error) {
    const position = this.position;
    this.#newAttempt();
    this.#recovery.rest();
    this.receiver.output.pause();
    this.receiver.reset(position);
    this.#setStatus('failed');
    this.#report(error);
  }

  /** @param {{code?: string, message?: string}} error */
  #report(error) {
    this.emit('error', { code: error.code ?? 'internal', message: faultText(error) });
  }

  #setStatus(status) {
    this.status = status;
    this.emit('change');
  }
}

import { Emitter } from '../events.js';
import * as limits from '../limits.js';
import { preferences } from '../preferences.js';
import { Seeker } from './seeker.js';
import { StreamReceiver } from './stream-receiver.js';
import { Volume } from './volume.js';
import { Watchdog } from './watchdog.js';

/** @typedef {'idle' | 'loading' | 'playing' | 'paused' | 'buffering' | 'ended' | 'failed'} Status */

/** Refusals of a command about a stream that the server does not have (any more): ours to mend, nobody's to read. */
const GONE = new Set(['no_stream', 'unknown_stream', 'offline', 'timeout']);

/**
 * The sound of this device: what it was asked to play, turned into a status. Which track comes next, and on which
 * device, is the session's to decide; streams come when it does. A lost connection is mended without a stop in sound:
 * the buffer plays on, and a new stream continues at its end.
 *
 * Emits `change` when something but the position changed, `error` with a message for people.
 *
 * @extends {Emitter<{change: undefined, error: {message: string, code: string, kind?: 'note'}}>}
 */
export class Playback extends Emitter {
  /** @type {Status} */
  status = 'idle';
  /** @type {import('../net/api.js').Track | null} */
  track = null;
  quality = preferences.get('quality', 'auto');
  /** Why the rendition is the one it is (`quality_change`), null until the server said so. @type {string | null} */
  qualityReason = null;
  /** What comes next, as the server said when it began to send it. @type {any} */
  upcoming = null;
  /** ms from the click to the first sample that left, null until measured. @type {number | null} */
  firstSoundMs = null;
  /** How often a stream was asked for anew because the connection or the sound was lost. */
  recoveries = 0;
  volume;
  receiver;

  #connection;
  #session;
  #store;
  #seeker = new Seeker((position) => this.#sendSeek(position));
  /** @type {string | null} track of the stream that was asked for */
  #asked = null;
  #watchdog = new Watchdog(limits.STALL_MS, () => this.#stalled());
  #attempt = 0;
  #recoveriesInRow = 0;
  #clickedAt = 0;
  /** Whether the next stream that comes by itself is to wait for a press of "play". */
  #arrivesPaused = false;

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
    this.#store = store;
    // Before the receiver hears of it: it takes only streams that it was told to expect.
    connection.on('stream_started', (stream) => this.#announced(stream));
    const receiver = new StreamReceiver(connection, options);
    this.receiver = receiver;
    this.volume = new Volume((level) => this.#tell('volume_change', { volume: level, deviceId: session.deviceId }));
    this.volume.on('change', () => {
      receiver.output.setVolume(this.volume.gain);
      this.emit('change');
    });
    receiver.output.setVolume(this.volume.gain);
    receiver.on('change', () => this.#streamChanged());
    receiver.on('landed', () => this.#landed());
    receiver.on('started', ({ afterMs }) => this.#soundStarted(afterMs));
    receiver.on('recovered', () => this.#soundCameBack());
    receiver.on('starved', () => this.#soundStopped());
    receiver.on('ended', () => this.#heardToTheEnd());
    receiver.on('stopped', (reason) => this.#wasStopped(reason));
    receiver.on('failed', (error) => this.#fail(error));
    connection.on('quality_change', ({ reason }) => {
      this.qualityReason = reason ?? null;
      this.emit('change');
    });
    connection.on('preload_track', (next) => {
      this.upcoming = next;
      this.emit('change');
    });
    session.on('settled', () => this.#settled());
  }

  get stream() {
    return this.receiver.stream;
  }

  /** The queue's item that is heard, as far as this device knows. @returns {string | null} */
  get itemId() {
    return this.receiver.stream?.itemId ?? null;
  }

  /** The stream that is received: of the next item already, when that one follows without a gap. */
  get #lastStream() {
    return this.receiver.lastStream ?? this.receiver.stream;
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

  /** Source position in seconds of the sample that leaves the loudspeaker at this moment. */
  get heardPosition() {
    const { output, heardPosition, position } = this.receiver;
    if (heardPosition !== undefined) return heardPosition;
    const latency = this.status === 'playing' ? (output.context?.outputLatency ?? 0) : 0;
    return Math.max(position - latency, 0);
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
    this.#clickedAt = performance.now();
    this.#arrivesPaused = false;
    const attempt = this.#newAttempt();
    this.#load(track, position);
    if (!this.receiver.openFor(track ?? {})) return false;
    this.receiver.output.play();
    this.#watchdog.watch();
    try {
      return await this.#askWithin(ask);
    } catch (error) {
      if (attempt !== this.#attempt) return false;
      if (error.code === 'queue_ended') this.stop(false);
      else this.#fail(error);
      return false;
    }
  }

  /** Asks at the chosen quality, or at what the plan has when that isn't part of it. */
  async #askWithin(ask) {
    try {
      await ask(this.quality);
    } catch (error) {
      if (error.code !== 'not_entitled' || this.quality === 'auto') throw error;
      this.#report(error);
      this.#rememberQuality('auto');
      await ask(this.quality);
    }
    return true;
  }

  /** A session that is paused is about to come here: it stays so. */
  awaitPaused() {
    this.#arrivesPaused = true;
  }

  /** Pauses, resumes, or plays again what has ended. */
  toggle() {
    if (this.isActive) this.pause();
    else this.resume();
  }

  pause() {
    if (!this.isActive) return;
    this.hold();
    this.#tell('pause_track', { position: this.position, streamId: this.stream?.streamId });
  }

  async resume() {
    if (!this.track || this.isActive) return;
    if (this.status === 'ended' || this.status === 'failed') {
      const position = this.status === 'ended' ? 0 : this.position;
      const item = this.itemId ?? this.#session.queue.itemId;
      this.begin(this.track, position, (quality) => this.#ask(this.track?.id, item, position, quality));
      return;
    }
    const { receiver } = this;
    this.release();
    if (!receiver.isOpen && !receiver.hasAllChunks) {
      this.#continue();
      return;
    }
    try {
      await this.#connection.command('resume_track', {});
    } catch (error) {
      if (!GONE.has(error.code)) this.#report(error);
      else if (this.#connection.state === 'online' && !receiver.hasAllChunks) this.#continue();
    }
  }

  /**
   * Ends it all, as on log-out, or when another device took over.
   *
   * @param {boolean} [tells] whether the server has to be told
   */
  stop(tells = true) {
    this.#newAttempt();
    this.#watchdog.rest();
    if (tells && this.receiver.isOpen) this.#tell('stop_track', {});
    this.receiver.output.pause();
    this.receiver.reset(0);
    this.track = null;
    this.upcoming = null;
    this.qualityReason = null;
    this.#setStatus('idle');
  }

  /**
   * Seeks. Several calls in quick succession become one command.
   *
   * @param {number} position seconds; held within the track
   */
  seek(position) {
    if (!this.track || this.status === 'failed') return;
    this.#seeker.aim(Math.min(Math.max(position, 0), Math.max(this.duration - limits.SEEK_MARGIN_SECONDS, 0)));
    this.emit('change');
  }

  /** @param {string} quality a tier of the protocol; kept for every track from now on, unless the server refuses it */
  async setQuality(quality) {
    const before = this.quality;
    this.#rememberQuality(quality);
    if (!this.receiver.isOpen && this.status === 'idle') return;
    try {
      await this.#connection.command('quality_change', { quality });
    } catch (error) {
      if (GONE.has(error.code)) return;
      this.#rememberQuality(before);
      this.#report(error);
    }
  }

  #load(track, position) {
    this.track = track;
    this.receiver.reset(position);
    this.firstSoundMs = null;
    this.#recoveriesInRow = 0;
    this.qualityReason = null;
    this.upcoming = null;
    this.#setStatus('loading');
  }

  /** A stream comes: one that was asked for, one behind the last, or what the session plays here from now on. */
  #announced(stream) {
    const { receiver } = this;
    if (receiver.isAwaiting && this.#asked === stream.trackId) return;
    if (stream.follows && stream.follows === this.#lastStream?.streamId) return; // the receiver's own: no seam
    const wasWaiting = this.status === 'loading';
    this.#newAttempt();
    const track = this.#store.peek(stream.trackId) ?? { ...stream, id: stream.trackId };
    if (!wasWaiting || this.track?.id !== track.id) this.#load(track, stream.position);
    else receiver.reset(stream.position);
    if (!receiver.openFor({ sampleRate: stream.sampleRate })) return;
    receiver.expect(stream.trackId, false);
    if (this.#arrivesPaused) {
      this.#arrivesPaused = false;
      this.hold();
      return;
    }
    receiver.output.play();
    this.#setStatus('loading');
    this.#watchdog.watch();
    setTimeout(() => this.#checkAutoplay(stream), limits.AUTOPLAY_PATIENCE_MS);
  }

  /** A browser that lets no sound begin without a click says so by a context that stays suspended. */
  #checkAutoplay({ streamId, position }) {
    if (!this.isActive || this.stream?.streamId !== streamId) return;
    if (this.receiver.output.context?.state !== 'suspended') return;
    this.hold();
    this.#tell('pause_track', { position, streamId });
    this.emit('error', { code: 'needs_click', message: 'Press play to hear it here.', kind: 'note' });
  }

  /** The stream that is heard became another one. */
  #streamChanged() {
    const { stream } = this;
    if (stream && stream.trackId !== this.track?.id) {
      this.track = this.#store.peek(stream.trackId) ?? { ...stream, id: stream.trackId };
      this.upcoming = null;
      this.qualityReason = null;
    }
    this.emit('change');
  }

  /** Falls silent where it is, without a word to anybody. */
  hold() {
    if (!this.isActive) return;
    this.receiver.output.pause();
    this.#watchdog.rest();
    this.#setStatus('paused');
  }

  /** Sounds again where it is, as `hold` left it. */
  release() {
    if (this.status !== 'paused') return;
    this.receiver.output.play();
    this.#setStatus(this.#seeker.target === null ? 'playing' : 'buffering');
    this.#watchdog.watch();
  }

  /** The server seeks in the stream that is heard. @param {{position: number, epoch: number}} seek */
  follow({ position, epoch }) {
    this.#newAttempt();
    this.#seeker.target = position;
    this.receiver.hasAllChunks = false;
    this.#awaitEpoch(position, epoch);
    this.emit('change');
  }

  /** @param {string} quality that another device chose */
  followQuality(quality) {
    this.#rememberQuality(quality);
  }

  /** @param {boolean} isPlaying whether the group does */
  followGroup(isPlaying) {
    if (!isPlaying && this.isActive) this.#setStatus('paused');
    if (isPlaying && this.status === 'paused') this.#setStatus('playing');
  }

  #awaitEpoch(position, epoch) {
    const { receiver } = this;
    if (!Number.isFinite(epoch)) return;
    receiver.expectEpoch(epoch);
    if (this.status !== 'paused' || receiver.epoch >= epoch) return;
    receiver.clear(position);
    this.#landed();
  }

  /** Asks for the rest of the track from the end of what is buffered, so that its first sample follows the last one. */
  #continue() {
    const { receiver } = this;
    const position = this.#seeker.target ?? receiver.endPosition;
    const continues = this.#seeker.target === null;
    const attempt = this.#newAttempt(position);
    const duration = this.#lastStream?.duration ?? this.duration;
    if (continues && duration - position < limits.NOTHING_LEFT_SECONDS) {
      receiver.finish();
      return;
    }
    this.recoveries += 1;
    this.#request(attempt, position, continues);
  }

  async #request(attempt, position, continues) {
    // What is received may be ahead of what is heard: the next item follows without a gap.
    const last = continues ? this.#lastStream : this.stream;
    const trackId = last?.trackId ?? this.track?.id;
    if (!trackId) return;
    this.#asked = trackId;
    this.receiver.expect(trackId, continues);
    try {
      await this.#askWithin((quality) => this.#ask(trackId, last?.itemId ?? null, position, quality));
      if (attempt === this.#attempt && this.status === 'paused') this.#tell('pause_track', { position: this.position });
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error.code === 'unknown_item') {
        this.receiver.finish(); // taken out of the queue meanwhile: what is buffered is heard, then the queue goes on
      } else if (!GONE.has(error.code)) {
        this.#fail(error);
      }
      // What is gone comes back with the connection, or the watchdog sees to it.
    }
  }

  /** The command that makes this item sound here from there. */
  #ask(trackId, itemId, position, quality) {
    const session = this.#session;
    if (session.role === 'member') return session.setGrouped(session.deviceId, true);
    if (itemId) return session.jump(itemId, position);
    return this.#connection.command('play_track', { trackId, position, quality });
  }

  async #sendSeek(position) {
    const { receiver } = this;
    if (!this.track) return;
    const isBehind = this.#lastStream?.streamId !== this.stream?.streamId;
    if (this.status === 'ended' || receiver.hasAllChunks || !receiver.isOpen || isBehind) {
      this.#restartAt(position);
      return;
    }
    const attempt = this.#attempt;
    try {
      const { epoch } = await this.#connection.command('seek_position', { position });
      if (attempt !== this.#attempt) return;
      this.#awaitEpoch(position, epoch);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (!GONE.has(error.code)) {
        this.#landed();
        this.#report(error);
      } else if (this.#connection.state === 'online') {
        this.#restartAt(position);
      } else {
        receiver.release();
      }
    }
  }

  /** Seeks by a new stream, where the server has none (any more). */
  #restartAt(position) {
    const attempt = this.#newAttempt(position);
    const staysPaused = this.status === 'paused';
    this.receiver.release();
    if (staysPaused) {
      this.receiver.hasAllChunks = false;
      this.receiver.clear(position);
      this.#landed();
      return;
    }
    this.receiver.output.play();
    this.#setStatus('buffering');
    this.#watchdog.watch();
    this.#request(attempt, position, false);
  }

  #landed() {
    this.#seeker.landed();
    this.emit('change');
  }

  /** The server has said who plays: after a reconnect either this device still, or another one took over. */
  #settled() {
    const session = this.#session;
    const known = session.me?.volume;
    if (known !== undefined && Math.abs(known - this.volume.level) > 0.005) {
      this.#tell('volume_change', { volume: this.volume.level, deviceId: session.deviceId });
    }
    if (!this.track) return;
    if (session.role === 'remote') {
      this.stop(false);
      return;
    }
    if (this.receiver.hasAllChunks || this.status === 'failed' || this.status === 'ended') return;
    // The stream died with its connection; a paused one is asked for again when it is to be heard.
    this.receiver.release();
    if (this.status !== 'paused') this.#continue();
  }

  /** Nothing to hear for a while although it should be. */
  #stalled() {
    const { receiver } = this;
    if (!this.isActive) return;
    const isHeard = receiver.output.queued > 0 && !receiver.output.isStarved;
    if (isHeard && this.status === 'playing') return;
    this.#watchdog.watch();
    // Without a connection there is nobody to ask; `settled` goes on from there.
    if (this.#connection.state !== 'online' || receiver.hasAllChunks) return;
    this.#recoveriesInRow += 1;
    if (this.#recoveriesInRow > limits.MAX_RECOVERIES) {
      this.#fail({ code: 'stalled', message: 'No sound comes from the server. Press play to try again.' });
    } else {
      this.#continue();
    }
  }

  #soundStarted(afterMs) {
    if (this.#clickedAt > 0) this.firstSoundMs = Math.max(performance.now() - afterMs - this.#clickedAt, 0);
    this.#clickedAt = 0;
    this.#soundCameBack();
  }

  #soundCameBack() {
    this.#watchdog.rest();
    this.#recoveriesInRow = 0;
    if (this.isActive) this.#setStatus('playing');
  }

  #soundStopped() {
    if (!this.isActive) return;
    this.#setStatus('buffering');
    this.#watchdog.watch();
  }

  /** All that came was heard. What follows the server sends by itself; offline, it could not. */
  #heardToTheEnd() {
    const itemId = this.itemId;
    this.receiver.release();
    this.#setStatus('ended');
    const next = this.#session.queue.following(itemId);
    const isServersTurn = this.#session.isSettled && this.#connection.state === 'online';
    if (!next || this.#session.role !== 'active' || isServersTurn) return;
    const attempt = this.#attempt;
    const goOn = this.#session.on('settled', () => {
      goOn();
      if (attempt !== this.#attempt || this.#session.role !== 'active') return;
      const track = this.#store.peek(next.trackId) ?? this.track;
      this.begin(track, 0, () => this.#session.jump(next.id, 0));
    });
  }

  #wasStopped(reason) {
    if (reason === 'replaced' || reason === 'cancelled') return; // another stream takes its place
    if (reason === 'transferred' || reason === 'stopped') this.stop(false);
    else this.pause();
  }

  /**
   * Voids what older commands still answer.
   *
   * @param {number | null} [pendingSeek] the seek that is part of the new attempt
   */
  #newAttempt(pendingSeek = null) {
    this.#seeker.hold(pendingSeek);
    this.#attempt += 1;
    return this.#attempt;
  }

  /** Sends what only informs the server: where it has no such stream there is nothing to inform it about. */
  async #tell(event, payload) {
    try {
      await this.#connection.command(event, payload);
    } catch (error) {
      if (!GONE.has(error.code)) this.#report(error);
    }
  }

  #fail(error) {
    const position = this.position;
    this.#newAttempt();
    this.#watchdog.rest();
    this.receiver.output.pause();
    this.receiver.reset(position);
    this.#setStatus('failed');
    this.#report(error);
  }

  #report({ code, message }) {
    this.emit('error', { code: code ?? 'internal', message });
  }

  #rememberQuality(quality) {
    this.quality = quality;
    preferences.set('quality', quality);
    this.emit('change');
  }

  #setStatus(status) {
    this.status = status;
    this.emit('change');
  }
}

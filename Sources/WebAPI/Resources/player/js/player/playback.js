import { Emitter } from '../events.js';
import * as limits from '../limits.js';
import { preferences } from '../preferences.js';
import { StreamReceiver } from './stream-receiver.js';
import { Volume } from './volume.js';
import { Watchdog } from './watchdog.js';

/** @typedef {'idle' | 'loading' | 'playing' | 'paused' | 'buffering' | 'ended' | 'failed'} Status */

/** Refusals of a command about a stream that the server does not have (any more): ours to mend, nobody's to read. */
const GONE = new Set(['no_stream', 'unknown_stream', 'offline', 'timeout']);

/**
 * What a listener wishes, turned into commands; and what happens, turned into a status. A lost connection is mended
 * without a stop in sound: the buffer plays on, and a new stream continues at its end.
 *
 * Emits `change` when something but the position changed, `error` with a message for people.
 *
 * @extends {Emitter<{change: undefined, error: {message: string, code: string}}>}
 */
export class Playback extends Emitter {
  /** @type {Status} */
  status = 'idle';
  /** @type {import('../net/api.js').Track | null} */
  track = null;
  /** @type {import('./track-list.js').TrackList | null} */
  list = null;
  index = -1;
  quality = preferences.get('quality', 'auto');
  /** @type {import('../audio/loudness.js').LoudnessMode} */
  loudnessMode = preferences.get('loudness', 'track');
  /** ms from the click to the first sample that left, null until measured. @type {number | null} */
  firstSoundMs = null;
  /** How often a stream was asked for anew because the connection or the sound was lost. */
  recoveries = 0;
  volume;
  receiver;

  #connection;
  /** @type {number | null} where a seek goes that has no sound yet */
  #pendingSeek = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #seekTimer = null;
  #watchdog = new Watchdog(limits.STALL_MS, () => this.#stalled());
  #attempt = 0;
  #recoveriesInRow = 0;
  #clickedAt = 0;

  /**
   * @param {import('../net/connection.js').Connection} connection
   * @param {{forceFallback?: boolean}} [options]
   */
  constructor(connection, options) {
    super();
    this.#connection = connection;
    const receiver = new StreamReceiver(connection, options);
    this.receiver = receiver;
    this.volume = new Volume((level) => receiver.isOpen && this.#tell('volume_change', { volume: level }));
    this.volume.on('change', () => {
      receiver.output.setVolume(this.volume.gain);
      this.emit('change');
    });
    receiver.output.setVolume(this.volume.gain);
    receiver.setLoudnessMode(this.loudnessMode);
    receiver.on('change', () => this.emit('change'));
    receiver.on('landed', () => this.#landed());
    receiver.on('started', ({ afterMs }) => this.#soundStarted(afterMs));
    receiver.on('recovered', () => this.#soundCameBack());
    receiver.on('starved', () => this.#soundStopped());
    receiver.on('ended', () => this.#heardToTheEnd());
    receiver.on('stopped', () => this.pause());
    receiver.on('failed', (error) => this.#fail(error));
    connection.on('online', ({ isReconnect }) => isReconnect && this.#reconnected());
  }

  get stream() {
    return this.receiver.stream;
  }

  /** Seconds. */
  get duration() {
    return this.receiver.stream?.duration ?? this.track?.duration ?? 0;
  }

  /** Source position in seconds of what is heard now; while a seek is on its way, of where it goes. */
  get position() {
    if (this.#pendingSeek !== null) return this.#pendingSeek;
    if (this.status === 'ended') return this.duration;
    return Math.min(this.receiver.position, this.duration || Infinity);
  }

  /** Whether sound is wanted, be it there or not. */
  get isActive() {
    return this.status === 'playing' || this.status === 'loading' || this.status === 'buffering';
  }

  /**
   * Plays a track of a list from its start. Call it from a click or a key.
   *
   * @param {import('./track-list.js').TrackList} list
   * @param {number} index
   */
  async playFrom(list, index) {
    this.#clickedAt = performance.now();
    this.list = list;
    this.index = index;
    const attempt = this.#newAttempt();
    try {
      const track = list.peek(index) ?? (await list.get(index));
      if (attempt === this.#attempt && track) this.#start(track, 0);
    } catch (error) {
      if (attempt === this.#attempt) this.#fail(error);
    }
  }

  /** @param {import('../audio/loudness.js').LoudnessMode} mode */
  setLoudnessMode(mode) {
    this.loudnessMode = mode;
    preferences.set('loudness', mode);
    this.receiver.setLoudnessMode(mode);
    this.emit('change');
  }

  /** Pauses, resumes, or plays again what has ended. */
  toggle() {
    if (this.isActive) this.pause();
    else this.resume();
  }

  pause() {
    if (!this.isActive) return;
    const { receiver } = this;
    receiver.output.pause();
    this.#watchdog.rest();
    this.#setStatus('paused');
    if (receiver.isOpen) this.#tell('pause_track', { position: this.position });
  }

  async resume() {
    if (!this.track || this.isActive) return;
    if (this.status === 'ended' || this.status === 'failed') {
      this.#clickedAt = performance.now();
      this.#start(this.track, this.status === 'ended' ? 0 : this.position);
      return;
    }
    const { receiver } = this;
    receiver.output.play();
    this.#setStatus(this.#pendingSeek === null ? 'playing' : 'buffering');
    this.#watchdog.watch();
    if (!receiver.isOpen) {
      if (!receiver.hasAllChunks) this.#continue();
      return;
    }
    try {
      await this.#connection.command('resume_track', {});
    } catch (error) {
      if (!GONE.has(error.code)) this.#report(error);
      else if (this.#connection.state === 'online' && !receiver.hasAllChunks) this.#continue();
    }
  }

  /** Ends it all, as on log-out. */
  stop() {
    this.#newAttempt();
    this.#watchdog.rest();
    if (this.receiver.isOpen) this.#tell('stop_track', {});
    this.receiver.output.pause();
    this.receiver.reset(0);
    this.track = null;
    this.#setStatus('idle');
  }

  /**
   * Seeks. Several calls in quick succession become one command.
   *
   * @param {number} position seconds; held within the track
   */
  seek(position) {
    if (!this.track || this.status === 'failed') return;
    this.#pendingSeek = Math.min(Math.max(position, 0), Math.max(this.duration - limits.SEEK_MARGIN_SECONDS, 0));
    if (this.#seekTimer !== null) clearTimeout(this.#seekTimer);
    this.#seekTimer = setTimeout(() => this.#sendSeek(), limits.SEEK_DEBOUNCE_MS);
    this.emit('change');
  }

  /** @param {number} seconds may be negative */
  seekBy(seconds) {
    this.seek(this.position + seconds);
  }

  async next() {
    if (!this.list || this.list.total === null || this.index + 1 >= this.list.total) return;
    await this.playFrom(this.list, this.index + 1);
  }

  async previous() {
    if (!this.list) return;
    if (this.position <= limits.RESTART_AFTER_SECONDS && this.index > 0) await this.playFrom(this.list, this.index - 1);
    else if (this.status === 'ended') await this.resume();
    else this.seek(0);
  }

  /** @param {string} quality a tier of the protocol; kept for every track from now on, unless the server refuses it */
  async setQuality(quality) {
    const before = this.quality;
    this.#rememberQuality(quality);
    if (!this.receiver.isOpen || this.receiver.hasAllChunks) return;
    try {
      await this.#connection.command('quality_change', { quality });
    } catch (error) {
      if (GONE.has(error.code)) return;
      this.#rememberQuality(before);
      this.#report(error);
    }
  }

  #start(track, position) {
    const attempt = this.#newAttempt();
    const { receiver } = this;
    this.track = track;
    receiver.reset(position);
    this.firstSoundMs = null;
    this.#recoveriesInRow = 0;
    this.#setStatus('loading');
    if (!receiver.openFor(track)) return;
    receiver.output.play();
    this.#watchdog.watch();
    this.#request(attempt, position, false);
  }

  /** Asks for the rest of the track from the end of what is buffered, so that its first sample follows the last one. */
  #continue() {
    const position = this.#pendingSeek ?? this.receiver.endPosition;
    const continues = this.#pendingSeek === null;
    const attempt = this.#newAttempt(position);
    if (continues && this.duration - position < limits.NOTHING_LEFT_SECONDS) {
      this.receiver.finish();
      return;
    }
    this.recoveries += 1;
    this.#request(attempt, position, continues);
  }

  async #request(attempt, position, continues) {
    const trackId = /** @type {import('../net/api.js').Track} */ (this.track).id;
    this.receiver.expect(trackId, continues);
    try {
      await this.#connection.command('play_track', { trackId, position, quality: this.quality });
      if (attempt === this.#attempt && this.status === 'paused') this.#tell('pause_track', { position: this.position });
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error.code === 'not_entitled' && this.quality !== 'auto') {
        this.#report(error);
        this.#rememberQuality('auto');
        this.#request(attempt, position, continues);
      } else if (!GONE.has(error.code)) {
        this.#fail(error);
      }
      // What is gone comes back with the connection, or the watchdog sees to it.
    }
  }

  async #sendSeek() {
    this.#seekTimer = null;
    const position = this.#pendingSeek;
    const { receiver } = this;
    if (position === null || !this.track) return;
    if (this.status === 'ended' || receiver.hasAllChunks || !receiver.isOpen) {
      this.#restartAt(position);
      return;
    }
    const attempt = this.#attempt;
    try {
      const { epoch } = await this.#connection.command('seek_position', { position });
      if (attempt !== this.#attempt) return;
      receiver.expectEpoch(epoch);
      if (this.status === 'paused' && receiver.epoch < epoch) {
        receiver.clear(position);
        this.#landed();
      }
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
    if (this.#seekTimer === null) this.#pendingSeek = null;
    this.emit('change');
  }

  #reconnected() {
    if (!this.track || this.receiver.hasAllChunks || this.status === 'failed' || this.status === 'ended') return;
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
    // Without a connection there is nobody to ask; `online` goes on from there.
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

  async #heardToTheEnd() {
    this.receiver.release();
    this.#setStatus('ended');
    await this.next();
  }

  /**
   * Voids what older commands still answer.
   *
   * @param {number | null} [pendingSeek] the seek that is part of the new attempt
   */
  #newAttempt(pendingSeek = null) {
    if (this.#seekTimer !== null) clearTimeout(this.#seekTimer);
    this.#seekTimer = null;
    if (this.#pendingSeek !== null) this.#pendingSeek = pendingSeek;
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

import { Emitter } from '../events.js';
import { faultText, t } from '../i18n/language.js';
import { RESTART_AFTER_SECONDS, SEEK_DEBOUNCE_MS, SEEK_MARGIN_SECONDS } from '../limits.js';
import { QueueEdits } from './queue-edits.js';
import { atHand, fillQueue } from './queue-filler.js';
import { RemoteVolume } from './volume.js';

/** @typedef {import('../net/api.js').Track} Track */

/** Refusals that say that there is nothing to do. */
const NOTES = new Set(['queue_ended', 'no_stream', 'device_offline', 'device_online', 'unknown_device', 'unknown_item']);

/**
 * What the buttons are wired to: play, pause, seek, next … act on this device's sound or, when another device plays, on
 * that one's. What is shown is what the listener hears, wherever it sounds.
 *
 * Emits `change` when something but the position changed, `error` with a message for people.
 *
 * @extends {Emitter<{change: undefined, error: {message: string, kind?: 'note', undo?: () => void}}>}
 */
export class Transport extends Emitter {
  /** What is changed of the queue by hand. */
  edits;
  #playback;
  #session;
  #store;
  #connection;
  #remoteVolume;
  #seekTimer = 0;
  #fetchPage;

  /**
   * @param {object} parts
   * @param {import('./playback.js').Playback} parts.playback
   * @param {import('./session.js').Session} parts.session
   * @param {import('./track-store.js').TrackStore} parts.store
   * @param {import('../net/connection.js').Connection} parts.connection
   * @param {(page: {query: string, limit: number, offset: number}) => Promise<{tracks: Track[]}>} parts.fetchPage
   */
  constructor({ playback, session, store, connection, fetchPage }) {
    super();
    this.#playback = playback;
    this.#session = session;
    this.#store = store;
    this.#connection = connection;
    this.#fetchPage = fetchPage;
    this.edits = new QueueEdits({
      session,
      say: (message, undo) => {
        const attempt = undo && (() => this.attempt(undo()));
        this.emit('error', { message, kind: 'note', ...(attempt ? { undo: attempt } : {}) });
      },
      restore: (kept, position) => this.#restore(kept, position),
    });
    this.#remoteVolume = new RemoteVolume(session, (error) => this.#report(error));
    for (const source of [playback, session, store]) source.on('change', () => this.emit('change'));
  }

  /** The other device that is commanded, undefined when this one is. */
  get remote() {
    const { elsewhere, isInGroup } = this.#session;
    return isInGroup && this.#playback.track ? undefined : elsewhere;
  }

  /** Whether the queue's track waits for a press of "play", since nothing plays anywhere. */
  get #waits() {
    return !this.remote && !this.#playback.track;
  }

  /** @returns {string | null} the queue's item that plays */
  get itemId() {
    if (this.#isHere) return this.#playback.itemId ?? this.#session.queue.itemId;
    return this.#session.state?.itemId ?? this.#session.queue.itemId;
  }

  get #isHere() {
    return !this.remote && this.#playback.track !== null;
  }

  /** Whether it sounds here and nowhere else: what a group does is agreed on with the server first. */
  get #isAlone() {
    return this.#isHere && !this.#session.isInGroup;
  }

  get #trackId() {
    const { state, queue } = this.#session;
    return state?.trackId ?? queue.peek(queue.index)?.trackId ?? null;
  }

  /** @returns {Track | null} */
  get track() {
    if (this.#isHere) return this.#playback.track;
    const id = this.#trackId;
    if (!id) return null;
    return this.#store.want(id) ?? { id, title: '…', duration: this.#session.state?.duration ?? 0 };
  }

  /** @returns {import('./playback.js').Status} */
  get status() {
    if (this.#isHere) return this.#playback.status;
    if (!this.#trackId) return 'idle';
    return this.remote && this.#session.state?.status === 'playing' ? 'playing' : 'paused';
  }

  /** Whether sound is wanted. */
  get isActive() {
    return this.#isHere ? this.#playback.isActive : this.status === 'playing';
  }

  get position() {
    if (this.#isHere) return this.#playback.position;
    return Math.min(this.#session.position, this.duration || Infinity);
  }

  get duration() {
    if (this.#isHere) return this.#playback.duration;
    return this.#session.state?.duration || this.track?.duration || 0;
  }

  /** How far sound is here already, seconds. */
  get bufferedSeconds() {
    return this.#isHere ? this.#playback.receiver.bufferedSeconds : 0;
  }

  /** What is received, or what the other device says it hears. */
  get stream() {
    if (this.#isHere) return this.#playback.stream;
    const { state } = this.#session;
    return this.remote && state?.codec ? { codec: state.codec, quality: state.quality } : null;
  }

  /** The tier that was chosen, for what plays. */
  get quality() {
    return (this.remote && this.#session.state?.quality) || this.#playback.choice.value;
  }

  get qualityReason() {
    return this.#isHere ? this.#playback.choice.reason : null;
  }

  /** Volume of the device that plays. */
  get volume() {
    return this.remote ? this.#remoteVolume : this.#playback.volume;
  }

  get canSkip() {
    const { queue } = this.#session;
    return queue.total > 0 && (queue.index + 1 < queue.total || queue.repeat === 'all');
  }

  toggle() {
    if (this.isActive) this.pause();
    else this.resume();
  }

  pause() {
    if (this.#isAlone) this.#playback.pause();
    else this.#command('pause_track', {}, { status: 'paused' });
  }

  /** Goes on where it was paused; behind the queue's end, begins it anew. */
  resume() {
    const { state, queue } = this.#session;
    if (this.#isAtTheEnd) {
      this.#beginAnew();
    } else if (this.#waits) {
      const item = state?.itemId ?? queue.itemId;
      const position = state?.itemId ? this.#session.position : 0;
      if (!this.track) return;
      this.#playback.begin(this.track, position, () =>
        item ? this.#session.jump(item, position) : this.#connection.command('resume_track', {}),
      );
    } else if (this.#isAlone) {
      this.#playback.resume();
    } else {
      this.#command('resume_track', {}, { status: 'playing' });
    }
  }

  /** Whether what would go on has been heard to its end, with nothing behind it. */
  get #isAtTheEnd() {
    return this.#waits ? this.#session.isOver : this.#isAlone && this.#playback.status === 'ended';
  }

  #beginAnew() {
    const { queue } = this.#session;
    const { track } = this;
    if (queue.total === 0 && track) {
      // It has been emptied since: what was its last is all that there is.
      const ask = (quality) => this.#connection.command('play_track', { trackId: track.id, quality });
      this.#playback.begin(track, 0, ask);
      return;
    }
    const first = this.#store.want(queue.peek(queue.index)?.trackId) ?? track;
    this.#playback.begin(first, 0, () => this.#connection.command('resume_track', {}));
  }

  /** @param {number} position seconds */
  seek(position) {
    if (this.#isAlone) {
      this.#playback.seek(position);
      return;
    }
    if (!this.track) return;
    const held = Math.min(Math.max(position, 0), Math.max(this.duration - SEEK_MARGIN_SECONDS, 0));
    this.#session.expectState({ position: held });
    clearTimeout(this.#seekTimer);
    // What waits for a press of "play" begins there.
    if (this.#waits) return;
    this.#seekTimer = setTimeout(
      () => this.#command('seek_position', { position: held }, { position: held }),
      SEEK_DEBOUNCE_MS,
    );
  }

  /** @param {number} seconds may be negative */
  seekBy(seconds) {
    this.seek(this.position + seconds);
  }

  next() {
    this.#skip(() => this.#session.next());
  }

  previous() {
    if (this.#isAlone && this.position > RESTART_AFTER_SECONDS) {
      if (this.status === 'ended') this.#playback.replay();
      else this.#playback.seek(0);
    } else {
      this.#skip(() => this.#session.previous());
    }
  }

  /** @param {string} itemId of the queue */
  jump(itemId) {
    const item = this.#session.queue.peek(this.#session.queue.indexOf(itemId));
    this.#start(this.#store.want(item?.trackId) ?? null, () => this.#session.jump(itemId, 0));
  }

  /**
   * Makes a list the queue, and plays it from there. What of the list isn't here yet follows in the background.
   *
   * @param {import('./track-list.js').TrackList} list
   * @param {number} index
   */
  async playFrom(list, index) {
    const track = list.peek(index);
    if (!track) return;
    const { tracks, index: at, first, end } = atHand(list, index);
    const token = Math.random().toString(36).slice(2, 10);
    const context = list.query
      ? { kind: 'search', id: `search-${token}`, name: list.query.slice(0, 40) }
      : { kind: 'library', id: `library-${token}`, name: 'Library' };
    const { shuffle } = this.#session.queue;
    this.#store.put([track]);
    const settle = this.edits.replacing(context, this.position);
    const isSet = await this.#start(track, (quality) =>
      this.#session.set(tracks, { index: at, quality, shuffle, context }),
    );
    if (!isSet) return;
    await this.attempt(settle());
    const parts = { session: this.#session, list, part: { first, end }, contextId: context.id };
    try {
      await fillQueue({ ...parts, fetchPage: this.#fetchPage });
    } catch (error) {
      this.#report(error); // what is in the queue already plays
    }
  }

  /** Plays a queue as it was, in the order in which it was. */
  #restore({ items, index, context }, position) {
    const tracks = items.map(({ trackId }) => trackId);
    const ask = (quality) =>
      this.#session.set(tracks, { index, position, quality, shuffle: false, ...(context ? { context } : {}) });
    const track = this.#store.want(tracks[index]) ?? null;
    return this.#start(track, ask, position);
  }

  /** @param {Track[]} tracks @param {'next' | 'end' | number} at */
  async add(tracks, at) {
    this.#store.put(tracks);
    const isNext = at === 'next';
    const message =
      tracks.length === 1
        ? t(isNext ? 'queue.next' : 'queue.added', { title: tracks[0].title })
        : t(isNext ? 'queue.nextMany' : 'queue.addedMany', { count: tracks.length });
    try {
      await this.edits.add(tracks.map(({ id }) => id), at);
      this.emit('error', { message, kind: 'note' });
    } catch (error) {
      this.#report(error);
    }
  }

  /** @param {string} deviceId the session goes there */
  async transfer(deviceId) {
    const isHere = deviceId === this.#session.deviceId;
    // The click that lets sound begin is this one.
    if (isHere && !this.#playback.track) this.#playback.receiver.open();
    await this.attempt(this.#session.transfer(deviceId));
  }

  /** @param {string} deviceId @param {boolean} joins */
  async setGrouped(deviceId, joins) {
    if (deviceId === this.#session.deviceId && joins) this.#playback.receiver.open();
    try {
      await this.#session.setGrouped(deviceId, joins);
      if (deviceId === this.#session.deviceId && !joins && this.#session.role === 'remote') this.#playback.stop(false);
    } catch (error) {
      this.#report(error);
    }
  }

  /** @param {string} quality a tier of the protocol */
  setQuality(quality) {
    const { choice } = this.#playback;
    if (this.#waits) {
      choice.remember(quality);
      return;
    }
    choice.choose(quality, async () => {
      const { codec } = await this.#connection.command('quality_change', { quality });
      if (!this.remote) this.#playback.requalify({ quality, codec });
    });
  }

  /** Runs a session command for the UI: what is refused is said. @param {Promise<unknown>} command */
  async attempt(command) {
    try {
      return await command;
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  /** @param {() => Promise<unknown>} ask */
  #skip(ask) {
    this.#forgetSeek();
    // A stream that plays goes on until the next one has come; a device that was silent has to be woken by this click.
    if (this.#waits) this.#start(this.track, ask);
    else this.attempt(ask());
  }

  /** A seek that has not been sent is of the track that is being left. */
  #forgetSeek() {
    clearTimeout(this.#seekTimer);
    this.#playback.forgetSeek();
  }

  /** Begins something else: here, with the sound card woken by this click, or on the device that plays. */
  async #start(track, ask, position = 0) {
    this.#forgetSeek();
    if (!this.remote && this.#session.role !== 'member') return this.#playback.begin(track, position, ask);
    return (await this.attempt(ask(this.quality).then(() => true))) === true;
  }

  async #command(event, payload, outcome) {
    try {
      const ack = await this.#connection.command(event, payload);
      const position = Number.isFinite(ack.position) ? { position: ack.position } : {};
      this.#session.expectState({ ...outcome, ...position });
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error) {
    const message = faultText(error);
    this.emit('error', NOTES.has(error.code) ? { message, kind: 'note' } : { message });
  }
}

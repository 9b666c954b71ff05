import { Emitter } from '../events.js';
import { t } from '../i18n/language.js';
import { QUEUE_PAGE, QUEUE_WINDOW, REJOIN_WITHIN_MS } from '../limits.js';
import { QueueModel } from './queue-model.js';

/**
 * @typedef {object} Device one of this listener's
 * @property {string} deviceId
 * @property {string} name
 * @property {string} kind `web` `mobile` `desktop` `speaker` `tv` `car` `other`
 * @property {number} volume 0…1
 * @property {number} outputDelayMs
 * @property {boolean} dataSaver
 * @property {boolean} active
 * @property {boolean} online
 * @property {boolean} inGroup
 * @property {string[]} codecs
 * @property {number} [lastUsed] when it was online last, Unix ms; only of one that isn't, where the server knows
 *
 * @typedef {object} State what plays; `position` seconds are heard at `timestamp`, Unix ms of the server
 * @property {string | null} itemId
 * @property {string | null} trackId
 * @property {string | null} streamId
 * @property {string | null} deviceId
 * @property {'playing' | 'paused' | 'stopped'} status
 * @property {number} position
 * @property {number} timestamp
 * @property {number} duration
 * @property {string} [quality]
 * @property {string} [codec]
 *
 * @typedef {object} SessionEvents
 * @property {undefined} change anything
 * @property {undefined} queue
 * @property {undefined} devices
 * @property {{action: string, payload: any, deviceId: string}} command another device did it; this one has to follow
 * @property {{reason?: string}} changed another device changed the queue
 * @property {undefined} settled the server has said all of it after a (re)connect: who plays, and what
 * @property {{message: string}} notice for people
 */

/**
 * The session that all devices of a listener share: queue, devices, and what plays on which of them. The server has it;
 * this is its picture here, and the commands that change it.
 *
 * Older versions than the one seen are ignored. Nothing in here makes sound.
 *
 * @extends {Emitter<SessionEvents>}
 */
export class Session extends Emitter {
  queue = new QueueModel();
  /** @type {Device[]} */
  devices = [];
  /** @type {string | null} */
  activeDeviceId = null;
  /** Devices that play together. @type {string[]} */
  group = [];
  /** @type {State | null} */
  state = null;
  /** Whether the server has said all of it since the last connect. */
  isSettled = false;
  #connection;
  #serverNow;
  #stateVersion = -1;
  #deviceVersion = -1;
  /** When the connection was lost of a device that played along, Unix ms; null of one that didn't. @type {number | null} */
  #partedAt = null;
  /** @type {Set<string>} windows on their way */
  #fetching = new Set();

  /**
   * @param {{deviceId: string, on: Function, command: (event: string, payload: object) => Promise<any>}} connection
   * @param {() => number} serverNow the server's clock, Unix ms
   */
  constructor(connection, serverNow) {
    super();
    this.#connection = connection;
    this.#serverNow = serverNow;
    connection.on('state', (state) => state !== 'online' && this.#lost());
    connection.on('online', () => this.#restart());
    connection.on('queue_update', (queue) => {
      this.#take(queue);
      this.emit('changed', { reason: queue.reason });
    });
    connection.on('device_update', (update) => this.#devicesChanged(update));
    connection.on('sync_state', (change) => this.#synced(change));
  }

  get deviceId() {
    return this.#connection.deviceId;
  }

  /** @returns {Device | undefined} */
  get me() {
    return this.device(this.deviceId);
  }

  /** @param {string | null} id @returns {Device | undefined} */
  device(id) {
    return this.devices.find(({ deviceId }) => deviceId === id);
  }

  /** The device that plays, if it is another one and there. @returns {Device | undefined} */
  get elsewhere() {
    const active = this.device(this.activeDeviceId);
    return active && active.deviceId !== this.deviceId && active.online ? active : undefined;
  }

  /** Whether this device plays along in a group of several. */
  get isInGroup() {
    return this.group.length > 1 && this.group.includes(this.deviceId);
  }

  /** Whether this device lost its group with its connection a moment ago, and the others play on. */
  get isParted() {
    const isRecent = this.#partedAt !== null && Date.now() - this.#partedAt < REJOIN_WITHIN_MS;
    return isRecent && this.role === 'remote' && this.state?.status === 'playing';
  }

  /**
   * What this device is: the one that plays, one that plays along, a remote, or neither since nothing plays.
   *
   * @returns {'active' | 'member' | 'remote' | 'free'}
   */
  get role() {
    if (this.activeDeviceId === this.deviceId) return 'active';
    if (!this.elsewhere) return 'free';
    return this.isInGroup ? 'member' : 'remote';
  }

  /** Where the session is in its track, seconds: as told, and carried on by the server's clock. */
  get position() {
    const { state } = this;
    if (!state) return 0;
    const since = state.status === 'playing' ? (this.#serverNow() - state.timestamp) / 1000 : 0;
    const position = state.position + (Number.isFinite(since) ? since : 0);
    return Math.min(Math.max(position, 0), state.duration || Infinity);
  }

  /** Whether the queue's last track was heard to its end: it stands there, and the queue at its beginning. */
  get isOver() {
    const { status, position, duration } = this.state ?? {};
    return status === 'paused' && duration > 0 && position >= duration;
  }

  /** Sees to it that this part of the queue is known soon. @param {number} first @param {number} end behind the last */
  async need(first, end) {
    const range = this.queue.missing(first, end, QUEUE_WINDOW);
    const key = range && `${this.queue.version}/${range.offset}`;
    if (!range || !key || this.#fetching.has(key)) return;
    this.#fetching.add(key);
    try {
      this.#take((await this.#connection.command('queue_get', range)).queue);
    } catch {
      // Whoever looks at it asks again; without a connection the link says so already.
    } finally {
      this.#fetching.delete(key);
    }
  }

  /**
   * All of the queue from a place on, at one moment: the requests go out at once, so that what is sent behind them comes behind them.
   *
   * @throws {import('../net/connection.js').CommandError} also when the queue changes meanwhile
   */
  async all(first = 0) {
    const { total, version } = this.queue;
    const pages = Math.ceil((total - first) / QUEUE_PAGE);
    const offsets = Array.from({ length: pages }, (_, page) => first + page * QUEUE_PAGE);
    const asked = offsets.map((offset) => this.#connection.command('queue_get', { offset, limit: QUEUE_PAGE }));
    const parts = (await Promise.all(asked)).map(({ queue }) => queue);
    if (parts.some((part) => part.version !== version)) throw new Error('the queue has changed meanwhile');
    const { index, context = null } = parts[0];
    return { items: parts.flatMap(({ items }) => items), index, context };
  }

  /**
   * @param {string[]} tracks ids, at most 10,000
   * @param {{index?: number, position?: number, play?: boolean, quality?: string, shuffle?: boolean, deviceId?: string,
   *   context?: {kind: string, id: string, name: string}}} [options]
   */
  async set(tracks, options = {}) {
    const ack = await this.#change('queue_set', { tracks, ...options });
    if (options.play !== false) this.#assumeItem(options.position);
    return ack;
  }

  /** @param {string[]} tracks @param {'next' | 'end' | number} at */
  async add(tracks, at) {
    return this.#change('queue_add', { tracks, at });
  }

  /**
   * As `add`, only to the queue as it is known here.
   *
   * @param {string[]} tracks @param {'end' | number} at
   * @returns {Promise<boolean>} false when the queue had been changed; now that is known, too
   */
  async fill(tracks, at) {
    try {
      this.#take((await this.#connection.command('queue_add', { tracks, at, version: this.queue.version })).queue);
      return true;
    } catch (error) {
      if (error.code !== 'stale_version') throw error;
      const before = this.queue.version;
      this.#take(error.ack?.queue);
      if (this.queue.version === before) throw error; // it would be refused for ever
      return false;
    }
  }

  /** @param {string[]} items */
  async remove(items) {
    const undo = this.queue.removeForNow(new Set(items));
    this.#emitQueue();
    return this.#change('queue_remove', { items }, undo);
  }

  /** @param {string} item @param {number} to index after the move */
  async move(item, to) {
    const { version } = this.queue;
    const from = this.queue.indexOf(item);
    const undo = from < 0 ? undefined : this.queue.moveForNow(from, to);
    if (undo) this.#emitQueue();
    return this.#change('queue_move', { item, to, version }, undo);
  }

  /** @param {boolean} all also what plays */
  async clearQueue(all = false) {
    return this.#change('queue_clear', { all, version: this.queue.version });
  }

  /** @param {string} item @param {number} [position] seconds */
  async jump(item, position = 0) {
    const ack = await this.#change('queue_jump', { item, position });
    this.#assumeItem(position);
    return ack;
  }

  async next() {
    const ack = await this.#change('next_track', {});
    this.#assumeItem();
    return ack;
  }

  async previous() {
    const ack = await this.#change('previous_track', {});
    this.#assumeItem();
    return ack;
  }

  /** @param {boolean} shuffle */
  async setShuffle(shuffle) {
    return this.#change('shuffle_change', { shuffle });
  }

  /** @param {'off' | 'one' | 'all'} repeat */
  async setRepeat(repeat) {
    return this.#change('repeat_change', { repeat });
  }

  /** @param {number} seconds 0…12 */
  async setCrossfade(seconds) {
    return this.#change('crossfade_change', { seconds });
  }

  /** @param {string} deviceId @param {boolean} [play] as it was, if left out */
  async transfer(deviceId, play) {
    return this.#connection.command('device_transfer', play === undefined ? { deviceId } : { deviceId, play });
  }

  /** @param {Partial<Pick<Device, 'deviceId' | 'name' | 'volume' | 'outputDelayMs' | 'dataSaver'>>} settings */
  async setDevice(settings) {
    const ack = await this.#connection.command('device_settings', settings);
    this.#deviceChanged(ack.device);
    return ack;
  }

  /** What was set for a device that has left is gone with it. @param {string} deviceId */
  async forget(deviceId) {
    return this.#connection.command('device_forget', { deviceId });
  }

  /** @param {string} deviceId @param {boolean} joins */
  async setGrouped(deviceId, joins) {
    if (deviceId === this.deviceId && !joins) this.#partedAt = null;
    const ack = await this.#connection.command(joins ? 'group_join' : 'group_leave', { deviceId });
    if (Array.isArray(ack.group)) this.group = ack.group;
    this.#emitDevices();
    return ack;
  }

  /** @param {string} deviceId @param {number} volume 0…1 */
  async setVolume(deviceId, volume) {
    const device = this.device(deviceId);
    if (device) device.volume = volume; // harmless to believe before the server does
    this.#emitDevices();
    return this.#connection.command('volume_change', { volume, deviceId });
  }

  /** A command about what plays, of which the server answers how it turned out. @param {Partial<State>} outcome */
  expectState(outcome) {
    if (!this.state) return;
    this.state = { ...this.state, position: this.position, timestamp: this.#serverNow(), ...outcome };
    this.emit('change');
  }

  /** Forgets all of it, as on log-out. */
  clear() {
    this.queue.clear();
    this.devices = [];
    this.activeDeviceId = null;
    this.group = [];
    this.state = null;
    this.#restart();
    this.#partedAt = null;
    this.#emitQueue();
    this.emit('devices');
  }

  /** Who gives a command is answered, not told: so this is how what plays becomes known here. */
  #assumeItem(position = 0) {
    const { itemId, index } = this.queue;
    this.state = {
      streamId: null,
      duration: 0,
      ...this.state,
      itemId,
      trackId: this.queue.peek(index)?.trackId ?? null,
      deviceId: this.activeDeviceId,
      status: 'playing',
      position,
      timestamp: this.#serverNow(),
    };
    this.emit('change');
  }

  /** A connection that is lost again before the server has said all of it tells nothing new. */
  #lost() {
    if (this.isSettled) this.#partedAt = this.isInGroup ? Date.now() : null;
    this.isSettled = false;
  }

  #restart() {
    this.isSettled = false;
    this.#stateVersion = -1;
    this.#deviceVersion = -1;
    this.queue.restart();
  }

  /** @param {() => void} [undo] what was shown before the server confirmed it */
  async #change(event, payload, undo) {
    try {
      const ack = await this.#connection.command(event, payload);
      this.#take(ack.queue);
      return ack;
    } catch (error) {
      undo?.();
      if (error.ack?.queue) this.#take(error.ack.queue);
      this.#emitQueue();
      if (error.code !== 'stale_version') throw error;
      this.emit('notice', { message: t('queue.changedElsewhere') });
      return null;
    }
  }

  #take(queue) {
    if (queue && this.queue.apply(queue)) this.#emitQueue();
  }

  #devicesChanged({ devices, activeDeviceId, group, version }) {
    if (!Array.isArray(devices)) return;
    if (Number.isFinite(version) && version < this.#deviceVersion) return;
    this.#deviceVersion = version ?? this.#deviceVersion;
    this.devices = devices;
    this.activeDeviceId = activeDeviceId ?? null;
    this.group = group ?? [];
    if (this.isInGroup || activeDeviceId === this.deviceId) this.#partedAt = null;
    this.#emitDevices();
  }

  #deviceChanged(device) {
    if (!device) return;
    this.devices = this.devices.map((known) => (known.deviceId === device.deviceId ? { ...known, ...device } : known));
    this.#emitDevices();
  }

  #synced({ action, payload = {}, state, version, deviceId }) {
    if (Number.isFinite(version) && version < this.#stateVersion) return;
    this.#stateVersion = version ?? this.#stateVersion;
    if (state) this.state = state;
    if (action === 'volume' && Number.isFinite(payload.volume)) {
      this.#deviceChanged({ deviceId: payload.deviceId ?? deviceId, volume: payload.volume });
    }
    this.emit('command', { action, payload, deviceId });
    this.emit('change');
    // The last of what a connect brings.
    if (action !== 'hello' || this.isSettled) return;
    this.isSettled = true;
    this.emit('settled');
  }

  #emitQueue() {
    this.emit('queue');
    this.emit('change');
  }

  #emitDevices() {
    this.emit('devices');
    this.emit('change');
  }
}

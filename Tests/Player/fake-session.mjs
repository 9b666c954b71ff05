import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';

/** A refusal, as `Connection` throws it. */
class Refusal extends Error {
  constructor(code, ack = null) {
    super(code);
    this.code = code;
    this.ack = ack;
  }
}

/** What a device has of the server: the face of `Connection`. */
class FakeConnection extends Emitter {
  state = 'offline';
  rttMs = 1;
  /** Every command that was sent: [event, payload]. */
  sent = [];

  constructor(server, deviceId) {
    super();
    this.server = server;
    this.deviceId = deviceId;
  }

  async command(event, payload) {
    this.sent.push([event, payload]);
    await Promise.resolve(); // an ack never comes at once
    if (this.state !== 'online') throw new Refusal('offline');
    return this.server.handle(this.deviceId, event, payload);
  }

  /** Names of the commands sent, without what only measures. */
  get commands() {
    return this.sent.map(([event]) => event).filter((event) => event !== 'clock_sync');
  }
}

/**
 * The shared session as the protocol says it, without sound: queue, versions, devices, who is told of what. Streams are
 * announced to the active device; a test sends the chunks if it needs any.
 */
export class FakeServer {
  now = 1_000_000;
  version = 1;
  items = [];
  index = -1;
  context = null;
  shuffle = false;
  repeat = 'off';
  crossfade = 0;
  devices = new Map();
  activeDeviceId = null;
  group = [];
  /** Seconds of an item's track. @type {(itemId: string) => number} */
  durationOf = () => 100;
  /** Of its streams. */
  sampleRate = 44_100;
  /** Behind the queue's last track. */
  isOver = false;
  state = { status: 'stopped', position: 0, timestamp: 0 };
  /** Streams that are being looked up, while that takes as long as a test wants: call them to announce them. */
  held = null;
  /** What is sent, by its stream's id; it plays on where the same track was to begin anew and can't. */
  #sent = null;
  #former = null;
  /** The stream of the next track, where it is sent behind the present one's last chunk. */
  #next = null;
  #stateVersion = 0;
  #deviceVersion = 0;
  #ids = 0;
  #streams = 0;

  connect(deviceId, name = deviceId) {
    const connection = this.devices.get(deviceId)?.connection ?? new FakeConnection(this, deviceId);
    const known = this.devices.get(deviceId)?.device;
    const device = { volume: 0.8, outputDelayMs: 0, dataSaver: false, kind: 'web', codecs: [], ...known, deviceId, name };
    this.devices.set(deviceId, { connection, device });
    return connection;
  }

  /** What `socket.on('connect')` sets off. */
  online(connection, isReconnect = false) {
    connection.state = 'online';
    connection.emit('state', 'online');
    connection.emit('online', { isReconnect });
    connection.emit('queue_update', { ...this.window(), reason: 'hello' });
    this.updateDevices();
    this.#stateVersion += 1;
    connection.emit('sync_state', this.#change('hello', {}, null));
  }

  offline(connection) {
    connection.state = 'reconnecting';
    connection.emit('state', 'reconnecting');
    if (connection.deviceId === this.activeDeviceId) this.#next = this.#sent = null;
    this.group = this.group.filter((id) => id !== connection.deviceId);
    if (this.group.length < 2) this.group = [];
    this.updateDevices();
  }

  window(offset = 0, limit = 100) {
    const items = this.items.slice(offset, offset + limit);
    const { version, index, context, shuffle, repeat, crossfade } = this;
    const itemId = this.items[index]?.id ?? null;
    return { version, total: this.items.length, offset, items, index, itemId, context, shuffle, repeat, crossfade };
  }

  handle(by, event, payload) {
    if (payload.version !== undefined && payload.version !== this.version) {
      throw new Refusal('stale_version', { queue: this.window() });
    }
    const handler = this[event];
    if (!handler) throw new Refusal('bad_request');
    return { ok: true, ...handler.call(this, payload, by) };
  }

  // Queue.

  queue_get({ offset, limit }) {
    return { queue: this.window(offset, limit) };
  }

  queue_set({ tracks, index = 0, position = 0, context }, by) {
    this.items = this.#make(tracks);
    this.index = index;
    this.context = context ?? null;
    return this.#changed(by, 'set', () => this.#play(by, position, 'jump'));
  }

  queue_add({ tracks, at = 'end' }, by) {
    const made = this.#make(tracks);
    const place = at === 'end' ? this.items.length : at === 'next' ? this.index + 1 : at;
    this.items.splice(place, 0, ...made);
    if (place <= this.index) this.index += made.length;
    return { items: made.map(({ id }) => id), ...this.#changed(by, 'add') };
  }

  queue_remove({ items }, by) {
    const playing = this.items[this.index]?.id;
    this.items = this.items.filter(({ id }) => !items.includes(id));
    this.index = this.items.findIndex(({ id }) => id === playing);
    return this.#changed(by, 'remove');
  }

  queue_clear(_, by) {
    this.items = this.items.filter((_item, at) => at === this.index);
    this.index = this.items.length - 1;
    return this.#changed(by, 'clear');
  }

  queue_move({ item, to }, by) {
    const playing = this.items[this.index]?.id;
    const [moved] = this.items.splice(this.#at(item), 1);
    this.items.splice(to, 0, moved);
    this.index = this.items.findIndex(({ id }) => id === playing);
    return this.#changed(by, 'move');
  }

  queue_jump({ item, position = 0 }, by) {
    this.index = this.#at(item);
    return this.#changed(by, 'jump', () => this.#play(by, position, 'jump'));
  }

  next_track(_, by) {
    if (this.index + 1 >= this.items.length) throw new Refusal('queue_ended');
    this.index += 1;
    return this.#changed(by, 'jump', () => this.#play(by, 0, 'jump'));
  }

  previous_track(_, by) {
    this.index = Math.max(this.index - 1, 0);
    return this.#changed(by, 'jump', () => this.#play(by, 0, 'jump'));
  }

  // What plays.

  pause_track({ position }, by) {
    this.#move({ status: 'paused', ...(position === undefined ? {} : { position }) });
    this.tell(by, 'pause', { position: this.state.position });
    return { position: this.state.position };
  }

  resume_track(_, by) {
    if (this.isOver) {
      this.#play(by, 0, 'resume');
      this.tell(null, 'resume', {}); // it is told of the stream, also to whoever asked
      return { position: 0 };
    }
    this.#move({ status: 'playing' });
    this.tell(by, 'resume', {});
    return { position: this.state.position };
  }

  seek_position({ position, held }, by) {
    const { streamId } = this.state;
    if (held && held !== streamId) return { position: this.state.position, epoch: this.state.epoch ?? 0, streamId };
    const epoch = (this.state.epoch ?? 0) + (held ? 0 : 1);
    this.#move({ position, epoch });
    this.tell(by, 'seek', { position, epoch, streamId: this.state.streamId });
    return { position, epoch, streamId: this.state.streamId };
  }

  volume_change({ volume, deviceId }, by) {
    const whose = deviceId ?? by;
    this.devices.get(whose).device.volume = volume;
    this.tell(by, 'volume', { volume, deviceId: whose });
    return { volume, deviceId: whose };
  }

  quality_change({ quality }, by) {
    this.tell(by, 'quality', { quality });
    // Who chose is answered first; then what follows is prepared anew.
    if (this.#next) setImmediate(() => this.#takeBack() && this.follow());
    return { quality };
  }

  // Devices.

  device_transfer({ deviceId }, by) {
    const position = this.position;
    const former = this.devices.get(this.activeDeviceId)?.connection;
    former?.emit('stream_ended', { streamId: this.state.streamId, trackId: this.state.trackId, reason: 'transferred' });
    this.activeDeviceId = deviceId;
    this.updateDevices();
    this.#play(by, position, 'transfer', this.state.status);
    return { deviceId, position };
  }

  device_settings({ deviceId, ...settings }, by) {
    const { device } = this.devices.get(deviceId ?? by);
    Object.assign(device, settings);
    this.updateDevices();
    return { device };
  }

  device_forget({ deviceId }) {
    const known = this.devices.get(deviceId);
    if (!known) throw new Refusal('unknown_device');
    if (known.connection.state === 'online') throw new Refusal('device_online');
    this.devices.delete(deviceId);
    this.updateDevices();
    return {};
  }

  group_join({ deviceId }, by) {
    this.group = [...new Set([this.activeDeviceId, ...this.group, deviceId ?? by])];
    this.updateDevices();
    return { group: this.group };
  }

  group_leave({ deviceId }, by) {
    this.group = this.group.filter((id) => id !== (deviceId ?? by));
    if (this.group.length < 2) this.group = [];
    this.updateDevices();
    return { group: this.group };
  }

  get position() {
    const since = this.state.status === 'playing' ? (this.now - this.state.timestamp) / 1000 : 0;
    return this.state.position + since;
  }

  updateDevices() {
    this.#deviceVersion += 1;
    const devices = [...this.devices.values()].map(({ device, connection }) => ({
      ...device,
      active: device.deviceId === this.activeDeviceId,
      online: connection.state === 'online',
      inGroup: this.group.includes(device.deviceId),
    }));
    const { activeDeviceId, group } = this;
    this.#toAll('device_update', { devices, activeDeviceId, group, version: this.#deviceVersion });
  }

  /** `sync_state` to all but the one that did it. */
  tell(by, action, payload) {
    this.#stateVersion += 1;
    this.#toAll('sync_state', this.#change(action, payload, by), by);
  }

  #change(action, payload, deviceId) {
    return { action, payload, deviceId, timestamp: this.now, version: this.#stateVersion, state: { ...this.state } };
  }

  #changed(by, reason, after = () => {}) {
    this.version += 1;
    this.#toAll('queue_update', { ...this.window(), reason, deviceId: by }, by);
    after();
    return { queue: this.window() };
  }

  /** The present track's last chunk is out. @returns {string} the stream of the next one, which comes behind it */
  sentAll() {
    const { streamId, trackId } = this.state;
    this.#active.emit('stream_ended', { streamId, trackId, reason: 'finished' });
    return this.follow();
  }

  /** @returns {string} the stream that is announced behind the present one */
  follow() {
    const { id: itemId, trackId } = this.items[this.index + 1];
    this.#streams += 1;
    this.#next = { streamId: `s${this.#streams}`, trackId, itemId };
    this.#active.emit('stream_started', { ...this.#announcement(this.#next, 0), follows: this.state.streamId });
    return this.#next.streamId;
  }

  /** @returns {boolean} whether something was announced behind the present track */
  #takeBack() {
    const { streamId, trackId } = this.#next ?? {};
    this.#next = null;
    if (streamId) this.#active.emit('stream_ended', { streamId, trackId, reason: 'cancelled' });
    return streamId !== undefined;
  }

  get #active() {
    return this.devices.get(this.activeDeviceId).connection;
  }

  #announcement({ streamId, trackId, itemId }, position) {
    return {
      ...{ streamId, trackId, itemId, title: trackId, duration: this.durationOf(itemId), position, epoch: 0 },
      ...{ quality: 'auto', codec: 'mp3', bitrate: 192_000, sampleRate: this.sampleRate, channels: 2 },
    };
  }

  /** The queue's last track has been heard to its end: it stands there, and the queue at its beginning. */
  end() {
    this.isOver = true;
    this.#move({ status: 'paused', position: this.state.duration });
    this.index = 0;
    this.#changed(null, 'end');
    this.tell(null, 'end', {});
  }

  play_track({ trackId, position = 0 }, by) {
    this.items = this.#make([trackId]);
    this.index = 0;
    this.activeDeviceId = by;
    this.#changed(null, 'play', () => this.#play(by, position, 'play'));
    return { streamId: this.state.streamId, epoch: 0 };
  }

  #play(by, position, action, status = 'playing') {
    this.isOver = false;
    this.activeDeviceId ??= by;
    this.#takeBack();
    if (this.#active.state !== 'online') this.activeDeviceId = by;
    this.updateDevices();
    this.#streams += 1;
    const { id, trackId } = this.items[this.index];
    const streamId = `s${this.#streams}`;
    const { activeDeviceId: deviceId, now: timestamp } = this;
    const plays = this.#sent !== null && this.#sent === this.state.streamId;
    this.#former = plays && this.state.itemId === id && this.state.deviceId === deviceId ? this.state : null;
    const duration = this.durationOf(id);
    this.state = { itemId: id, trackId, streamId, deviceId, status, position, timestamp, duration, epoch: 0 };
    const announce = () => {
      if (this.state.streamId !== streamId) return;
      this.#sent = streamId;
      this.devices.get(deviceId).connection.emit('stream_started', {
        ...this.#announcement(this.state, this.state.position),
        ...(this.state.status === 'paused' ? { paused: true } : {}),
      });
    };
    if (this.held) this.held.push(announce);
    else announce();
    this.tell(by, action, {});
  }

  /** What is looked up can't begin, though its command was answered. @param {string} code */
  refuse(code) {
    this.held = null;
    const { trackId, deviceId } = this.state;
    this.#active.emit('stream_error', { trackId, code, message: code });
    if (this.#former) {
      this.state = this.#former;
    } else {
      this.#move({ status: 'stopped', streamId: null });
      this.#stateVersion += 1;
      this.#toAll('sync_state', this.#change('stop', {}, deviceId));
    }
  }

  /** What was looked up is announced from now on, and so is what waits. */
  release() {
    const { held } = this;
    this.held = null;
    for (const announce of held ?? []) announce();
  }

  #move(change) {
    this.state = { ...this.state, position: this.position, timestamp: this.now, ...change };
  }

  #at(item) {
    const at = this.items.findIndex(({ id }) => id === item);
    if (at < 0) throw new Refusal('unknown_item');
    return at;
  }

  #make(tracks) {
    return tracks.map((trackId) => ({ id: `i${(this.#ids += 1)}`, trackId }));
  }

  #toAll(event, payload, but) {
    for (const { connection } of this.devices.values()) {
      if (connection.state === 'online' && connection.deviceId !== but) connection.emit(event, structuredClone(payload));
    }
  }
}

import { Emitter } from '../events.js';
import { CLOCK_SYNC_MS, REQUEST_TIMEOUT_MS } from '../limits.js';
import { deviceKind, deviceName, thisMachine } from './device.js';

/** What the server says (protocol, section 1.3), handed on by name. */
const SERVER_EVENTS = [
  'stream_started',
  'audio_chunk',
  'quality_change',
  'stream_ended',
  'stream_error',
  'sync_state',
  'seek_update',
  'queue_update',
  'device_update',
  'preload_track',
  'group_sync',
];
/** Refusals that a log-in cures. */
const LOGIN_CODES = new Set(['unauthorized', 'token_invalid', 'token_expired']);

/** A command that the server refused; `code` is from the protocol's section 3, or `offline` / `timeout`. */
export class CommandError extends Error {
  /** @param {string} code @param {string} message @param {any} [ack] all that the server answered */
  constructor(code, message, ack = null) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.ack = ack;
  }
}

/**
 * The Socket.IO connection: the cookie is its token, the official client its transport.
 *
 * Emits `state` with `offline` `connecting` `online` `reconnecting` `expired`, and every event of `SERVER_EVENTS` under
 * its own name.
 *
 * @extends {Emitter<Record<string, any>>}
 */
export class Connection extends Emitter {
  /** @type {'offline' | 'connecting' | 'online' | 'reconnecting' | 'expired'} */
  state = 'offline';
  /** Round trip in ms without the server's own time, null until measured. */
  rttMs = null;
  deviceId;
  #settings;
  #socket;
  #hasBeenOnline = false;
  #clockTimer = 0;
  #reconnectTimer = 0;
  /** ms that a server which goes down in good order asked us to wait. */
  #drainDelayMs = 0;

  /**
   * @param {string} deviceId this device, the same over reconnects
   * @param {() => object | Promise<object>} [settings] more of the CONNECT's `auth`, read at each connect
   */
  constructor(deviceId, settings = () => ({})) {
    super();
    this.deviceId = deviceId;
    this.#settings = settings;
    // `io` is the global of /socket.io/socket.io.js.
    const socket = globalThis.io({
      autoConnect: false,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 250,
      reconnectionDelayMax: 5_000,
      timeout: REQUEST_TIMEOUT_MS,
      auth: (/** @type {(auth: object) => void} */ send) => this.#introduce(send),
    });
    this.#socket = socket;
    socket.on('connect', () => this.#connected());
    socket.on('disconnect', (reason) => this.#disconnected(reason));
    socket.on('connect_error', (error) => this.#refused(error));
    socket.on('server_draining', ({ reconnectAfterMs }) => {
      this.#drainDelayMs = Number.isFinite(reconnectAfterMs) ? Math.min(Math.max(reconnectAfterMs, 0), 60_000) : 1_000;
    });
    for (const name of SERVER_EVENTS) socket.on(name, (payload) => this.emit(name, payload ?? {}));
  }

  /** `websocket`, `polling`, or null while there is no connection. */
  get transport() {
    return this.#socket.connected ? (this.#socket.io.engine?.transport?.name ?? null) : null;
  }

  /** Connects, or connects again at once. */
  connect() {
    clearTimeout(this.#reconnectTimer);
    if (this.#socket.connected) return;
    this.#setState(this.#hasBeenOnline ? 'reconnecting' : 'connecting');
    this.#socket.disconnect().connect();
  }

  /** Closes the connection for good, as on log-out. */
  close() {
    clearTimeout(this.#reconnectTimer);
    this.#hasBeenOnline = false;
    this.#socket.disconnect();
    this.#setState('offline');
  }

  /** Drops the transport as if the network had, for tests and for a connection that has gone silent. */
  dropTransport() {
    this.#socket.io.engine?.close();
  }

  /**
   * Sends a command and waits for its ack.
   *
   * @param {string} event
   * @param {object} payload
   * @returns {Promise<any>} the ack without `ok`
   * @throws {CommandError}
   */
  async command(event, payload) {
    if (!this.#socket.connected) throw new CommandError('offline', 'There is no connection to the server right now.');
    let ack;
    try {
      ack = await this.#socket.timeout(REQUEST_TIMEOUT_MS).emitWithAck(event, payload);
    } catch {
      throw new CommandError('timeout', 'The server does not answer.');
    }
    if (ack?.ok) return ack;
    throw new CommandError(ack?.error?.code ?? 'internal', ack?.error?.message ?? 'The server refused.', ack);
  }

  async #introduce(send) {
    const machine = await thisMachine();
    send({
      format: 'binary',
      deviceId: this.deviceId,
      deviceName: deviceName(machine),
      deviceKind: deviceKind(machine),
      ...(await this.#settings()),
    });
  }

  #connected() {
    this.#drainDelayMs = 0;
    const isReconnect = this.#hasBeenOnline;
    this.#hasBeenOnline = true;
    this.#setState('online');
    this.emit('online', { isReconnect });
    clearInterval(this.#clockTimer);
    this.#clockTimer = setInterval(() => this.#measure(), CLOCK_SYNC_MS);
    this.#measure();
  }

  #disconnected(reason) {
    clearInterval(this.#clockTimer);
    this.rttMs = null;
    if (reason === 'io client disconnect') return;
    this.#setState('reconnecting');
    // After a close by the server the client does not come back by itself.
    if (reason === 'io server disconnect') this.#reconnectLater(this.#drainDelayMs || 1_000);
  }

  #refused(error) {
    const code = error?.data?.code;
    if (LOGIN_CODES.has(code)) {
      this.#setState('expired');
      this.emit('login_needed', { code, message: error.message });
      return;
    }
    this.#setState(this.#hasBeenOnline ? 'reconnecting' : 'connecting');
    // A refused CONNECT is final for the client; everything else it tries again by itself.
    if (!this.#socket.active) this.#reconnectLater(2_000);
  }

  #reconnectLater(delayMs) {
    clearTimeout(this.#reconnectTimer);
    this.#reconnectTimer = setTimeout(() => this.connect(), delayMs);
  }

  async #measure() {
    const t0 = Date.now();
    const started = performance.now();
    try {
      const ack = await this.command('clock_sync', { t0 });
      const server = ack.t2 - ack.t1;
      this.rttMs = Math.max(performance.now() - started - (Number.isFinite(server) ? server : 0), 0);
    } catch {
      this.rttMs = null; // the panel shows a dash; the connection's own heartbeat decides what it means
    }
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit('state', state);
  }
}

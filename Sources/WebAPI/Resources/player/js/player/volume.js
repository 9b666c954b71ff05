import { Emitter } from '../events.js';
import { VOLUME_THROTTLE_MS } from '../limits.js';
import { preferences } from '../preferences.js';

/** Calls with the latest value at most once in a while. @param {(value: number) => void} tell */
function throttled(tell) {
  let timer = 0;
  let latest = 0;
  return (/** @type {number} */ value) => {
    latest = value;
    timer ||= setTimeout(() => {
      timer = 0;
      tell(latest);
    }, VOLUME_THROTTLE_MS);
  };
}

/** @param {number} level */
const held = (level) => Math.min(Math.max(level, 0), 1);

/**
 * How loud this device is: remembered on it, told to the server at most a few times a second.
 *
 * @extends {Emitter<{change: undefined}>}
 */
export class Volume extends Emitter {
  /** As a person hears it, 0…1. */
  level = preferences.get('volume', 0.8);
  isMuted = preferences.get('muted', false);
  #tell;

  /** @param {(level: number) => void} tell tells the server */
  constructor(tell) {
    super();
    this.#tell = throttled(tell);
  }

  /** Amplitude 0…1: the level squared, which is closer to how loud it sounds. */
  get gain() {
    return this.isMuted ? 0 : this.level ** 2;
  }

  /** @param {number} level held within 0…1; also unmutes */
  set(level) {
    this.follow(level);
    this.#tell(this.level);
  }

  /** Tells the server, if it has another level in mind. @param {number} [known] */
  reconcile(known = this.level) {
    if (Math.abs(known - this.level) > 0.005) this.#tell(this.level);
  }

  /** As `set`, for what another device wishes: the server knows it already. @param {number} level */
  follow(level) {
    this.level = held(level);
    this.isMuted = false;
    this.#remember();
  }

  toggleMute() {
    this.isMuted = !this.isMuted;
    this.#remember();
  }

  #remember() {
    preferences.set('volume', this.level);
    preferences.set('muted', this.isMuted);
    this.emit('change');
  }
}

/** How loud another device is, with the same face as `Volume`. Being mute is a volume of nothing over there. */
export class RemoteVolume {
  #session;
  #tell;
  #before = 0.5;

  /** @param {import('./session.js').Session} session @param {(error: Error) => void} onError */
  constructor(session, onError) {
    this.#session = session;
    this.#tell = throttled((level) => {
      const device = session.elsewhere;
      if (device) session.setVolume(device.deviceId, level).catch(onError);
    });
  }

  get level() {
    return this.#session.elsewhere?.volume ?? 0;
  }

  get isMuted() {
    return this.level === 0;
  }

  /** @param {number} level held within 0…1 */
  set(level) {
    const device = this.#session.elsewhere;
    if (!device) return;
    device.volume = held(level);
    this.#session.emit('change');
    this.#tell(device.volume);
  }

  toggleMute() {
    if (!this.isMuted) this.#before = this.level;
    this.set(this.isMuted ? this.#before : 0);
  }
}

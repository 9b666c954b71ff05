import { Emitter } from '../events.js';
import { VOLUME_THROTTLE_MS } from '../limits.js';
import { preferences } from '../preferences.js';

/**
 * How loud it is: remembered on this device, told to the server at most a few times a second.
 *
 * @extends {Emitter<{change: undefined}>}
 */
export class Volume extends Emitter {
  /** As a person hears it, 0…1. */
  level = preferences.get('volume', 0.8);
  isMuted = preferences.get('muted', false);
  #timer = 0;
  #tell;

  /** @param {(level: number) => void} tell tells the server, throttled */
  constructor(tell) {
    super();
    this.#tell = tell;
  }

  /** Amplitude 0…1: the level squared, which is closer to how loud it sounds. */
  get gain() {
    return this.isMuted ? 0 : this.level ** 2;
  }

  /** @param {number} level held within 0…1; also unmutes */
  set(level) {
    this.level = Math.min(Math.max(level, 0), 1);
    this.isMuted = false;
    this.#remember();
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#tell(this.level);
    }, VOLUME_THROTTLE_MS);
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

import { SEEK_DEBOUNCE_MS } from '../limits.js';

/** A seek that is on its way: where the listener has pointed, until there is sound of it. Quick ones become one. */
export class Seeker {
  /** Seconds, null when none is on its way. @type {number | null} */
  target = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #send;

  /** @param {(position: number) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {number} position seconds */
  aim(position) {
    this.target = position;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.target !== null) this.#send(this.target);
    }, SEEK_DEBOUNCE_MS);
  }

  /** Sound of it is there, unless a newer one waits to be sent. */
  landed() {
    if (this.#timer === null) this.target = null;
  }

  /** Sends no more; a target stays, at `position` if that is given. @param {number | null} [position] */
  hold(position = null) {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.target !== null) this.target = position;
  }
}

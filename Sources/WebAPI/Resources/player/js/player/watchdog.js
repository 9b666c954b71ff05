/** Calls back when nothing has calmed it for a while. */
export class Watchdog {
  #timer = 0;
  #afterMs;
  #bark;

  /** @param {number} afterMs @param {() => void} bark */
  constructor(afterMs, bark) {
    this.#afterMs = afterMs;
    this.#bark = bark;
  }

  /** Starts, or starts over. */
  watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#bark, this.#afterMs);
  }

  rest() {
    clearTimeout(this.#timer);
  }
}

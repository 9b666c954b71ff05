/**
 * Whether a button has been pressed twice, for what can't be undone: the first press asks, a second one confirms. What
 * was asked is forgotten when nobody answers.
 */
export class SecondPress {
  #patienceMs;
  #onChange;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {number} patienceMs for which it asks @param {() => void} onChange of `isAsking` */
  constructor(patienceMs, onChange) {
    this.#patienceMs = patienceMs;
    this.#onChange = onChange;
  }

  get isAsking() {
    return this.#timer !== undefined;
  }

  /**
   * @param {number} clickCount the event's `detail`: the second half of a double click says nothing new
   * @returns {boolean} whether it is confirmed
   */
  press(clickCount) {
    if (clickCount > 1) return false;
    const isConfirmed = this.isAsking;
    this.cancel();
    if (isConfirmed) return true;
    this.#timer = setTimeout(() => this.cancel(), this.#patienceMs);
    this.#onChange();
    return false;
  }

  /** Asks no more. */
  cancel() {
    if (!this.isAsking) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onChange();
  }
}

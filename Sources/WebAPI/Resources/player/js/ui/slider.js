/**
 * A slider by pointer and keyboard with the ARIA of one (WAI-ARIA practices, "slider").
 *
 * While it is dragged it shows the hand's value; `onInput` is told of every one, `onCommit` of the last.
 */
export class Slider {
  #element;
  #options;
  #max = 1;
  #isDragging = false;

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {(value: number) => string} options.describe for a screen reader
   * @param {(direction: number, isLeap: boolean) => void} options.onStep an arrow (±1), or a page key (a leap)
   * @param {(value: number) => void} [options.onInput]
   * @param {(value: number) => void} options.onCommit
   * @param {() => void} [options.onCancel] the hand was taken off it, as by a scroll
   */
  constructor(element, options) {
    this.#element = element;
    this.#options = options;
    element.addEventListener('pointerdown', (event) => this.#grab(event));
    element.addEventListener('pointermove', (event) => this.#isDragging && this.#drag(event));
    element.addEventListener('pointerup', (event) => this.#drop(event));
    element.addEventListener('pointercancel', () => {
      this.#letGo();
      options.onCancel?.();
    });
    element.addEventListener('keydown', (event) => this.#key(event));
  }

  get isDragging() {
    return this.#isDragging;
  }

  /** @param {number} max 0 disables it */
  setMax(max) {
    if (max === this.#max) return;
    this.#max = max;
    this.#element.setAttribute('aria-valuemax', String(Math.round(max)));
    this.#element.setAttribute('aria-disabled', String(max <= 0));
  }

  /** @param {number} value @param {number} [buffered] how far there is sound already */
  set(value, buffered = value) {
    this.#element.style.setProperty('--buffered', this.#fraction(buffered).toFixed(4));
    if (!this.#isDragging) this.#show(value);
  }

  /** What it says to a screen reader is written anew with the next value: the language is another one. */
  describeAnew() {
    this.#element.removeAttribute('aria-valuenow');
  }

  #show(value) {
    this.#element.style.setProperty('--value', this.#fraction(value).toFixed(5));
    const now = String(Math.round(value));
    if (this.#element.getAttribute('aria-valuenow') === now) return;
    this.#element.setAttribute('aria-valuenow', now);
    this.#element.setAttribute('aria-valuetext', this.#options.describe(value));
  }

  #fraction(value) {
    return this.#max > 0 ? Math.min(Math.max(value / this.#max, 0), 1) : 0;
  }

  #valueAt(event) {
    const { left, width } = this.#element.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.#max;
  }

  #grab(event) {
    if (event.button !== 0 || this.#max <= 0) return;
    this.#element.setPointerCapture(event.pointerId);
    this.#element.classList.add('is-dragging');
    this.#isDragging = true;
    this.#drag(event);
  }

  #drag(event) {
    const value = this.#valueAt(event);
    this.#show(value);
    this.#options.onInput?.(value);
  }

  #drop(event) {
    if (!this.#isDragging) return;
    this.#letGo();
    this.#options.onCommit(this.#valueAt(event));
  }

  #letGo() {
    this.#isDragging = false;
    this.#element.classList.remove('is-dragging');
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#max <= 0) return;
    const { onStep, onCommit } = this.#options;
    switch (event.key) {
      case 'ArrowRight':
      case 'ArrowUp':
        onStep(1, event.shiftKey);
        break;
      case 'ArrowLeft':
      case 'ArrowDown':
        onStep(-1, event.shiftKey);
        break;
      case 'PageUp':
        onStep(1, true);
        break;
      case 'PageDown':
        onStep(-1, true);
        break;
      case 'Home':
        onCommit(0);
        break;
      case 'End':
        onCommit(this.#max);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

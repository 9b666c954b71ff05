/** A button with a panel of controls: opens, closes by Escape or a click beside it, and gives the focus back. */
export class Popover {
  #button;
  #panel;
  #onOpen;

  /** @param {HTMLElement} button @param {HTMLElement} panel @param {() => void} onOpen fills it */
  constructor(button, panel, onOpen) {
    this.#button = button;
    this.#panel = panel;
    this.#onOpen = onOpen;
    button.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    panel.addEventListener('keydown', (event) => {
      event.stopPropagation(); // keys in a panel are not the player's
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.close();
    });
    panel.addEventListener('focusout', (event) => {
      const to = /** @type {Node | null} */ (event.relatedTarget);
      if (to && !panel.contains(to) && !button.contains(to)) this.close(false);
    });
    document.addEventListener('pointerdown', (event) => {
      const target = /** @type {Node} */ (event.target);
      if (this.isOpen && !panel.contains(target) && !button.contains(target)) this.close(false);
    });
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  open() {
    this.#onOpen();
    this.#panel.hidden = false;
    this.#button.setAttribute('aria-expanded', 'true');
    this.#panel.querySelector('button, input')?.focus();
  }

  /** @param {boolean} [returnsFocus] */
  close(returnsFocus = true) {
    if (!this.isOpen) return;
    this.#panel.hidden = true;
    this.#button.setAttribute('aria-expanded', 'false');
    if (returnsFocus) this.#button.focus();
  }
}

import { shortcutOf } from './keys.js';

/** A button with a panel of controls: opens, closes by Escape or a click beside it, and gives the focus back. */
export class Popover {
  #button;
  #panel;
  #onOpen;
  #onClose;

  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} panel
   * @param {() => void} onOpen fills it
   * @param {string} key that opens it, and closes it from within
   * @param {() => void} [onClose]
   */
  constructor(button, panel, onOpen, key, onClose = () => {}) {
    this.#button = button;
    this.#panel = panel;
    this.#onOpen = onOpen;
    this.#onClose = onClose;
    button.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    panel.tabIndex = -1; // where nothing in it can have the focus
    panel.addEventListener('keydown', (event) => {
      event.stopPropagation(); // keys in a panel are not the player's
      const isTyping = /** @type {HTMLElement} */ (event.target).matches('input:not([type="range"])');
      const isClosing = event.key === 'Escape' || (shortcutOf(event) === key && !isTyping);
      if (!isClosing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.close();
    });
    document.addEventListener('keydown', (event) => {
      // The focus may be lost to a control that has gone.
      if (event.key === 'Escape' && this.isOpen && !event.defaultPrevented) this.close();
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
    if (this.isOpen) return;
    this.#panel.hidden = false;
    this.#onOpen();
    this.#button.setAttribute('aria-expanded', 'true');
    const first = this.#panel.querySelector('button:enabled, input:enabled');
    /** @type {HTMLElement} */ (first ?? this.#panel).focus();
    if (!this.#panel.contains(document.activeElement)) this.#panel.focus();
  }

  /** @param {boolean} [returnsFocus] */
  close(returnsFocus = true) {
    if (!this.isOpen) return;
    this.#panel.hidden = true;
    this.#button.setAttribute('aria-expanded', 'false');
    if (returnsFocus) this.#button.focus();
    this.#onClose();
  }
}

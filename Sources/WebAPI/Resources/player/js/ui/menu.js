/** A button with a menu: opens, closes, arrows, Escape, and a click beside it (WAI-ARIA practices, "menu button"). */
export class Menu {
  #button;
  #menu;
  #fill;
  #onToggle;

  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} menu
   * @param {() => HTMLElement[]} fill makes the items each time it opens
   * @param {(isOpen: boolean) => void} [onToggle]
   */
  constructor(button, menu, fill, onToggle = () => {}) {
    this.#button = button;
    this.#menu = menu;
    this.#fill = fill;
    this.#onToggle = onToggle;
    button.addEventListener('click', () => (menu.hidden ? this.open() : this.close()));
    menu.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('pointerdown', (event) => {
      const target = /** @type {Node} */ (event.target);
      if (!menu.hidden && !menu.contains(target) && !button.contains(target)) this.close(false);
    });
  }

  open() {
    if (!this.#menu.hidden) return;
    this.#menu.replaceChildren(...this.#fill());
    this.#menu.hidden = false;
    this.#button.setAttribute('aria-expanded', 'true');
    const items = this.#items();
    (items.find((item) => item.getAttribute('aria-checked') === 'true') ?? items[0])?.focus();
    this.#onToggle(true);
  }

  /** @param {boolean} [returnsFocus] */
  close(returnsFocus = true) {
    if (this.#menu.hidden) return;
    this.#menu.hidden = true;
    this.#button.setAttribute('aria-expanded', 'false');
    if (returnsFocus) this.#button.focus();
    this.#onToggle(false);
  }

  /** @returns {HTMLElement[]} */
  #items() {
    return [...this.#menu.querySelectorAll('button')];
  }

  #key(event) {
    const items = this.#items();
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    const goTo = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    event.stopPropagation(); // keys in a menu are not the player's
    if (goTo !== undefined) {
      items[(goTo + items.length) % items.length]?.focus();
      event.preventDefault();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      this.close();
      if (event.key === 'Escape') event.preventDefault();
    }
  }
}

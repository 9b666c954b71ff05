import { element, icon } from './dom.js';

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

  /** Makes the items anew, where they are to be seen: what they say has changed. */
  refresh() {
    if (this.#menu.hidden) return;
    const at = this.#items().indexOf(/** @type {any} */ (document.activeElement));
    this.#menu.replaceChildren(...this.#fill());
    this.#items()[at]?.focus();
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

  /**
   * A choice, marked when it's made; a press closes the menu.
   *
   * @param {object} choice
   * @param {boolean} choice.isChosen
   * @param {boolean} [choice.isLocked] it can't be made, and `act` says why
   * @param {boolean} [choice.standsAlone] it's no one of several: a press takes it back
   * @param {Record<string, string | boolean>} choice.data attributes that tell it from others
   * @param {HTMLElement[]} words
   * @param {() => void} act
   * @returns {HTMLElement}
   */
  choice({ isChosen, isLocked = false, standsAlone = false, data }, words, act) {
    const attributes = {
      class: standsAlone ? 'menu__item menu__item--apart' : 'menu__item',
      type: 'button',
      role: standsAlone ? 'menuitemcheckbox' : 'menuitemradio',
      'aria-checked': String(isChosen),
      'aria-disabled': isLocked ? 'true' : undefined,
      ...data,
    };
    const mark = isLocked ? icon('lock') : isChosen ? icon('check') : element('span');
    const node = element('button', attributes, mark, ...words);
    node.addEventListener('click', () => {
      this.close();
      act();
    });
    return node;
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

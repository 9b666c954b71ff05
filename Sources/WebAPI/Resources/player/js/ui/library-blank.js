import { byId, element } from './dom.js';

/** What is said in place of the library's list, with something that can be done about it. */
export class LibraryBlank {
  #node = byId('library-blank');
  /** It isn't written anew while it stays the same. */
  #text = '';

  /** @param {string} title @param {string} text @param {string} action of the button @param {() => void} onAction */
  show(title, text, action, onAction) {
    const whole = [title, text, action].join('\n');
    if (!this.#node.hidden && whole === this.#text) return;
    this.#text = whole;
    const button = element('button', { class: 'button-quiet', type: 'button' }, action);
    button.addEventListener('click', onAction);
    const disc = element('span', { class: 'blank__disc' }, element('span', { class: 'label', 'data-tone': '5' }));
    this.#node.replaceChildren(
      disc,
      element('p', { class: 'blank__title' }, title),
      element('p', { class: 'blank__text' }, text),
      button,
    );
    this.#node.hidden = false;
  }

  hide() {
    this.#node.hidden = true;
  }
}

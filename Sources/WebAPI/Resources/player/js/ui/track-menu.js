import { t } from '../i18n/language.js';
import { byId, element, icon } from './dom.js';

/** The menu of a track in the library: opened by its button, a right click or the menu key. */
export class TrackMenu {
  #menu = byId('track-menu');
  #transport;
  /** @type {HTMLElement | null} */
  #opener = null;

  /** @param {import('../player/transport.js').Transport} transport */
  constructor(transport) {
    this.#transport = transport;
    this.#menu.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('pointerdown', (event) => {
      if (!this.#menu.hidden && !this.#menu.contains(/** @type {Node} */ (event.target))) this.close(false);
    });
    document.addEventListener('scroll', () => this.close(false), { capture: true, passive: true });
  }

  /**
   * @param {object} what
   * @param {number} what.count of tracks
   * @param {() => Promise<import('../net/api.js').Track[]>} what.tracks
   * @param {boolean} what.isSelected
   * @param {() => void} what.onSelect selects the track, or lets it go
   * @param {{x: number, y: number}} place of the pointer, or of the row
   * @param {HTMLElement} opener gets the focus back
   */
  open({ count, tracks, isSelected, onSelect }, { x, y }, opener) {
    this.#opener = opener;
    const many = count > 1 ? `: ${t('library.count', { count })}` : '';
    const item = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => void} */ act) => {
      const attributes = { class: 'menu__item', type: 'button', role: 'menuitem' };
      const node = element('button', attributes, icon(name), element('span', {}, text));
      node.addEventListener('click', () => {
        this.close();
        act();
      });
      return node;
    };
    this.#menu.replaceChildren(
      item('next-up', `${t('track.playNext')}${many}`, async () => this.#transport.add(await tracks(), 'next')),
      item('queue', `${t('track.add')}${many}`, async () => this.#transport.add(await tracks(), 'end')),
      item(isSelected ? 'close' : 'check', t(isSelected ? 'track.deselect' : 'track.select'), onSelect),
    );
    this.#menu.hidden = false;
    const { width, height } = this.#menu.getBoundingClientRect();
    this.#menu.style.left = `${Math.max(Math.min(x, innerWidth - width - 8), 8)}px`;
    this.#menu.style.top = `${Math.max(Math.min(y, innerHeight - height - 8), 8)}px`;
    /** @type {HTMLElement} */ (this.#menu.firstElementChild).focus({ preventScroll: true });
  }

  /** @param {boolean} [returnsFocus] */
  close(returnsFocus = true) {
    if (this.#menu.hidden) return;
    this.#menu.hidden = true;
    if (returnsFocus) this.#opener?.focus({ preventScroll: true });
  }

  #key(event) {
    const items = /** @type {HTMLElement[]} */ ([...this.#menu.children]);
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    event.stopPropagation();
    if (event.key === 'ArrowDown') items[(at + 1) % items.length].focus();
    else if (event.key === 'ArrowUp') items[(at - 1 + items.length) % items.length].focus();
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
  }
}

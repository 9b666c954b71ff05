import { preferences } from '../preferences.js';
import { byId } from './dom.js';

/** @typedef {'playing' | 'queue' | 'lyrics'} View */

const VIEWS = /** @type {const} */ (['playing', 'queue', 'lyrics']);

/** Where the panel is a sheet; `layout.css` has it too. */
const NARROW = '(max-width: 959px)';

/** The panel's tabs (WAI-ARIA practices, "tabs"); on a phone the panel is a sheet over the library. */
export class SidePanel {
  /** @type {View} */
  view = 'playing';
  #onShow;

  /** @param {(view: View) => void} onShow */
  constructor(onShow) {
    this.#onShow = onShow;
    for (const view of VIEWS) {
      byId(`tab-${view}`).addEventListener('click', () => this.show(view));
      byId(`tab-${view}`).addEventListener('keydown', (event) => this.#key(event, view));
    }
    byId('deck-track').addEventListener('click', () => this.#openSheet('playing'));
    byId('queue-button').addEventListener('click', () => this.toggle('queue'));
    byId('now-close').addEventListener('click', () => this.expand(false));
    // On a screen that has become wide there is no sheet any more.
    matchMedia(NARROW).addEventListener('change', () => this.isExpanded && this.expand(false));
    const kept = preferences.get('view', 'playing');
    this.show(VIEWS.includes(kept) ? kept : 'playing');
  }

  get isExpanded() {
    return document.body.classList.contains('is-expanded');
  }

  get #isNarrow() {
    return matchMedia(NARROW).matches;
  }

  /** @param {View} view */
  show(view) {
    this.view = view;
    preferences.set('view', view);
    document.body.dataset.view = view;
    for (const each of VIEWS) {
      byId(`panel-${each}`).hidden = each !== view;
      byId(`tab-${each}`).setAttribute('aria-selected', String(each === view));
      byId(`tab-${each}`).tabIndex = each === view ? 0 : -1;
    }
    byId('queue-button').setAttribute('aria-expanded', String(view === 'queue'));
    this.#onShow(view);
  }

  /** Shows a view, or goes back from it. @param {View} view */
  toggle(view) {
    if (this.#isNarrow && !this.isExpanded) this.#openSheet(view);
    else this.show(this.view === view ? 'playing' : view);
  }

  /** @param {boolean} isExpanded has no effect where the panel stands beside the library anyway */
  expand(isExpanded) {
    const isNarrow = this.#isNarrow;
    document.body.classList.toggle('is-expanded', isExpanded && isNarrow);
    // What lies behind the sheet can't be reached by keys either.
    for (const behind of document.querySelectorAll('.library, .topbar')) behind.inert = isExpanded && isNarrow;
    byId('deck-track').setAttribute('aria-expanded', String(isExpanded && isNarrow));
    if (isNarrow) byId(isExpanded ? 'now-close' : 'deck-track').focus();
  }

  #openSheet(view) {
    this.show(view);
    this.expand(true);
  }

  #key(event, view) {
    const at = VIEWS.indexOf(view);
    const goTo = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
    if (goTo === undefined) return;
    const next = VIEWS[(goTo + VIEWS.length) % VIEWS.length];
    this.show(next);
    byId(`tab-${next}`).focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

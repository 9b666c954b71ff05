import { byId } from './dom.js';

/** @typedef {'playing' | 'queue' | 'lyrics'} View */

const VIEWS = /** @type {const} */ (['playing', 'queue', 'lyrics']);

/** Where the panel is a sheet; `layout.css` has it too. */
const NARROW = '(max-width: 959px)';

/** The panel's tabs (WAI-ARIA practices, "tabs"); on a phone the panel is a sheet over the library. It follows the address. */
export class SidePanel {
  /** @type {View} */
  view = 'playing';
  #navigation;
  #onShow;

  /** @param {import('../navigation.js').Navigation} navigation @param {(view: View) => void} onShow */
  constructor(navigation, onShow) {
    this.#navigation = navigation;
    this.#onShow = onShow;
    for (const view of VIEWS) {
      byId(`tab-${view}`).addEventListener('click', () => this.show(view));
      byId(`tab-${view}`).addEventListener('keydown', (event) => this.#key(event, view));
    }
    byId('deck-track').addEventListener('click', () => this.show('playing'));
    byId('queue-button').addEventListener('click', () => this.toggle('queue'));
    byId('now-close').addEventListener('click', () => this.close());
    // On a screen that has become wide there is no sheet any more; on one that has become narrow there may be.
    matchMedia(NARROW).addEventListener('change', () => this.#follow());
    navigation.on('change', () => this.#follow());
    this.#draw('playing');
    this.#follow();
  }

  get isExpanded() {
    return document.body.classList.contains('is-expanded');
  }

  get #isNarrow() {
    return matchMedia(NARROW).matches;
  }

  /** @param {View} view */
  show(view) {
    this.#navigation.show(view);
  }

  /** Goes back to the library. */
  close() {
    this.#navigation.leaveFor('library');
  }

  #follow() {
    const { view, under } = this.#navigation.route;
    const shown = under === 'library' ? 'playing' : under;
    if (shown !== this.view) this.#draw(shown);
    // What the sheet has in it can only be seen with it.
    this.#expand(this.#isNarrow && (under !== 'library' || view === 'devices'));
  }

  /** @param {View} view */
  #draw(view) {
    this.view = view;
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
    if (this.#navigation.route.view === view) this.close();
    else this.show(view);
  }

  /** @param {boolean} isExpanded where the panel doesn't stand beside the library anyway */
  #expand(isExpanded) {
    if (isExpanded === this.isExpanded) return;
    document.body.classList.toggle('is-expanded', isExpanded);
    // What lies behind the sheet can't be reached by keys either.
    for (const behind of document.querySelectorAll('.library, .topbar')) behind.inert = isExpanded;
    byId('deck-track').setAttribute('aria-expanded', String(isExpanded));
    if (this.#isNarrow) byId(isExpanded ? 'now-close' : 'deck-track').focus();
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

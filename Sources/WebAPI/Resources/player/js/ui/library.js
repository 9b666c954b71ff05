import { faultText, language, t } from '../i18n/language.js';
import { PAGE_SIZE, SEARCH_DEBOUNCE_MS } from '../limits.js';
import { api } from '../net/api.js';
import { Selection } from '../player/selection.js';
import { TrackList } from '../player/track-list.js';
import { byId } from './dom.js';
import { shortcutOf } from './keys.js';
import { LibraryBlank } from './library-blank.js';
import { LibraryRows } from './library-rows.js';
import { LibraryWatch, emptyLibrary, stateLine } from './library-watch.js';
import { setText } from './texts.js';
import { toast } from './toasts.js';

/** A list that isn't scrolled for this long rests there. */
const SCROLL_REST_MS = 150;

/** The library: searched, fetched page by page as they come into view, and what is done with its tracks. */
export class Library {
  #transport;
  #menu;
  #store;
  #scroll = byId('library-scroll');
  #grid = byId('library-list');
  #blank = new LibraryBlank();
  #field = byId('search');
  #list = this.#makeList('');
  #selection = new Selection();
  #rows;
  #searchTimer = 0;
  /** Whether somebody is logged in, whose library can be asked for. */
  #isOpen = false;
  /** Where the next list begins, pixels. */
  #startAt = 0;
  #onSearch;
  /** @type {Set<number>} pages that could not be fetched; tried again when scrolled to or on `retry` */
  #failedPages = new Set();
  /** Why the list could not be fetched at all. @type {import('../net/api.js').ApiError | null} */
  #failure = null;
  #watch = new LibraryWatch({ api, onState: () => this.#showState(), onChange: () => this.#renew() });

  /**
   * @param {import('../player/transport.js').Transport} transport
   * @param {import('./track-menu.js').TrackMenu} menu
   * @param {import('../player/track-store.js').TrackStore} store told of every track that comes by
   * @param {object} options
   * @param {(query: string) => void} options.onSearch somebody searches
   * @param {(scrollTop: number) => void} options.onScroll
   * @param {import('./track-drag.js').TrackDrag} options.drag
   */
  constructor(transport, menu, store, { onSearch, onScroll, drag }) {
    this.#onSearch = onSearch;
    this.#transport = transport;
    this.#menu = menu;
    this.#store = store;
    this.#rows = new LibraryRows({
      list: () => this.#list,
      selection: this.#selection,
      currentId: () => transport.track?.id,
      onPage: (page) => this.#need(page),
    });
    let scrollTimer = 0;
    this.#scroll.addEventListener('scroll', () => {
      clearTimeout(scrollTimer);
      scrollTimer = setTimeout(() => this.#list.total !== null && onScroll(this.#scroll.scrollTop), SCROLL_REST_MS);
    }, { passive: true });
    this.#grid.addEventListener('click', (event) => this.#clicked(event));
    this.#grid.addEventListener('pointerdown', (event) => {
      const row = event.target.closest('.row[data-id]');
      if (row) row.draggable = event.pointerType === 'mouse';
    });
    this.#grid.addEventListener('dragstart', (event) => {
      const row = event.target.closest?.('.row[data-id]');
      if (!row) return;
      const rows = this.#meant(Number(row.dataset.index));
      drag.begin(event, rows.length, this.#tracksOf(rows));
    });
    this.#grid.addEventListener('contextmenu', (event) => this.#openMenu(event));
    this.#grid.addEventListener('keydown', (event) => this.#key(event));
    this.#field.addEventListener('input', () => this.#typed());
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown' || event.isComposing || !this.#list.total) return;
      event.preventDefault();
      this.#focus(this.#rows.tabStop);
    });
    byId('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#search();
    });
    byId('library-again').addEventListener('click', () => this.#lookAgain());
    transport.on('change', () => this.#rows.markCurrent());
    language.on('change', () => this.#write());
  }

  get list() {
    return this.#list;
  }

  focusSearch() {
    this.#field.focus();
    this.#field.select();
  }

  /** Fetches the library anew: after a log-in, or by the button of an error. */
  async reload() {
    this.#isOpen = true;
    this.#list = this.#makeList(this.#field.value.trim());
    this.#failedPages.clear();
    this.#clearRows();
    this.#blank.hide();
    this.#rows.showGhosts();
    await this.#loadFirst(this.#list);
  }

  /**
   * Shows what an address names.
   *
   * @param {string} query
   * @param {number} scrollTop where its list begins, pixels; one that is shown already stays where it is
   */
  async show(query, scrollTop) {
    const isShown = this.#isOpen && query === this.#list.query;
    if (!isShown || this.#list.total === null) this.#startAt = scrollTop;
    if (isShown) return;
    if (query !== this.#field.value.trim()) this.#field.value = query;
    if (this.#isOpen) await this.#search();
  }

  /** Goes to the top of the list. */
  toTop() {
    this.#scroll.scrollTop = 0;
  }

  /** Fetches the library if it could not be: the server can be reached again. */
  retry() {
    if (this.#failure) this.reload();
  }

  /** Draws what is in view again, and fetches what could not be: after a session was renewed. */
  refresh() {
    this.#failedPages.clear();
    this.#selection.clear();
    this.#rows.redraw();
  }

  clear() {
    this.#isOpen = false;
    this.#failure = null;
    this.#field.value = '';
    this.#list = this.#makeList('');
    this.#clearRows();
    byId('library-count').textContent = '';
    this.#watch.stop();
    byId('library-state').textContent = '';
    byId('library-again').hidden = true;
  }

  /** Writes what is shown in another language. */
  #write() {
    this.#rows.schedule();
    if (this.#failure) this.showError(this.#failure);
    else if (this.#list.total !== null) this.#showCount();
    this.#showState();
  }

  /** Fetches the list again as the server has it now; one stays where one is. */
  async #renew() {
    const { scrollTop } = this.#scroll;
    const list = this.#makeList(this.#list.query);
    this.#list = list;
    this.#failedPages.clear();
    await this.#loadFirst(list);
    if (list === this.#list) this.#scroll.scrollTop = scrollTop;
  }

  async #lookAgain() {
    try {
      await this.#watch.lookAgain();
    } catch (error) {
      if (error.status === 401) return; // the log-in dialog says it
      const seconds = Math.ceil((error.retryAfterMs ?? 0) / 1_000);
      const isTooSoon = error.code === 'rate_limited' && seconds > 0;
      toast(isTooSoon ? t('library.tooSoon', { seconds }) : faultText(error), 'note');
    }
  }

  #showState() {
    const { state, hasSeenScan } = this.#watch;
    if (!state) return;
    const line = byId('library-state');
    const text = stateLine(state, hasSeenScan);
    if (line.textContent !== text) line.textContent = text;
    line.dataset.tone = state.problem && !state.isScanning ? 'bad' : '';
    const again = /** @type {HTMLButtonElement} */ (byId('library-again'));
    again.hidden = false;
    again.disabled = state.isScanning;
    if (this.#list.total !== 0 || this.#list.query) return;
    // The first files that a scan has taken are shown before it is over.
    if (state.isScanning && state.added > 0) this.#renew();
    else this.#showEmpty();
  }

  #makeList(query) {
    return new TrackList(query, async (page) => {
      const answer = await api.tracks(page);
      this.#store.put(answer.tracks);
      return answer;
    });
  }

  #typed() {
    clearTimeout(this.#searchTimer);
    this.#searchTimer = setTimeout(() => this.#search(), SEARCH_DEBOUNCE_MS);
  }

  async #search() {
    clearTimeout(this.#searchTimer);
    const query = this.#field.value.trim();
    if (query === this.#list.query && this.#list.total !== null) return;
    const list = this.#makeList(query);
    this.#list = list;
    this.#onSearch(query);
    this.#failedPages.clear();
    await this.#loadFirst(list);
  }

  async #loadFirst(list) {
    this.#failure = null;
    try {
      await list.loadPage(0);
    } catch (error) {
      if (list !== this.#list) return;
      this.showError(error);
      return;
    }
    if (list !== this.#list) return;
    this.#selection.clear();
    this.#showCount();
    this.#rows.begin(this.#startAt);
    this.#startAt = 0;
    if (!list.query && !this.#watch.state?.isScanning) this.#watch.refresh();
  }

  #showCount() {
    const total = this.#list.total ?? 0;
    const { query } = this.#list;
    const { size } = this.#selection;
    const selected = size > 0 ? ` · ${t('library.selected', { count: size })}` : '';
    setText(byId('library-title'), query ? 'library.search' : 'library.title');
    const count = query ? t('library.found', { count: total, query }) : t('library.count', { count: total });
    byId('library-count').textContent = `${count}${selected}`;
    this.#grid.setAttribute('aria-rowcount', String(total));
    if (total > 0) this.#blank.hide();
    else if (query) {
      this.#blank.show(t('library.nothingFound'), t('library.nothingHas', { query }), t('library.showAll'), () => {
        this.#field.value = '';
        this.#search();
      });
    } else {
      this.#showEmpty();
    }
  }

  #showEmpty() {
    const { title, text } = emptyLibrary(this.#watch.state);
    this.#blank.show(title, text, t('library.lookAgain'), () => this.#lookAgain());
  }

  /** Says why there is no list. @param {import('../net/api.js').ApiError} error */
  showError(error) {
    this.#failure = error;
    this.#clearRows();
    byId('library-count').textContent = '';
    if (error.status === 401) return; // the log-in dialog says it
    this.#blank.show(t('library.unreachable'), faultText(error), t('library.retry'), () => this.reload());
  }

  #clearRows() {
    this.#selection.clear();
    this.#rows.clear();
  }

  async #need(page) {
    const list = this.#list;
    if (list.total === null || list.peek(page * PAGE_SIZE) || this.#failedPages.has(page)) return;
    try {
      await list.loadPage(page);
    } catch (error) {
      this.#failedPages.add(page);
      if (error.status === 401) return; // the log-in dialog is there; `refresh` goes on after it
      setTimeout(() => this.#failedPages.delete(page) && this.#rows.schedule(), 3_000);
      return;
    }
    if (list === this.#list) this.#rows.schedule();
  }

  /** What an action on a row is about: all that is selected, if it is, or it alone. @param {number} index */
  #meant(index) {
    return this.#selection.has(index) ? this.#selection.rows : [index];
  }

  /** @param {number[]} rows @returns {Promise<import('../net/api.js').Track[]>} those that can be had */
  async #tracksOf(rows) {
    const list = this.#list;
    const tracks = await Promise.all(rows.map((row) => list.get(row).catch(() => undefined)));
    return tracks.flatMap((track) => track ?? []);
  }

  #select(change) {
    change();
    this.#rows.markSelected();
    this.#showCount();
  }

  #clicked(event) {
    const row = event.target.closest('.row[data-id]');
    if (!row) return;
    const button = event.target.closest('.row__add');
    if (button) this.#openMenuAt(row, button.getBoundingClientRect(), button);
    else if (event.shiftKey) this.#select(() => this.#selection.extend(Number(row.dataset.index)));
    else if (event.ctrlKey || event.metaKey) this.#select(() => this.#selection.toggle(Number(row.dataset.index)));
    // A finger has no keys to hold: once something is selected, it selects.
    else if (event.pointerType === 'touch' && this.#selection.size > 0) {
      this.#select(() => this.#selection.toggle(Number(row.dataset.index)));
    }
    // The second click of a double one means nothing else than the first.
    else if (event.detail < 2) this.#choose(Number(row.dataset.index));
  }

  #openMenu(event) {
    const row = event.target.closest('.row[data-id]');
    if (!row) return;
    event.preventDefault();
    const isByKey = event.clientX === 0 && event.clientY === 0;
    const { left, bottom } = row.getBoundingClientRect();
    this.#openMenuAt(row, isByKey ? { left: left + 48, bottom } : { left: event.clientX, bottom: event.clientY }, row);
  }

  /** @param {HTMLElement} row @param {{left: number, bottom: number}} place @param {HTMLElement} opener */
  #openMenuAt(row, { left, bottom }, opener) {
    const index = Number(row.dataset.index);
    const rows = this.#meant(index);
    const what = {
      count: rows.length,
      tracks: () => this.#tracksOf(rows),
      isSelected: this.#selection.has(index),
      onSelect: () => this.#select(() => this.#selection.toggle(index)),
    };
    this.#menu.open(what, { x: left, y: bottom }, opener);
  }

  #choose(index) {
    if (this.#selection.size > 0) this.#select(() => this.#selection.clear());
    this.#selection.anchor(index);
    this.#rows.tabStop = index;
    const { track, status } = this.#transport;
    if (this.#list.peek(index)?.id === track?.id && status !== 'failed' && status !== 'ended') this.#transport.toggle();
    else this.#transport.playFrom(this.#list, index);
  }

  #key(event) {
    const index = Number(event.target.closest('.row[data-id]')?.dataset.index ?? Number.NaN);
    if (Number.isNaN(index) || event.ctrlKey || event.metaKey || event.altKey) return;
    const screen = this.#rows.perScreen;
    const last = (this.#list.total ?? 1) - 1;
    const goTo = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + screen,
      PageUp: index - screen,
      Home: 0,
      End: last,
    }[event.key];
    const isOnButton = event.target.closest('button') !== null;
    if (isOnButton && (event.key === 'Enter' || event.key === ' ')) return;
    const isStretched = event.shiftKey && goTo !== undefined;
    if (isStretched) this.#selection.anchor(index);
    if (event.key === 'Enter') this.#choose(index);
    else if (event.key === 'Escape' && this.#selection.size > 0) this.#select(() => this.#selection.clear());
    else if (shortcutOf(event) === 'q') this.#queue(this.#meant(index), event.shiftKey ? 'next' : 'end');
    else if (isStretched) this.#stretch(Math.min(Math.max(goTo, 0), last));
    else if (goTo !== undefined) this.#focus(Math.min(Math.max(goTo, 0), last));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #queue(rows, at) {
    const tracks = await this.#tracksOf(rows);
    if (tracks.length > 0) await this.#transport.add(tracks, at);
  }

  #stretch(index) {
    this.#select(() => this.#selection.extend(index));
    this.#focus(index);
  }

  async #focus(index) {
    this.#rows.reveal(index);
    const list = this.#list;
    await list.get(index).catch(() => undefined); // a page that fails stays a ghost, which cannot be focused
    if (list === this.#list) this.#rows.focus(index);
  }
}

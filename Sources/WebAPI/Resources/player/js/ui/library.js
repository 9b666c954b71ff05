import { faultText, language, t } from '../i18n/language.js';
import { PAGE_SIZE, SEARCH_DEBOUNCE_MS } from '../limits.js';
import { api } from '../net/api.js';
import { Selection } from '../player/selection.js';
import { TrackList } from '../player/track-list.js';
import { showCover } from './cover.js';
import { byId, element, icon } from './dom.js';
import { clock, sourceFormat } from './format.js';
import { shortcutOf } from './keys.js';
import { LibraryWatch, emptyLibrary, stateLine } from './library-watch.js';
import { setText } from './texts.js';
import { toast } from './toasts.js';

/** Rows drawn beyond the visible ones, so that a flick of the wheel shows no blank. */
const OVERSCAN_ROWS = 8;
/** A list that isn't scrolled for this long rests there. */
const SCROLL_REST_MS = 150;
/** Rows of the skeleton while the first page is on its way. */
const GHOST_ROWS = 12;

/**
 * The library: a list that holds only the rows one can see. Rows sit at `index × height`; pages are fetched as they
 * come into view.
 */
export class Library {
  #transport;
  #menu;
  #store;
  #scroll = byId('library-scroll');
  #grid = byId('library-list');
  #blank = byId('library-blank');
  #field = byId('search');
  /** @type {Map<number, HTMLElement>} rows on the page by index */
  #rows = new Map();
  #list = this.#makeList('');
  #selection = new Selection();
  #focusIndex = 0;
  #rowHeight = 60;
  #searchTimer = 0;
  #frame = 0;
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
  /** What the page says in place of the list; it isn't written anew while it stays the same. */
  #blankText = '';

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
    let scrollTimer = 0;
    this.#scroll.addEventListener('scroll', () => {
      this.#schedule();
      clearTimeout(scrollTimer);
      scrollTimer = setTimeout(() => this.#list.total !== null && onScroll(this.#scroll.scrollTop), SCROLL_REST_MS);
    }, { passive: true });
    new ResizeObserver(() => this.#measure()).observe(this.#scroll);
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
      this.#focus(this.#focusIndex);
    });
    byId('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#search();
    });
    byId('library-again').addEventListener('click', () => this.#lookAgain());
    transport.on('change', () => this.#markCurrent());
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
    this.#focusIndex = 0;
    this.#clearRows();
    this.#showGhosts();
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
    this.#clearRows();
    this.#measure();
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
    for (const [index, row] of this.#rows) {
      const track = this.#list.peek(index);
      if (!track || row.dataset.id === undefined) continue;
      row.remove();
      this.#place(index, this.#trackRow(track, index));
    }
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
    this.#focusIndex = 0;
    this.#clearRows();
    this.#showCount();
    this.#measureRow();
    this.#grid.style.height = `${(list.total ?? 0) * this.#rowHeight}px`;
    this.#scroll.scrollTop = this.#startAt;
    this.#startAt = 0;
    this.#measure();
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
    this.#blank.hidden = total > 0;
    if (total > 0) return;
    if (query) {
      this.#showBlank(t('library.nothingFound'), t('library.nothingHas', { query }), t('library.showAll'), () => {
        this.#field.value = '';
        this.#search();
      });
    } else {
      this.#showEmpty();
    }
  }

  #showEmpty() {
    const { title, text } = emptyLibrary(this.#watch.state);
    this.#showBlank(title, text, t('library.lookAgain'), () => this.#lookAgain());
  }

  /** Says why there is no list. @param {import('../net/api.js').ApiError} error */
  showError(error) {
    this.#failure = error;
    this.#clearRows();
    byId('library-count').textContent = '';
    if (error.status === 401) return; // the log-in dialog says it
    this.#showBlank(t('library.unreachable'), faultText(error), t('library.retry'), () => this.reload());
  }

  #showBlank(title, text, action, onAction) {
    const whole = [title, text, action].join('\n');
    if (!this.#blank.hidden && whole === this.#blankText) return;
    this.#blankText = whole;
    const button = element('button', { class: 'button-quiet', type: 'button' }, action);
    button.addEventListener('click', onAction);
    const disc = element('span', { class: 'blank__disc' }, element('span', { class: 'label', 'data-tone': '5' }));
    this.#blank.replaceChildren(
      disc,
      element('p', { class: 'blank__title' }, title),
      element('p', { class: 'blank__text' }, text),
      button,
    );
    this.#blank.hidden = false;
  }

  #showGhosts() {
    this.#blank.hidden = true;
    this.#measureRow();
    for (let index = 0; index < GHOST_ROWS; index += 1) this.#place(index, ghostRow());
  }

  #clearRows() {
    this.#selection.clear();
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#grid.style.height = '0';
  }

  #measureRow() {
    const probe = getComputedStyle(document.documentElement).getPropertyValue('--row');
    this.#rowHeight = Number.parseFloat(probe) || 60;
  }

  #measure() {
    this.#measureRow();
    if (this.#list.total === null) return;
    this.#grid.style.height = `${this.#list.total * this.#rowHeight}px`;
    for (const [index, row] of this.#rows) this.#move(row, index);
    this.#render();
  }

  #schedule() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render() {
    const total = this.#list.total ?? 0;
    const first = Math.max(Math.floor(this.#scroll.scrollTop / this.#rowHeight) - OVERSCAN_ROWS, 0);
    const visible = Math.ceil(this.#scroll.clientHeight / this.#rowHeight) + 2 * OVERSCAN_ROWS;
    const last = Math.min(first + visible, total);
    const focused = document.activeElement;
    for (const [index, row] of this.#rows) {
      if ((index >= first && index < last) || row === focused) continue;
      row.remove();
      this.#rows.delete(index);
    }
    for (let index = first; index < last; index += 1) this.#renderRow(index);
    const firstPage = Math.floor(first / PAGE_SIZE);
    for (let page = firstPage; page * PAGE_SIZE < last; page += 1) this.#need(page);
  }

  #renderRow(index) {
    const track = this.#list.peek(index);
    const here = this.#rows.get(index);
    if (here && (here.dataset.id !== undefined || !track)) return;
    here?.remove();
    this.#place(index, track ? this.#trackRow(track, index) : ghostRow());
  }

  async #need(page) {
    const list = this.#list;
    if (list.peek(page * PAGE_SIZE) || this.#failedPages.has(page)) return;
    try {
      await list.loadPage(page);
    } catch (error) {
      this.#failedPages.add(page);
      if (error.status === 401) return; // the log-in dialog is there; `refresh` goes on after it
      setTimeout(() => this.#failedPages.delete(page) && this.#schedule(), 3_000);
      return;
    }
    if (list === this.#list) this.#schedule();
  }

  #place(index, row) {
    this.#move(row, index);
    this.#rows.set(index, row);
    this.#grid.append(row);
  }

  #move(row, index) {
    row.style.transform = `translateY(${index * this.#rowHeight}px)`;
  }

  #trackRow(track, index) {
    const thumb = element('span', { class: 'thumb' });
    showCover(thumb, track);
    const row = element(
      'div',
      {
        class: 'row',
        role: 'row',
        tabindex: index === this.#focusIndex ? '0' : '-1',
        'aria-rowindex': String(index + 1),
        'data-index': String(index),
        'data-id': track.id,
      },
      element('span', { class: 'row__index', 'aria-hidden': 'true' }, String(index + 1)),
      thumb,
      element(
        'span',
        { class: 'row__names', role: 'gridcell' },
        element('span', { class: 'row__title' }, track.title),
        element('span', { class: 'row__artist' }, track.artist ?? t('track.unknownArtist')),
      ),
      element('span', { class: 'row__album', role: 'gridcell' }, track.album ?? ''),
      element('span', { class: 'row__format', role: 'gridcell' }, sourceFormat(track)),
      element('span', { class: 'row__time', role: 'gridcell' }, clock(track.duration)),
      element(
        'span',
        { class: 'row__more', role: 'gridcell' },
        element(
          'button',
          {
            class: 'button-icon row__add',
            type: 'button',
            tabindex: '-1',
            'aria-label': t('track.queue', { title: track.title }),
            'data-title': 'track.queueHint',
          },
          icon('add'),
        ),
      ),
    );
    this.#mark(row, track.id);
    this.#markSelected(row, index);
    return row;
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
    for (const [index, row] of this.#rows) if (row.dataset.id !== undefined) this.#markSelected(row, index);
    this.#showCount();
  }

  #markSelected(row, index) {
    row.setAttribute('aria-selected', String(this.#selection.has(index)));
  }

  #markCurrent() {
    for (const row of this.#rows.values()) if (row.dataset.id !== undefined) this.#mark(row, row.dataset.id);
  }

  #mark(row, id) {
    const isCurrent = id === this.#transport.track?.id;
    if ((row.getAttribute('aria-current') === 'true') === isCurrent) return;
    const cell = row.querySelector('.row__index');
    if (isCurrent) {
      row.setAttribute('aria-current', 'true');
      cell?.replaceChildren(element('span', { class: 'bars' }, element('i'), element('i'), element('i')));
    } else {
      row.removeAttribute('aria-current');
      cell?.replaceChildren(String(Number(row.dataset.index) + 1));
    }
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
    this.#focusIndex = index;
    for (const [at, row] of this.#rows) if (row.dataset.id !== undefined) row.tabIndex = at === index ? 0 : -1;
    const { track, status } = this.#transport;
    if (this.#list.peek(index)?.id === track?.id && status !== 'failed' && status !== 'ended') this.#transport.toggle();
    else this.#transport.playFrom(this.#list, index);
  }

  #key(event) {
    const index = Number(event.target.closest('.row[data-id]')?.dataset.index ?? Number.NaN);
    if (Number.isNaN(index) || event.ctrlKey || event.metaKey || event.altKey) return;
    const screen = Math.max(Math.floor(this.#scroll.clientHeight / this.#rowHeight) - 1, 1);
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
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#scroll;
    const lowest = top + this.#rowHeight - clientHeight;
    if (top < scrollTop) this.#scroll.scrollTop = top;
    else if (lowest > scrollTop) this.#scroll.scrollTop = lowest;
    const list = this.#list;
    await list.get(index).catch(() => undefined); // a page that fails stays a ghost, which cannot be focused
    if (list !== this.#list) return;
    this.#focusIndex = index;
    this.#render();
    for (const [at, row] of this.#rows) if (row.dataset.id !== undefined) row.tabIndex = at === index ? 0 : -1;
    if (this.#rows.get(index)?.dataset.id !== undefined) this.#rows.get(index)?.focus({ preventScroll: true });
  }
}

function ghostRow() {
  return element(
    'div',
    { class: 'row row--ghost', 'aria-hidden': 'true' },
    element('span', { class: 'row__index' }),
    element('span', { class: 'thumb' }),
    element(
      'span',
      {},
      element('span', { class: 'ghost ghost--long' }),
      element('span', { class: 'ghost ghost--short' }),
    ),
  );
}

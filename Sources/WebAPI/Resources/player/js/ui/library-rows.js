import { language, t } from '../i18n/language.js';
import { PAGE_SIZE } from '../limits.js';
import { showCover } from './cover.js';
import { byId, element, icon } from './dom.js';
import { clock, sourceFormat } from './format.js';
import { VirtualRows } from './virtual-rows.js';

/** Rows of the skeleton while the first page is on its way. */
const GHOST_ROWS = 12;

/** The library's rows as far as one can see them; what plays and what is selected is marked in them. */
export class LibraryRows {
  #list;
  #selection;
  #currentId;
  #rows;
  #tabStop = 0;

  /**
   * @param {object} parts
   * @param {() => import('../player/track-list.js').TrackList} parts.list that is shown
   * @param {import('../player/selection.js').Selection} parts.selection
   * @param {() => string | undefined} parts.currentId track that plays
   * @param {(page: number) => void} parts.onPage a page of the list is in view
   */
  constructor({ list, selection, currentId, onPage }) {
    this.#list = list;
    this.#selection = selection;
    this.#currentId = currentId;
    this.#rows = new VirtualRows(byId('library-scroll'), byId('library-list'), {
      heightVariable: '--row',
      keyOf: (index) => `${list().peek(index)?.id}/${language.wording.language}`,
      draw: (index) => this.#draw(index),
      onRange: (first, end) => {
        for (let page = Math.floor(first / PAGE_SIZE); page * PAGE_SIZE < end; page += 1) onPage(page);
      },
    });
  }

  /** The row that the Tab key leads to. */
  get tabStop() {
    return this.#tabStop;
  }

  set tabStop(index) {
    this.#tabStop = index;
    for (const [at, row] of this.#rows.drawn) if (row.dataset.id !== undefined) row.tabIndex = at === index ? 0 : -1;
  }

  /** How many fit into what one can see, less one that stays in view when one turns a page. */
  get perScreen() {
    return Math.max(Math.floor(byId('library-scroll').clientHeight / this.#rows.rowHeight) - 1, 1);
  }

  clear() {
    this.#rows.clear();
    this.#rows.setTotal(0);
  }

  showGhosts() {
    this.#rows.setTotal(GHOST_ROWS);
  }

  /** Begins with another list. @param {number} scrollTop pixels */
  begin(scrollTop) {
    this.#tabStop = 0;
    this.#rows.clear();
    this.#rows.setTotal(this.#list().total ?? 0);
    byId('library-scroll').scrollTop = scrollTop;
    this.#rows.render();
  }

  /** Draws all of them anew, where one is. */
  redraw() {
    this.#rows.clear();
    this.#rows.render();
  }

  /** Draws soon what has come meanwhile. */
  schedule() {
    this.#rows.schedule();
  }

  /** Scrolls as little as needed to show a row. @param {number} index */
  reveal(index) {
    this.#rows.reveal(index);
  }

  /** @param {number} index of a row that is in view */
  focus(index) {
    this.#rows.render();
    this.tabStop = index;
    const row = this.#rows.row(index);
    if (row?.dataset.id !== undefined) row.focus({ preventScroll: true });
  }

  markCurrent() {
    for (const [, row] of this.#rows.drawn) if (row.dataset.id !== undefined) this.#markCurrent(row);
  }

  markSelected() {
    for (const [index, row] of this.#rows.drawn) if (row.dataset.id !== undefined) this.#markSelected(row, index);
  }

  #markSelected(row, index) {
    row.setAttribute('aria-selected', String(this.#selection.has(index)));
  }

  #markCurrent(row) {
    const isCurrent = row.dataset.id === this.#currentId();
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

  #draw(index) {
    const track = this.#list().peek(index);
    if (!track) return ghost();
    const row = trackRow(track, index, index === this.#tabStop);
    this.#markCurrent(row);
    this.#markSelected(row, index);
    return row;
  }
}

/** @param {import('../net/api.js').Track} track @param {number} index @param {boolean} isTabStop */
function trackRow(track, index, isTabStop) {
  const thumb = element('span', { class: 'thumb' });
  showCover(thumb, track);
  return element(
    'div',
    {
      class: 'row',
      role: 'row',
      tabindex: isTabStop ? '0' : '-1',
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
}

/** A row that is on its way. */
function ghost() {
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

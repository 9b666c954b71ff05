import { language, t } from '../i18n/language.js';
import { MAX_CROSSFADE_SECONDS, MAX_SUMMED_QUEUE } from '../limits.js';
import { showCover } from './cover.js';
import { byId, element, icon } from './dom.js';
import { clock, longTime, number, spokenTime } from './format.js';
import { QueueDrag } from './queue-drag.js';
import { VirtualRows } from './virtual-rows.js';

/** The queue: what was, what plays, what comes. Rows can be dragged, or moved, played and removed by keys. */
export class QueuePanel {
  #session;
  #store;
  #transport;
  #list = byId('queue-list');
  #rows;
  /** @type {string | null} item that has the keyboard's place in the list */
  #focusItem = null;
  /** @type {string | null} the item that was scrolled to */
  #shownItem = null;

  /**
   * @param {object} parts
   * @param {import('../player/session.js').Session} parts.session
   * @param {import('../player/track-store.js').TrackStore} parts.store
   * @param {import('../player/transport.js').Transport} parts.transport
   * @param {import('./track-drag.js').TrackDrag} parts.drag of tracks from the library
   * @param {() => void} parts.onOpen something dragged wants in
   */
  constructor({ session, store, transport, drag, onOpen }) {
    this.#session = session;
    this.#store = store;
    this.#transport = transport;
    this.#rows = new VirtualRows(byId('queue-scroll'), this.#list, {
      heightVariable: '--queue-row',
      keyOf: (index) => this.#keyOf(index),
      draw: (index) => this.#draw(index),
      onRange: (first, end) => session.need(first, end),
    });
    new QueueDrag(byId('queue-scroll'), this.#list, byId('queue-gap'), {
      gapAt: (y) => this.#rows.gapAt(y),
      rowHeight: () => this.#rows.rowHeight,
      indexOf: (id) => session.queue.indexOf(id),
      onMove: (id, to) => this.#move(id, to),
    });
    drag.endsIn({
      gapAt: (y) => this.#rows.gapAt(y),
      rowHeight: () => this.#rows.rowHeight,
      onOpen,
      onDrop: (tracks, index) => transport.add(tracks, index),
    });
    this.#list.addEventListener('click', (event) => this.#clicked(event));
    this.#list.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('focusin', (event) => {
      const row = event.target.closest('.item');
      if (row) this.#takeFocus(row.dataset.item);
    });
    byId('queue-clear').addEventListener('click', async () => {
      if (await transport.attempt(transport.edits.clear())) this.#say(t('queue.cleared'));
    });
    byId('queue-now').addEventListener('click', () => this.#focus(session.queue.index));
    const fade = byId('queue-crossfade');
    for (const seconds of [0, 1, 2, 3, 4, 6, 8, 10, MAX_CROSSFADE_SECONDS]) {
      fade.append(element('option', { value: String(seconds) }));
    }
    fade.addEventListener('change', () => transport.attempt(session.setCrossfade(Number(fade.value))));
    session.on('queue', () => this.show());
    store.on('change', () => {
      this.#rows.render();
      this.#showCount();
    });
    transport.on('change', () => this.#rows.schedule());
    language.on('change', () => this.show());
    this.show();
  }

  /** Draws anew; also when the panel has come into view. */
  show() {
    const { queue } = this.#session;
    byId('queue-context').textContent = contextName(queue.context);
    this.#showCount();
    byId('queue-now').disabled = queue.index < 0;
    byId('queue-blank').hidden = queue.total > 0;
    byId('queue-clear').disabled = queue.total <= 1;
    const fade = byId('queue-crossfade');
    const value = String(queue.crossfade);
    if (![...fade.options].some((option) => option.value === value)) {
      fade.append(element('option', { value }));
    }
    for (const option of fade.options) {
      const seconds = Number(option.value);
      option.textContent = seconds === 0 ? t('queue.crossfadeOff') : t('queue.seconds', { seconds });
    }
    fade.value = value;
    this.#rows.setTotal(queue.total);
    this.#followPlaying();
  }

  /** Which of how many, and how long all of them are. */
  #showCount() {
    const { queue } = this.#session;
    if (byId('panel-queue').hidden) return;
    if (queue.total <= MAX_SUMMED_QUEUE) {
      this.#session.need(0, queue.total);
      for (let at = 0; at < queue.total; at += 1) this.#store.want(queue.peek(at)?.trackId);
    }
    const { seconds, isExact } = queue.length((id) => this.#store.peek(id));
    const place = t('queue.place', { place: queue.index + 1, total: queue.total });
    const length = longTime(seconds);
    const time = isExact ? length : t('queue.about', { time: length });
    byId('queue-count').textContent = queue.total === 0 ? '' : [place, seconds > 0 && time].filter(Boolean).join(' · ');
  }

  /** Scrolls to what plays when it has changed, unless somebody is at work in the list. */
  #followPlaying() {
    const { index, itemId } = this.#session.queue;
    if (index < 0 || itemId === this.#shownItem || this.#list.contains(document.activeElement)) return;
    if (byId('panel-queue').hidden) return;
    this.#shownItem = itemId;
    this.#rows.reveal(index, 'upper');
  }

  #keyOf(index) {
    const { queue } = this.#session;
    const item = queue.peek(index);
    const track = this.#store.want(item?.trackId);
    const place = index < queue.index ? 'past' : index === queue.index ? 'now' : 'next';
    const known = track === null ? 'gone' : track ? 'known' : 'unknown';
    const marks = `${this.#isTabStop(index, item)}/${this.#isNextByHand(index, item)}`;
    return `${index}/${queue.total}/${item?.id}/${known}/${place}/${marks}/${language.wording.language}`;
  }

  /** Whether a listener has put it there, and it is still to come. */
  #isNextByHand(index, item) {
    return index > this.#session.queue.index && this.#transport.edits.byHand.has(item?.id);
  }

  #isTabStop(index, item) {
    const { queue } = this.#session;
    const focus = queue.indexOf(this.#focusItem);
    return focus >= 0 ? item?.id === this.#focusItem : index === Math.max(queue.index, 0);
  }

  #draw(index) {
    const { queue } = this.#session;
    const item = queue.peek(index);
    const track = this.#store.want(item?.trackId);
    if (!item) return ghost();
    const isNow = index === queue.index;
    const title = track === null ? t('queue.gone') : (track?.title ?? '…');
    const artist = track?.artist ?? (track ? t('track.unknownArtist') : '');
    const thumb = element('span', { class: 'thumb thumb--small' });
    showCover(thumb, track ?? null);
    const isByHand = this.#isNextByHand(index, item);
    const length = track && spokenTime(track.duration);
    const spoken = [title, artist, isByHand && t('queue.byHand'), length, isNow && t('queue.playing')];
    const main = element(
      'button',
      {
        class: 'item__main',
        type: 'button',
        'aria-label': spoken.filter(Boolean).join(', '),
        'aria-describedby': 'queue-hint',
        tabindex: this.#isTabStop(index, item) ? '0' : '-1',
      },
      thumb,
      element(
        'span',
        { class: 'item__names' },
        element('span', { class: 'item__title' }, title),
        element(
          'span',
          { class: 'item__artist' },
          ...(isByHand ? [element('span', { class: 'item__mark', 'data-text': 'queue.byHand' }), ' '] : []),
          artist,
        ),
      ),
      element('span', { class: 'item__time' }, track ? clock(track.duration) : ''),
    );
    return element(
      'div',
      {
        class: `item${index < queue.index ? ' item--past' : ''}${track === null ? ' item--gone' : ''}`,
        role: 'listitem',
        'aria-posinset': String(index + 1),
        'aria-setsize': String(queue.total),
        'aria-current': isNow ? 'true' : undefined,
        'data-item': item.id,
      },
      element('span', { class: 'item__grip', 'aria-hidden': 'true' }, icon('grip')),
      main,
      element(
        'button',
        { class: 'button-icon item__remove', type: 'button', tabindex: '-1', 'aria-label': t('queue.remove', { title }) },
        icon('close'),
      ),
    );
  }

  #clicked(event) {
    const row = event.target.closest('.item[data-item]');
    if (!row) return;
    if (event.target.closest('.item__remove')) this.#remove(row.dataset.item);
    else if (event.target.closest('.item__main')) this.#play(row.dataset.item);
  }

  #play(id) {
    if (id === this.#transport.itemId && this.#transport.status !== 'failed') this.#transport.toggle();
    else this.#transport.jump(id);
  }

  async #remove(id) {
    const { queue } = this.#session;
    const at = queue.indexOf(id);
    const title = this.#store.peek(queue.peek(at)?.trackId)?.title ?? t('queue.aTrack');
    const hadFocus = this.#list.contains(document.activeElement);
    const next = queue.peek(at + 1) ?? queue.peek(at - 1);
    const removed = this.#transport.attempt(this.#transport.edits.remove([id], title));
    if (hadFocus && next) this.#focus(queue.indexOf(next.id));
    if (await removed) this.#say(t('queue.removed', { title }));
  }

  async #move(id, to) {
    const { queue } = this.#session;
    const place = Math.min(Math.max(to, 0), queue.total - 1);
    if (queue.indexOf(id) === place) return;
    const title = this.#store.peek(queue.peek(queue.indexOf(id))?.trackId)?.title ?? t('queue.aTrack');
    const hadFocus = this.#list.contains(document.activeElement);
    const moved = this.#transport.attempt(this.#session.move(id, place));
    if (hadFocus) this.#focus(place);
    if (await moved) this.#say(t('queue.moved', { title, place: String(place + 1), total: String(queue.total) }));
  }

  #key(event) {
    const id = event.target.closest('.item[data-item]')?.dataset.item;
    const { queue } = this.#session;
    const index = queue.indexOf(id);
    if (!id || index < 0 || event.ctrlKey || event.metaKey) return;
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      this.#move(id, index + (event.key === 'ArrowUp' ? -1 : 1));
    } else if (event.altKey) {
      return;
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.#remove(id);
    } else {
      const last = queue.total - 1;
      const page = Math.max(Math.floor(byId('queue-scroll').clientHeight / this.#rows.rowHeight) - 1, 1);
      const goTo = {
        ArrowDown: index + 1,
        ArrowUp: index - 1,
        PageDown: index + page,
        PageUp: index - page,
        Home: 0,
        End: last,
      }[event.key];
      if (goTo === undefined) return;
      this.#focus(Math.min(Math.max(goTo, 0), last));
    }
    event.preventDefault();
    event.stopPropagation();
  }

  async #focus(index) {
    this.#rows.reveal(index);
    if (!this.#session.queue.peek(index)) await this.#session.need(index, index + 1);
    this.#focusItem = this.#session.queue.peek(index)?.id ?? null;
    this.#rows.render();
    this.#rows.row(index)?.querySelector('.item__main')?.focus({ preventScroll: true });
  }

  #takeFocus(id) {
    if (id === this.#focusItem) return;
    this.#focusItem = id;
    for (const main of this.#list.querySelectorAll('.item__main')) {
      main.tabIndex = main.closest('.item').dataset.item === id ? 0 : -1;
    }
  }

  #say(text) {
    byId('queue-live').textContent = text;
  }
}

/** @param {{kind?: string, name?: string} | null} context what the queue was made from */
function contextName(context) {
  if (context?.kind === 'library') return t('library.title');
  if (!context?.name) return t('queue.title');
  return context.kind === 'search' ? t('queue.ofSearch', { query: context.name }) : context.name;
}

/** A row that is on its way. */
function ghost() {
  const line = element('span', { class: 'ghost ghost--long' });
  return element('div', { class: 'item item--ghost', 'aria-hidden': 'true' }, line);
}

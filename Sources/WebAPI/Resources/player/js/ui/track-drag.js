import { t } from '../i18n/language.js';
import { byId, element } from './dom.js';

/** @typedef {import('../net/api.js').Track} Track */

/** The kind of what is dragged: text of other pages is no tracks of this one. */
const KIND = 'application/x-dubplate-tracks';

/** Tracks on their way from the library to the queue under a mouse; a finger scrolls, and has the menu. */
export class TrackDrag {
  /** @type {Promise<Track[]> | null} */
  #tracks = null;
  #ghost = element('div', { class: 'drag-ghost', 'aria-hidden': 'true' });

  /** @param {DragEvent} event `dragstart` @param {number} count @param {Promise<Track[]>} tracks */
  begin(event, count, tracks) {
    if (!event.dataTransfer) return;
    this.#tracks = tracks;
    this.#ghost.textContent = t('library.count', { count });
    document.body.append(this.#ghost);
    event.dataTransfer.setData(KIND, String(count));
    event.dataTransfer.effectAllowed = 'copy';
    event.dataTransfer.setDragImage(this.#ghost, -12, -12);
    addEventListener('dragend', () => this.#end(), { once: true });
  }

  /**
   * The queue takes them: where they are let go of in its list, and its tab opens it.
   *
   * @param {object} queue
   * @param {(clientY: number) => number} queue.gapAt
   * @param {() => number} queue.rowHeight
   * @param {() => void} queue.onOpen
   * @param {(tracks: Track[], index: number) => void} queue.onDrop
   */
  endsIn({ gapAt, rowHeight, onOpen, onDrop }) {
    const panel = byId('panel-queue');
    const gap = byId('queue-gap');
    const isOurs = (/** @type {DragEvent} */ event) => this.#tracks !== null && event.dataTransfer?.types.includes(KIND);
    for (const opener of [byId('tab-queue'), byId('queue-button')]) {
      opener.addEventListener('dragenter', (event) => isOurs(event) && panel.hidden && onOpen());
    }
    panel.addEventListener('dragover', (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      gap.hidden = false;
      gap.style.transform = `translateY(${gapAt(event.clientY) * rowHeight()}px)`;
    });
    panel.addEventListener('dragleave', (event) => {
      if (!panel.contains(event.relatedTarget)) gap.hidden = true;
    });
    panel.addEventListener('drop', async (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      const index = gapAt(event.clientY);
      const tracks = await this.#tracks;
      if (tracks?.length) onDrop(tracks, index);
    });
  }

  #end() {
    this.#tracks = null;
    this.#ghost.remove();
    byId('queue-gap').hidden = true;
  }
}

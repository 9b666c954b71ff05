/** A pointer that moved less than this clicked. */
const SLOP_PIXELS = 6;
/** Near the list's edges it scrolls, by this much a frame. */
const EDGE_PIXELS = 48;
const SCROLL_PIXELS = 9;

/** Moving a row of the queue with a pointer: by its grip, or with a mouse anywhere on it. */
export class QueueDrag {
  #scroll;
  #gap;
  #options;
  /** @type {{id: string, row: HTMLElement, pointerId: number, fromY: number, y: number, isMoving: boolean} | null} */
  #drag = null;
  #frame = 0;

  /**
   * @param {HTMLElement} scroll @param {HTMLElement} list @param {HTMLElement} gap the line that shows where it goes
   * @param {object} options
   * @param {(clientY: number) => number} options.gapAt
   * @param {() => number} options.rowHeight
   * @param {(id: string) => number} options.indexOf
   * @param {(id: string, to: number) => void} options.onMove `to` is the index after the move
   */
  constructor(scroll, list, gap, options) {
    this.#scroll = scroll;
    this.#gap = gap;
    this.#options = options;
    list.addEventListener('pointerdown', (event) => this.#grab(event));
    list.addEventListener('pointermove', (event) => this.#moved(event));
    list.addEventListener('pointerup', (event) => this.#drop(event));
    list.addEventListener('pointercancel', () => this.#letGo());
    // The click that ends a drag is none.
    list.addEventListener('click', (event) => this.#wasDragged && this.#swallow(event), { capture: true });
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#drag?.isMoving) return;
      this.#letGo();
      event.stopPropagation();
    });
  }

  #wasDragged = false;

  #swallow(event) {
    this.#wasDragged = false;
    event.stopPropagation();
    event.preventDefault();
  }

  #grab(event) {
    this.#wasDragged = false;
    const row = event.target.closest('.item[data-item]');
    const isGrip = event.target.closest('.item__grip') !== null;
    if (!row || event.button !== 0 || (event.pointerType !== 'mouse' && !isGrip)) return;
    if (event.target.closest('.item__remove')) return;
    const { pointerId, clientY } = event;
    this.#drag = { id: row.dataset.item, row, pointerId, fromY: clientY, y: clientY, isMoving: false };
  }

  #moved(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointerId) return;
    drag.y = event.clientY;
    if (!drag.isMoving) {
      if (Math.abs(drag.y - drag.fromY) < SLOP_PIXELS) return;
      drag.isMoving = true;
      event.currentTarget.setPointerCapture(drag.pointerId);
      drag.row.classList.add('is-dragged');
      this.#gap.hidden = false;
      this.#tick();
    }
    this.#show();
  }

  #show() {
    const drag = this.#drag;
    if (!drag) return;
    this.#gap.style.transform = `translateY(${this.#options.gapAt(drag.y) * this.#options.rowHeight()}px)`;
  }

  /** Scrolls while the pointer is held near an edge. */
  #tick() {
    const drag = this.#drag;
    if (!drag?.isMoving) return;
    const { top, bottom } = this.#scroll.getBoundingClientRect();
    if (drag.y < top + EDGE_PIXELS) this.#scroll.scrollTop -= SCROLL_PIXELS;
    else if (drag.y > bottom - EDGE_PIXELS) this.#scroll.scrollTop += SCROLL_PIXELS;
    this.#show();
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  #drop(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointerId) return;
    this.#letGo();
    if (!drag.isMoving) return;
    this.#wasDragged = true;
    const gap = this.#options.gapAt(event.clientY);
    const from = this.#options.indexOf(drag.id);
    if (from >= 0) this.#options.onMove(drag.id, gap > from ? gap - 1 : gap);
  }

  #letGo() {
    this.#drag?.row.classList.remove('is-dragged');
    this.#drag = null;
    this.#gap.hidden = true;
    cancelAnimationFrame(this.#frame);
  }
}

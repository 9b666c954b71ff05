/** Rows drawn beyond the visible ones, so that a flick of the wheel shows no blank. */
const OVERSCAN_ROWS = 8;

/** A scrolling list of any length that holds only the rows one can see, each at `index × height`. */
export class VirtualRows {
  #scroll;
  #list;
  #options;
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  #total = 0;
  #frame = 0;
  rowHeight = 60;

  /**
   * @param {HTMLElement} scroll @param {HTMLElement} list inside it
   * @param {object} options
   * @param {string} options.heightVariable of the style sheet
   * @param {(index: number) => string} options.keyOf changes when the row has to be drawn anew
   * @param {(index: number) => HTMLElement} options.draw
   * @param {(first: number, end: number) => void} options.onRange what is shown now
   */
  constructor(scroll, list, options) {
    this.#scroll = scroll;
    this.#list = list;
    this.#options = options;
    scroll.addEventListener('scroll', () => this.schedule(), { passive: true });
    new ResizeObserver(() => this.render()).observe(scroll);
  }

  /** @param {number} total rows */
  setTotal(total) {
    this.#total = total;
    this.render();
  }

  schedule() {
    this.#frame ||= requestAnimationFrame(() => this.render());
  }

  render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const height = getComputedStyle(document.documentElement).getPropertyValue(this.#options.heightVariable);
    this.rowHeight = Number.parseFloat(height) || 60;
    this.#list.style.height = `${this.#total * this.rowHeight}px`;
    const { scrollTop, clientHeight } = this.#scroll;
    if (clientHeight === 0) return;
    const first = Math.max(Math.floor(scrollTop / this.rowHeight) - OVERSCAN_ROWS, 0);
    const end = Math.min(first + Math.ceil(clientHeight / this.rowHeight) + 2 * OVERSCAN_ROWS, this.#total);
    for (const [index, row] of this.#rows) {
      if (index >= first && index < end) continue;
      // A row with the focus stays: without it the keyboard would have lost its place.
      if (index < this.#total && row.contains(document.activeElement)) continue;
      row.remove();
      this.#rows.delete(index);
    }
    for (let index = first; index < end; index += 1) this.#place(index);
    this.#options.onRange(first, end);
  }

  /** Forgets what is drawn; the list stays as long as it is. */
  clear() {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
  }

  /** The rows that are drawn, by index. */
  get drawn() {
    return this.#rows.entries();
  }

  /** @param {number} index @returns {HTMLElement | undefined} */
  row(index) {
    return this.#rows.get(index);
  }

  /** Scrolls as little as needed to show a row. @param {number} index @param {'nearest' | 'upper'} [where] */
  reveal(index, where = 'nearest') {
    const top = index * this.rowHeight;
    const { scrollTop, clientHeight } = this.#scroll;
    const lowest = top + this.rowHeight - clientHeight;
    if (where === 'upper') this.#scroll.scrollTop = Math.max(top - this.rowHeight, 0);
    else if (top < scrollTop) this.#scroll.scrollTop = top;
    else if (lowest > scrollTop) this.#scroll.scrollTop = lowest;
    this.render();
  }

  /** @param {number} clientY of a pointer @returns {number} the gap between two rows that is nearest, 0 … total */
  gapAt(clientY) {
    const y = clientY - this.#list.getBoundingClientRect().top;
    return Math.min(Math.max(Math.round(y / this.rowHeight), 0), this.#total);
  }

  #place(index) {
    const key = this.#options.keyOf(index);
    const here = this.#rows.get(index);
    if (here?.dataset.key === key) return;
    const row = this.#options.draw(index);
    row.dataset.key = key;
    // By the style sheet's own height, which changes with the screen's width while the rows stay.
    row.style.transform = `translateY(calc(${index} * var(${this.#options.heightVariable})))`;
    // The order of the page is the order of the rows, for whoever reads it aloud.
    if (here) {
      const hadFocus = here.contains(document.activeElement);
      here.replaceWith(row);
      if (hadFocus) (row.matches('[tabindex]') ? row : row.querySelector('button'))?.focus({ preventScroll: true });
    } else {
      this.#list.insertBefore(row, this.#following(index));
    }
    this.#rows.set(index, row);
  }

  #following(index) {
    let nearest = Infinity;
    for (const at of this.#rows.keys()) if (at > index && at < nearest) nearest = at;
    return this.#rows.get(nearest) ?? null;
  }
}

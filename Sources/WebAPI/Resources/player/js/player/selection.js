import { MAX_SELECTED } from '../limits.js';

/** Which rows of a list are selected: one after the other, or from one to another. No I/O. */
export class Selection {
  /** @type {Set<number>} */
  #rows = new Set();
  /** Where a stretch begins. */
  #anchor = 0;

  get size() {
    return this.#rows.size;
  }

  /** @returns {number[]} in the list's order */
  get rows() {
    return [...this.#rows].sort((one, other) => one - other);
  }

  /** @param {number} row */
  has(row) {
    return this.#rows.has(row);
  }

  /** Selects a row, or lets it go. @param {number} row */
  toggle(row) {
    this.#anchor = row;
    if (this.#rows.delete(row) || this.#rows.size >= MAX_SELECTED) return;
    this.#rows.add(row);
  }

  /** Where the next stretch begins. @param {number} row */
  anchor(row) {
    if (this.#rows.size === 0) this.#anchor = row;
  }

  /** Selects the stretch to a row, as long as it may be, and nothing else. @param {number} row */
  extend(row) {
    const step = row < this.#anchor ? -1 : 1;
    const length = Math.min(Math.abs(row - this.#anchor) + 1, MAX_SELECTED);
    this.#rows = new Set(Array.from({ length }, (_, at) => this.#anchor + at * step));
  }

  clear() {
    this.#rows.clear();
  }
}

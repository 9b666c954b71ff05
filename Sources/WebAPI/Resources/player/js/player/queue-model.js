/**
 * @typedef {{id: string, trackId: string}} QueueItem
 *
 * @typedef {object} QueueWindow what the server says of a queue: all of its figures, and some of its items
 * @property {number} version grows with every change
 * @property {number} total
 * @property {number} offset of the first of `items`
 * @property {QueueItem[]} items
 * @property {number} index of the playing item in play order, −1 if none
 * @property {string | null} [itemId]
 * @property {boolean} shuffle
 * @property {'off' | 'one' | 'all'} repeat
 * @property {number} crossfade seconds
 * @property {{kind?: string, id?: string, name?: string} | null} [context]
 */

/**
 * The queue as far as this device has seen it: windows of one version put together. No I/O.
 *
 * A new version makes every window seen so far old. Old items are still shown where nothing newer is known, so that a
 * list on the screen doesn't flicker while its windows are fetched again; `missing` says what has to be.
 */
export class QueueModel {
  version = -1;
  total = 0;
  index = -1;
  /** @type {string | null} */
  itemId = null;
  shuffle = false;
  /** @type {'off' | 'one' | 'all'} */
  repeat = 'off';
  crossfade = 0;
  /** @type {{kind?: string, id?: string, name?: string} | null} */
  context = null;
  /** @type {Map<number, QueueItem>} */
  #items = new Map();
  /** @type {Map<number, QueueItem>} */
  #old = new Map();

  /**
   * @param {QueueWindow} window
   * @returns {boolean} false for one of an older version, which changes nothing
   */
  apply(window) {
    if (!Number.isFinite(window?.version) || window.version < this.version) return false;
    if (window.version > this.version) this.#age();
    this.version = window.version;
    this.total = window.total;
    this.index = window.index;
    this.itemId = window.itemId ?? null;
    this.shuffle = window.shuffle === true;
    this.repeat = window.repeat ?? 'off';
    this.crossfade = window.crossfade ?? 0;
    this.context = window.context ?? null;
    for (const [at, item] of (window.items ?? []).entries()) this.#items.set(window.offset + at, item);
    for (const map of [this.#items, this.#old]) {
      for (const at of map.keys()) if (at >= this.total) map.delete(at);
    }
    return true;
  }

  /** Versions begin anew: another server, or another listener. What was seen stays on the screen till then. */
  restart() {
    this.#age();
    this.version = -1;
  }

  /** Forgets everything. */
  clear() {
    Object.assign(this, new QueueModel());
    this.#items.clear();
    this.#old.clear();
  }

  /** @param {number} index @returns {QueueItem | undefined} undefined where nothing was seen yet */
  peek(index) {
    return this.#items.get(index) ?? this.#old.get(index);
  }

  /** @param {string | null | undefined} id @returns {number} index in play order, −1 if it wasn't seen */
  indexOf(id) {
    for (const map of [this.#items, this.#old]) {
      for (const [at, item] of map) if (item.id === id) return at;
    }
    return -1;
  }

  /** @param {string | null | undefined} id @returns {QueueItem | undefined} the item behind that one, in play order */
  following(id) {
    const at = this.indexOf(id);
    if (at < 0) return undefined;
    if (at + 1 < this.total) return this.peek(at + 1);
    return this.repeat === 'all' ? this.peek(0) : undefined;
  }

  /**
   * How long all of it is, as far as that is known: the rest is taken to be like what is.
   *
   * @param {(trackId: string) => {duration: number} | null | undefined} track null: there is none any more
   * @returns {{seconds: number, isExact: boolean}}
   */
  length(track) {
    let seconds = 0;
    let known = 0;
    for (let at = 0; at < this.total; at += 1) {
      const item = this.peek(at);
      const found = item && track(item.trackId);
      if (found === undefined) continue;
      known += 1;
      seconds += found?.duration ?? 0;
    }
    if (known === this.total) return { seconds, isExact: true };
    return { seconds: known === 0 ? 0 : (seconds / known) * this.total, isExact: false };
  }

  /**
   * What to fetch so that this part is known.
   *
   * @param {number} first @param {number} end behind the last
   * @param {number} limit of a request
   * @returns {{offset: number, limit: number} | null} null when all of it is
   */
  missing(first, end, limit) {
    for (let at = Math.max(first, 0); at < Math.min(end, this.total); at += 1) {
      if (!this.#items.has(at)) return { offset: at, limit: Math.min(limit, this.total - at) };
    }
    return null;
  }

  /**
   * Shows a move before the server has confirmed it; its answer has a newer version and replaces this.
   *
   * @param {number} from @param {number} to index after the move
   * @returns {() => void} takes it back, unless something newer has come
   */
  moveForNow(from, to) {
    const undo = this.#snapshot();
    const order = Array.from({ length: this.total }, (_, at) => at);
    order.splice(to, 0, ...order.splice(from, 1));
    this.#reorder(order);
    return undo;
  }

  /** As `moveForNow`, for items that go. @param {Set<string>} ids */
  removeForNow(ids) {
    const undo = this.#snapshot();
    const gone = new Set([...ids].map((id) => this.indexOf(id)));
    const order = Array.from({ length: this.total }, (_, at) => at).filter((at) => !gone.has(at));
    this.total = order.length;
    this.#reorder(order);
    return undo;
  }

  /** @param {number[]} order of each new place the old one */
  #reorder(order) {
    const places = (/** @type {Map<number, QueueItem>} */ map) => {
      const moved = new Map();
      for (const [at, from] of order.entries()) {
        const item = map.get(from);
        if (item) moved.set(at, item);
      }
      return moved;
    };
    this.#items = places(this.#items);
    this.#old = places(this.#old);
    if (this.index >= 0) this.index = order.indexOf(this.index);
  }

  #snapshot() {
    const { version, total, index } = this;
    const items = new Map(this.#items);
    const old = new Map(this.#old);
    return () => {
      if (this.version !== version) return;
      this.total = total;
      this.index = index;
      this.#items = items;
      this.#old = old;
    };
  }

  #age() {
    for (const [at, item] of this.#items) this.#old.set(at, item);
    this.#items = new Map();
  }
}

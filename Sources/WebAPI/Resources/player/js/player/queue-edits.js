import { t } from '../i18n/language.js';
import { MAX_BY_HAND, MAX_KEPT_QUEUE, QUEUE_PAGE } from '../limits.js';
import { preferences } from '../preferences.js';

/** @typedef {import('./queue-model.js').QueueItem} QueueItem */

/**
 * @typedef {object} Kept a queue as it was
 * @property {QueueItem[]} items in play order
 * @property {number} index
 * @property {{kind?: string, id?: string, name?: string} | null} context
 */

/** What of a queue was put into it by hand: kept on this device, so that another page of it knows as well. */
export class ByHand {
  #storage;
  /** @type {Set<string>} items, oldest first */
  #items;
  /** Whether the queue isn't what it was made from any more. */
  isEdited;

  /** @param {Pick<typeof preferences, 'get' | 'set'>} [storage] */
  constructor(storage = preferences) {
    this.#storage = storage;
    const { items, isEdited } = storage.get('byHand', { items: [], isEdited: false });
    this.#items = new Set(Array.isArray(items) ? items : []);
    this.isEdited = isEdited === true;
  }

  /** @param {string | undefined} id */
  has(id) {
    return id !== undefined && this.#items.has(id);
  }

  /** @param {string[]} ids of items that were added */
  add(ids) {
    for (const id of ids) this.#items.add(id);
    this.#items = new Set([...this.#items].slice(-MAX_BY_HAND));
    this.touch();
  }

  /** The queue was changed. */
  touch() {
    this.isEdited = true;
    this.#keep();
  }

  /** The queue is another one. @param {string[]} [ids] of it, put there by hand */
  restart(ids = []) {
    this.#items = new Set(ids);
    this.isEdited = ids.length > 0;
    this.#keep();
  }

  #keep() {
    this.#storage.set('byHand', { items: [...this.#items], isEdited: this.isEdited });
  }
}

/**
 * Changes of the queue that a listener makes by hand, each with a way back; and what another list leaves of them.
 */
export class QueueEdits {
  byHand;
  #session;
  #say;
  #restore;

  /**
   * @param {object} parts
   * @param {import('./session.js').Session} parts.session
   * @param {(message: string, undo?: () => Promise<unknown>) => void} parts.say
   * @param {(kept: Kept, position: number) => Promise<boolean>} parts.restore plays a queue as it was
   * @param {ByHand} [parts.byHand]
   */
  constructor({ session, say, restore, byHand = new ByHand() }) {
    this.#session = session;
    this.#say = say;
    this.#restore = restore;
    this.byHand = byHand;
    session.on('changed', ({ reason }) => {
      if (reason === 'set' || reason === 'play') this.byHand.restart();
      else if (reason === 'remove' || reason === 'move' || reason === 'clear') this.byHand.touch();
    });
  }

  /** @param {string[]} tracks @param {'next' | 'end' | number} at */
  async add(tracks, at) {
    const { items } = await this.#session.add(tracks, at);
    this.#mark(items);
  }

  /** @param {string[]} ids */
  #mark(ids) {
    this.byHand.add(ids);
    this.#session.emit('queue'); // which shows it
  }

  /** @param {string[]} ids of items @param {string} title of them, for people */
  async remove(ids, title) {
    const { queue } = this.#session;
    const gone = ids
      .map((id) => ({ at: queue.indexOf(id), wasByHand: this.byHand.has(id) }))
      .filter(({ at }) => at >= 0)
      .sort((one, other) => one.at - other.at)
      .map((each) => ({ ...each, trackId: /** @type {QueueItem} */ (queue.peek(each.at)).trackId }));
    if (!(await this.#session.remove(ids))) return false;
    this.byHand.touch();
    this.#say(t('queue.removed', { title }), async () => {
      // Each one's place is right again once those before it are back.
      for (const { at, trackId, wasByHand } of gone) {
        const { items } = await this.#session.add([trackId], Math.min(at, this.#session.queue.total));
        if (wasByHand) this.#mark(items);
      }
    });
    return true;
  }

  /** Takes out all but what plays. */
  async clear() {
    const kept = await this.#look();
    if (!(await this.#session.clearQueue())) return false;
    const wasByHand = kept?.items.map(({ id }) => this.byHand.has(id)) ?? [];
    this.byHand.restart();
    this.#say(t('queue.cleared'), kept === null ? undefined : () => this.#refill(kept, wasByHand));
    return true;
  }

  /**
   * Another list is about to become the queue. To be called before that is asked for, which it doesn't hold up.
   *
   * @param {{kind: string, name: string}} context of the other list
   * @param {number} position seconds in what plays
   * @returns {() => Promise<void>} brings what was queued by hand behind what plays then, and offers the way back
   */
  replacing(context, position) {
    const { queue } = this.#session;
    const isAnother = context.kind !== queue.context?.kind || context.name !== queue.context?.name;
    const isSmall = queue.total <= QUEUE_PAGE;
    const isWorthIt = queue.total > 1 && (this.byHand.isEdited || (isAnother && isSmall));
    const looked = isWorthIt ? this.#look() : Promise.resolve(null);
    const coming = this.byHand.isEdited ? this.#coming(looked) : Promise.resolve([]);
    return async () => {
      const [kept, next] = await Promise.all([looked, coming]);
      const isHere = (/** @type {QueueItem} */ { id }) => this.byHand.has(id);
      const ahead = next.filter(isHere).map(({ trackId }) => trackId);
      const wasByHand = kept?.items.map(isHere) ?? [];
      this.byHand.restart();
      if (ahead.length > 0) await this.add(ahead, 'next');
      if (!kept) return;
      const more = ahead.length > 0 ? ` ${t('queue.kept')}` : '';
      this.#say(`${t('queue.replaced')}${more}`, async () => {
        if (!(await this.#restore(kept, position))) return;
        const again = wasByHand.flatMap((was, at) => (was ? [this.#session.queue.peek(at)?.id ?? []].flat() : []));
        this.byHand.restart();
        this.#mark(again);
      });
    };
  }

  /** All of the queue, null where it can't be had. @returns {Promise<Kept | null>} */
  async #look() {
    const { queue } = this.#session;
    const { total, index, context } = queue;
    if (total > MAX_KEPT_QUEUE) return null;
    const items = Array.from({ length: total }, (_, at) => queue.peek(at));
    if (queue.missing(0, total, 1) === null) return { items: /** @type {QueueItem[]} */ (items), index, context };
    try {
      return await this.#session.all();
    } catch {
      return null; // without it there is no way back, and nothing else is lost
    }
  }

  /**
   * What is to come; of a long queue only where things are queued by hand: around what plays, and at the end.
   *
   * @param {Promise<Kept | null>} looked
   */
  async #coming(looked) {
    const { queue } = this.#session;
    const { total, index } = queue;
    const known = [];
    for (let at = index + 1; at < total; at += 1) known.push(queue.peek(at) ?? []);
    // Without an answer it is what is known.
    const tail = total > MAX_KEPT_QUEUE ? this.#session.all(total - QUEUE_PAGE).catch(() => null) : null;
    const kept = await looked;
    if (kept) return kept.items.slice(kept.index + 1);
    const items = new Map([...known.flat(), ...((await tail)?.items ?? [])].map((item) => [item.id, item]));
    return [...items.values()];
  }

  /** @param {Kept} kept @param {boolean[]} wasByHand */
  async #refill({ items, index }, wasByHand) {
    const back = async (/** @type {number} */ first, /** @type {number} */ end, /** @type {'end' | number} */ at) => {
      if (first >= end) return;
      const tracks = items.slice(first, end).map(({ trackId }) => trackId);
      const { items: made } = await this.#session.add(tracks, at);
      this.#mark(made.filter((/** @type {string} */ _, /** @type {number} */ place) => wasByHand[first + place]));
    };
    await back(0, index, 0);
    await back(index + 1, items.length, 'end');
  }
}

import { MAX_PAGES, PAGE_SIZE } from '../limits.js';

/**
 * The library, or what a search left of it, fetched page by page as it is looked at.
 *
 * One list is one query. The list on screen and the list that plays on may be different ones.
 */
export class TrackList {
  /** @type {Map<number, import('../net/api.js').Track[]>} pages that are here, least recently used first */
  #pages = new Map();
  /** @type {Map<number, Promise<import('../net/api.js').Track[]>>} pages on their way */
  #loading = new Map();
  #fetchPage;

  /** Number of tracks, null before the first page. @type {number | null} */
  total = null;

  /**
   * @param {string} query
   * @param {(page: {query: string, limit: number, offset: number}) => Promise<{tracks: any[], total: number}>}
   *   fetchPage
   */
  constructor(query, fetchPage) {
    this.query = query;
    this.#fetchPage = fetchPage;
  }

  /** @param {number} index @returns {import('../net/api.js').Track | undefined} the track if it is here already */
  peek(index) {
    return this.#pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE];
  }

  /**
   * @param {number} index
   * @returns {Promise<import('../net/api.js').Track | undefined>} undefined past the end
   * @throws {import('../net/api.js').ApiError}
   */
  async get(index) {
    if (index < 0 || (this.total !== null && index >= this.total)) return undefined;
    return (await this.loadPage(Math.floor(index / PAGE_SIZE)))[index % PAGE_SIZE];
  }

  /**
   * Fetches a page unless it is here or on its way.
   *
   * @param {number} page
   * @returns {Promise<import('../net/api.js').Track[]>}
   */
  loadPage(page) {
    const here = this.#pages.get(page);
    if (here) {
      this.#pages.delete(page);
      this.#pages.set(page, here);
      return Promise.resolve(here);
    }
    const coming = this.#loading.get(page);
    if (coming) return coming;
    const request = this.#fetch(page).finally(() => this.#loading.delete(page));
    this.#loading.set(page, request);
    return request;
  }

  async #fetch(page) {
    const { tracks, total } = await this.#fetchPage({
      query: this.query,
      limit: PAGE_SIZE,
      offset: page * PAGE_SIZE,
    });
    this.total = total;
    this.#pages.set(page, tracks);
    if (this.#pages.size > MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value);
    return tracks;
  }
}

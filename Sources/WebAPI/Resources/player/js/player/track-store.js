import { Emitter } from '../events.js';
import { MAX_KNOWN_TRACKS, TRACK_BATCH, TRACK_BATCH_MS, TRACK_MOST_RETRY_MS, TRACK_RETRY_MS } from '../limits.js';

/** @typedef {import('../net/api.js').Track} Track */

/**
 * What is known of tracks by their ids: a queue and a remote only have ids. Wanted ones are asked for together.
 *
 * Emits `change` when tracks have come.
 *
 * @extends {Emitter<{change: undefined}>}
 */
export class TrackStore extends Emitter {
  /** @type {Map<string, Track | null>} least recently used first; null is one that the library doesn't have */
  #tracks = new Map();
  /** @type {Set<string>} */
  #wanted = new Set();
  /** @type {Set<string>} on their way */
  #asked = new Set();
  #timer = 0;
  /** in a row */
  #failures = 0;
  #fetch;

  /** @param {(ids: string[]) => Promise<Track[]>} fetchTracks of at most `TRACK_BATCH` ids; unknown ones left out */
  constructor(fetchTracks) {
    super();
    this.#fetch = fetchTracks;
  }

  /** @param {(Track | undefined)[]} tracks that came another way */
  put(tracks) {
    for (const track of tracks) if (track) this.#keep(track.id, track);
  }

  /** @param {string | null | undefined} id @returns {Track | null | undefined} null: deleted; undefined: unknown */
  peek(id) {
    return id ? this.#tracks.get(id) : undefined;
  }

  /** As `peek`, and asks for it if it isn't known. @param {string | null | undefined} id */
  want(id) {
    if (!id) return undefined;
    const known = this.#tracks.get(id);
    if (known !== undefined || this.#asked.has(id)) return known;
    this.#wanted.add(id);
    this.#timer ||= setTimeout(() => this.#ask(), TRACK_BATCH_MS);
    return undefined;
  }

  /** Asks again for what could not be had. */
  forgetMissing() {
    for (const [id, track] of this.#tracks) if (track === null) this.#tracks.delete(id);
  }

  async #ask() {
    this.#timer = 0;
    const ids = [...this.#wanted].slice(0, TRACK_BATCH);
    for (const id of ids) {
      this.#wanted.delete(id);
      this.#asked.add(id);
    }
    if (this.#wanted.size > 0) this.#timer = setTimeout(() => this.#ask(), 0);
    try {
      const tracks = await this.#fetch(ids);
      const found = new Map(tracks.map((track) => [track.id, track]));
      for (const id of ids) {
        this.#keep(id, found.get(id) ?? null);
        this.#asked.delete(id);
      }
      this.#failures = 0;
      this.emit('change');
    } catch {
      // Not known is what they stay. Whoever shows them asks again when it draws again, but not before this.
      const rest = Math.min(TRACK_RETRY_MS * 2 ** this.#failures, TRACK_MOST_RETRY_MS);
      this.#failures += 1;
      setTimeout(() => {
        for (const id of ids) this.#asked.delete(id);
        this.emit('change');
      }, rest);
    }
  }

  #keep(id, track) {
    this.#tracks.delete(id);
    this.#tracks.set(id, track);
    if (this.#tracks.size > MAX_KNOWN_TRACKS) this.#tracks.delete(this.#tracks.keys().next().value);
  }
}

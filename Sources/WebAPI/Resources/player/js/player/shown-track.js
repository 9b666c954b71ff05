/** @typedef {import('../net/api.js').Track} Track */

/** What this device plays, as it is shown: with what its stream says until the library has been asked. */
export class ShownTrack {
  /** @type {Track | null} */
  value = null;
  /** What comes next, as the server said when it began to send it. @type {any} */
  upcoming = null;
  #store;

  /**
   * @param {import('./track-store.js').TrackStore} store
   * @param {import('../net/connection.js').Connection} connection
   * @param {() => void} onChange more is known
   */
  constructor(store, connection, onChange) {
    this.#store = store;
    connection.on('preload_track', (next) => {
      this.upcoming = next;
      onChange();
    });
    store.on('change', () => {
      const known = store.peek(this.value?.id);
      if (!known || known === this.value) return;
      this.value = known;
      onChange();
    });
  }

  /** @param {Track | null} track */
  show(track) {
    this.value = track;
    this.upcoming = null;
  }

  /** @param {{trackId: string}} stream @returns {Track} */
  of(stream) {
    return this.#store.want(stream.trackId) ?? /** @type {any} */ ({ ...stream, id: stream.trackId });
  }
}

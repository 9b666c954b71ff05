/** @typedef {import('./stream-receiver.js').StreamInfo} StreamInfo */

/**
 * The streams that are heard or will be, in that order.
 *
 * Several streams can be one pass through a track: where one is lost, or another quality is chosen, a new one goes on,
 * sample for sample, where its chunks end. The server has only the last of these, and knows the others' sound by its id.
 * So what is told of a place is said of that one, and only of a pass that it is in: with the track before still to be
 * heard there is no place in the next one yet. No I/O.
 */
export class StreamRow {
  /** @type {{stream: StreamInfo, pass: number}[]} the first is the one that is heard */
  #entries = [];
  /** Streams of the first one's pass that it has taken the place of. @type {Set<string>} */
  #former = new Set();
  #passes = 0;

  /** The stream that is heard now, or will be as soon as there is sound. @type {StreamInfo | null} */
  get heard() {
    return this.#entries[0]?.stream ?? null;
  }

  /** The stream behind that. @type {StreamInfo | null} */
  get second() {
    return this.#entries[1]?.stream ?? null;
  }

  /** The stream that chunks come for. @type {StreamInfo | null} */
  get newest() {
    return this.#entries.at(-1)?.stream ?? null;
  }

  /** @returns {StreamInfo[]} */
  get all() {
    return this.#entries.map(({ stream }) => stream);
  }

  /** Ids of all streams of the pass that is heard. @returns {Set<string>} */
  get heardIds() {
    const pass = this.#entries[0]?.pass;
    const ids = this.#entries.filter((entry) => entry.pass === pass).map(({ stream }) => stream.streamId);
    return new Set([...this.#former, ...ids]);
  }

  /** @param {string | undefined} id @returns {StreamInfo | undefined} */
  of(id) {
    return this.#entries.find(({ stream }) => stream.streamId === id)?.stream;
  }

  /** @param {string | undefined} id @returns {StreamInfo | null} the stream that goes on where that one ends, or itself */
  latest(id) {
    const pass = this.#passOf(id);
    return this.#entries.findLast((entry) => entry.pass === pass)?.stream ?? null;
  }

  /** Whether both are one pass through a track. @param {string | undefined} one @param {string | undefined} other */
  isSame(one, other) {
    const pass = this.#passOf(one);
    return pass !== undefined && pass === this.#passOf(other);
  }

  /**
   * A place, the way the server is told of it.
   *
   * @param {string | undefined} id of the stream whose sound it is
   * @param {number} position seconds
   * @returns {{streamId: string, position: number} | null} null where that stream isn't here
   */
  place(id, position) {
    const stream = this.latest(id);
    return stream && { streamId: stream.streamId, position: Math.min(Math.max(position, 0), stream.duration) };
  }

  /** Nothing but that stream. @param {StreamInfo} stream @returns {string[]} ids of those that were here */
  begin(stream) {
    const ids = this.clear();
    this.follow(stream);
    return ids;
  }

  /** Another track behind the last one. @param {StreamInfo} stream */
  follow(stream) {
    this.#passes += 1;
    this.#entries.push({ stream, pass: this.#passes });
  }

  /**
   * A stream that goes on where that one's chunks end. If something else is the last by now, it's another track behind it.
   *
   * @param {StreamInfo} stream @param {string | undefined} id
   */
  goOn(stream, id) {
    const pass = this.#passOf(id);
    const last = this.#entries.at(-1);
    if (!last || last.pass !== pass) {
      this.follow(stream);
      return;
    }
    // With a track in front of it, the one that it replaces may still be named by what is heard.
    if (this.#entries.length === 1) this.#leave(1);
    this.#entries.push({ stream, pass });
  }

  /** The sound has come to that one. @param {string} id @returns {string[] | null} those before it; null if it's no news */
  reach(id) {
    const at = this.#entries.findIndex(({ stream }) => stream.streamId === id);
    if (at <= 0) return null;
    const isNext = this.#entries[at].pass !== this.#entries[0].pass;
    if (isNext) this.#former.clear();
    return this.#leave(at);
  }

  /** Nothing is behind that one. @param {string | undefined} id @returns {string[]} ids of what was */
  cutBehind(id) {
    const at = this.#entries.findIndex(({ stream }) => stream.streamId === id);
    return this.#entries.splice(Math.max(at, 0) + 1).map(({ stream }) => stream.streamId);
  }

  /**
   * Takes back a track that isn't heard yet, and what is behind it.
   *
   * @param {string} id @returns {StreamInfo[]} those streams; none where another one has taken its place
   */
  cancel(id) {
    const pass = this.#passOf(id);
    const at = this.#entries.findIndex((entry) => entry.pass === pass);
    if (at <= 0 || this.latest(id)?.streamId !== id) return [];
    return this.#entries.splice(at).map(({ stream }) => stream);
  }

  /** @returns {string[]} ids of those that were here */
  clear() {
    const ids = this.#entries.map(({ stream }) => stream.streamId);
    this.#entries = [];
    this.#former.clear();
    return ids;
  }

  /** The first ones are over. @param {number} count @returns {string[]} their ids */
  #leave(count) {
    const { pass } = this.#entries[count] ?? this.#entries[0];
    const left = this.#entries.splice(0, count);
    for (const entry of left) if (entry.pass === pass) this.#former.add(entry.stream.streamId);
    return left.map(({ stream }) => stream.streamId);
  }

  /** @param {string | undefined} id @returns {number | undefined} */
  #passOf(id) {
    if (id === undefined) return undefined;
    if (this.#former.has(id)) return this.#entries[0]?.pass;
    return this.#entries.find(({ stream }) => stream.streamId === id)?.pass;
  }
}

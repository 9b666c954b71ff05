/**
 * Sound as it came, still encoded.
 *
 * @typedef {object} HeldChunk
 * @property {'chunk'} kind
 * @property {string} streamId
 * @property {number} position source position of its first sample to be heard, seconds
 * @property {number} samples to be heard
 * @property {number} rate Hz at which they are counted
 * @property {number} skip decoded samples before those
 * @property {Uint8Array} data
 * @property {any} format of its frames; the same object for all chunks that one decoder can read in a row
 * @property {boolean} isStart whether a decoder can begin with it: it has the frames that lead in
 *
 * Another stream's chunks follow.
 * @typedef {{kind: 'follow', stream: import('./stream-receiver.js').StreamInfo, format: any, crossfade: number}} Follow
 *
 * Nothing follows, as far as is known.
 * @typedef {{kind: 'end'}} End
 *
 * @typedef {HeldChunk | Follow | End} Entry
 *
 * Where what is handed on ends for now: in which stream, and behind which of its seconds.
 * @typedef {{streamId: string, position: number}} Edge
 *
 * Where a jump leads.
 * @typedef {object} Place
 * @property {number} position of the first sample to be heard, seconds
 * @property {any} format
 * @property {HeldChunk[]} chunks to be decoded before what `take` gives next: one that leads in, of which nothing is
 *   heard, where it takes that, and what is left of the chunk that was pointed into
 */

/** Two positions this near, in samples, are one: they come as floating-point seconds. */
const SAME_SAMPLE = 1.5;

/**
 * What has arrived, in the order in which it is heard: chunks that wait to be decoded, and for a while those that were.
 * Encoded sound of two minutes takes a few megabytes where decoded it takes fifty; and a jump inside of it needs no
 * network.
 *
 * Bounded by `mostSeconds` and `mostBytes`: what was handed on goes first, oldest first; beyond that it is `isOverfull`,
 * and the receiver gives up. No I/O, and no clock.
 */
export class ChunkStore {
  /** @type {Entry[]} */
  #entries = [];
  /** Index of the first entry that wasn't handed on. */
  #next = 0;
  /** Index of the first entry that isn't to be handed on; null where all are. @type {number | null} */
  #stop = null;
  #bytes = 0;
  #aheadSeconds = 0;
  #behindSeconds = 0;
  #limits;

  /** @param {{mostSeconds: number, mostBytes: number, keptSeconds: number}} limits `keptSeconds`: of what was handed on */
  constructor(limits) {
    this.#limits = limits;
  }

  /** Seconds of sound that weren't handed on. */
  get aheadSeconds() {
    return this.#aheadSeconds;
  }

  /** Bytes of frames. */
  get bytes() {
    return this.#bytes;
  }

  get isOverfull() {
    return this.#aheadSeconds > this.#limits.mostSeconds || this.#bytes > this.#limits.mostBytes;
  }

  /** By how many seconds a stream that is still to be handed on is mixed with the end of the one before it. */
  get crossfadeAhead() {
    for (let i = this.#next; i < this.#entries.length; i += 1) {
      const entry = this.#entries[i];
      if (entry.kind === 'follow' && entry.crossfade > 0) return entry.crossfade;
    }
    return 0;
  }

  /** @returns {Entry | undefined} what `take` would give */
  peek() {
    return this.#next === this.#stop ? undefined : this.#entries[this.#next];
  }

  /** @param {Entry} entry behind all others */
  add(entry) {
    this.#entries.push(entry);
    if (entry.kind !== 'chunk') return;
    this.#bytes += entry.data.byteLength;
    this.#aheadSeconds += secondsOf(entry);
    this.#forget();
  }

  /** @returns {Entry | undefined} the next one, which counts as handed on */
  take() {
    const entry = this.peek();
    if (!entry) return undefined;
    this.#next += 1;
    if (entry.kind === 'chunk') {
      this.#aheadSeconds -= secondsOf(entry);
      this.#behindSeconds += secondsOf(entry);
    }
    this.#forget();
    return entry;
  }

  /** Drops a stream that followed another one, and all behind it. @param {string} streamId */
  cancel(streamId) {
    const at = this.#entries.findIndex((entry) => entry.kind === 'follow' && entry.stream.streamId === streamId);
    if (at >= 0) this.#truncate(at);
  }

  /**
   * Hands nothing on behind the first seconds of what waits, as of now: another stream is to go on there. Until it does
   * (`cut`), or `goOn`, nothing is lost.
   *
   * @param {number} keptSeconds
   * @returns {Edge | null} null where no chunk waits behind them, and nothing has changed
   */
  stopBehind(keptSeconds) {
    let at = this.#next;
    for (let kept = 0; at < this.#entries.length && kept < keptSeconds; at += 1) {
      const entry = this.#entries[at];
      if (entry.kind === 'chunk') kept += secondsOf(entry);
    }
    return this.#stopAt(at);
  }

  /** The same before the first chunk that waits of such a format. @param {(format: any) => boolean} isSuch */
  stopBefore(isSuch) {
    const waits = (entry, index) => index >= this.#next && entry.kind === 'chunk' && isSuch(entry.format);
    const at = this.#entries.findIndex(waits);
    return at < 0 ? null : this.#stopAt(at);
  }

  /** Hands on nothing that is still to be added. */
  stop() {
    this.#stop = this.#entries.length;
  }

  /** All is handed on again. */
  goOn() {
    this.#stop = null;
  }

  /** Drops what wasn't to be handed on. */
  cut() {
    if (this.#stop === null) return;
    const at = this.#stop;
    this.#stop = null;
    this.#truncate(at);
  }

  /**
   * Goes to a sample of what is held, if a decoder can get there: what follows it is handed on again.
   *
   * @param {Set<string>} streamIds of the track's streams
   * @param {number} position source position, seconds
   * @returns {Place | null} null where it isn't held
   */
  rewind(streamIds, position) {
    const at = this.#entries.findIndex(
      (entry, index) =>
        index < (this.#stop ?? Infinity) &&
        entry.kind === 'chunk' &&
        streamIds.has(entry.streamId) &&
        position >= entry.position - 0.5 / entry.rate &&
        position < endOf(entry) - 0.5 / entry.rate,
    );
    if (at < 0) return null;
    const chunk = /** @type {HeldChunk} */ (this.#entries[at]);
    const before = this.#entries[at - 1];
    const leads = before?.kind === 'chunk' && before.format === chunk.format && isNext(before, chunk);
    if (!leads && !chunk.isStart) return null;
    const left = Math.min(Math.max(Math.round((position - chunk.position) * chunk.rate), 0), chunk.samples - 1);
    const rest = { ...chunk, skip: chunk.skip + left, samples: chunk.samples - left };
    rest.position += left / chunk.rate;
    this.#handOnFrom(at + 1);
    const lead = leads && !chunk.isStart ? [{ ...before, samples: 0, skip: 0 }] : [];
    return { position: rest.position, format: chunk.format, chunks: [...lead, rest] };
  }

  clear() {
    this.#entries = [];
    this.#next = 0;
    this.#stop = null;
    this.#bytes = 0;
    this.#aheadSeconds = 0;
    this.#behindSeconds = 0;
  }

  /** @param {number} at @returns {Edge | null} */
  #stopAt(at) {
    const last = this.#entries[at - 1];
    if (!last || last.kind === 'end' || !this.#entries.slice(at).some(({ kind }) => kind === 'chunk')) return null;
    this.#stop = at;
    if (last.kind === 'chunk') return { streamId: last.streamId, position: endOf(last) };
    return { streamId: last.stream.streamId, position: last.stream.position };
  }

  /** @param {number} at */
  #truncate(at) {
    this.#entries.length = at;
    if (this.#stop !== null) this.#stop = Math.min(this.#stop, at);
    this.#handOnFrom(Math.min(this.#next, at));
  }

  /** Counts anew what lies before and behind. @param {number} at */
  #handOnFrom(at) {
    this.#next = at;
    const chunks = (/** @type {Entry[]} */ entries) =>
      /** @type {HeldChunk[]} */ (entries.filter(({ kind }) => kind === 'chunk'));
    const sum = (/** @type {Entry[]} */ entries) => chunks(entries).reduce((sum, chunk) => sum + secondsOf(chunk), 0);
    this.#behindSeconds = sum(this.#entries.slice(0, at));
    this.#aheadSeconds = sum(this.#entries.slice(at));
    this.#bytes = chunks(this.#entries).reduce((bytes, { data }) => bytes + data.byteLength, 0);
  }

  #forget() {
    const { keptSeconds, mostBytes } = this.#limits;
    let count = 0;
    // The last one stays: what comes behind it may have to be led in.
    while (count < this.#next - 1 && (this.#behindSeconds > keptSeconds || this.#bytes > mostBytes)) {
      const entry = this.#entries[count];
      count += 1;
      if (entry.kind !== 'chunk') continue;
      this.#behindSeconds -= secondsOf(entry);
      this.#bytes -= entry.data.byteLength;
    }
    if (count === 0) return;
    this.#entries.splice(0, count);
    this.#next -= count;
    if (this.#stop !== null) this.#stop -= count;
  }
}

/** @param {HeldChunk} chunk */
function secondsOf({ samples, rate }) {
  return samples / rate;
}

/** @param {HeldChunk} chunk source position behind its last sample, seconds */
function endOf(chunk) {
  return chunk.position + secondsOf(chunk);
}

/** @param {HeldChunk} before @param {HeldChunk} chunk */
function isNext(before, chunk) {
  return before.streamId === chunk.streamId && Math.abs(endOf(before) - chunk.position) * chunk.rate < SAME_SAMPLE;
}

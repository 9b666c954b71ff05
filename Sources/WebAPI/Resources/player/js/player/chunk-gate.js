/**
 * One stream's books.
 *
 * @typedef {object} Ledger
 * @property {number} epoch
 * @property {number} minimumEpoch
 * @property {number} nextSeq
 * @property {boolean} isFirst
 * @property {number} endPosition
 */

/** Streams that may be open at a time: one heard, one behind it, and one that comes while the second is taken back. */
const MAX_STREAMS = 4;

/**
 * Decides which chunks belong to what is to be heard, and keeps the books of the streams: which epoch, where they have
 * got to, what is missing.
 *
 * `streamId`, `epoch` and `endPosition` are those of the newest stream; a stream that follows another one leaves the
 * other open. No I/O: `StreamReceiver` carries the decisions out.
 */
export class ChunkGate {
  /** Chunks let through. */
  chunks = 0;
  /** Bytes let through. */
  bytes = 0;
  /** Chunks that never came (holes in `seq`). */
  lost = 0;
  /** Chunks whose position does not follow the one before, without a seek. */
  discontinuities = 0;
  /** @type {Map<string, Ledger>} oldest first */
  #streams = new Map();
  #lastEpoch = 0;
  #lastEndPosition = 0;

  /** @type {string | null} */
  get streamId() {
    return [...this.#streams.keys()].at(-1) ?? null;
  }

  get epoch() {
    return this.#newest?.epoch ?? this.#lastEpoch;
  }

  /** @param {string} streamId @returns {number} its epoch; the newest stream's where it isn't open */
  epochOf(streamId) {
    return this.#streams.get(streamId)?.epoch ?? this.epoch;
  }

  /** Source position in seconds behind the last chunk let through; where a new stream has to continue. */
  get endPosition() {
    return this.#newest?.endPosition ?? this.#lastEndPosition;
  }

  set endPosition(position) {
    this.#lastEndPosition = position;
    if (this.#newest) this.#newest.endPosition = position;
  }

  /** @param {string} streamId */
  has(streamId) {
    return this.#streams.has(streamId);
  }

  /**
   * @param {{streamId: string, epoch: number, position: number}} stream of `stream_started`
   * @param {boolean} continues whether its first sample is the same track's that follows the last one of the stream
   *   before
   * @param {boolean} [follows] whether it comes behind a stream that stays open
   */
  start({ streamId, epoch, position }, continues, follows = false) {
    const endPosition = continues ? this.endPosition : position;
    if (!follows) this.#streams.clear();
    this.#streams.delete(streamId);
    this.#streams.set(streamId, { epoch, minimumEpoch: epoch, nextSeq: 0, isFirst: !continues, endPosition });
    if (this.#streams.size > MAX_STREAMS) this.#streams.delete([...this.#streams.keys()][0]);
  }

  /** Closes one stream; without a name, all of them. @param {string} [streamId] */
  stop(streamId) {
    this.#lastEpoch = this.epoch;
    this.#lastEndPosition = this.endPosition;
    if (streamId === undefined) this.#streams.clear();
    else this.#streams.delete(streamId);
  }

  /** A seek was accepted: chunks of an older epoch are late now. @param {number} epoch @param {string} [streamId] */
  expectEpoch(epoch, streamId = this.streamId ?? '') {
    const ledger = this.#streams.get(streamId);
    if (ledger) ledger.minimumEpoch = Math.max(ledger.minimumEpoch, epoch);
  }

  /**
   * @param {{streamId: string, epoch: number, seq: number, position: number, samples: number, data: {byteLength:
   *   number}}} chunk
   * @param {number} sampleRate Hz
   * @returns {'drop' | 'append' | 'flush'} `flush`: the first of a new epoch; what waits is to be thrown away before
   *   it is used
   */
  admit(chunk, sampleRate) {
    const ledger = this.#streams.get(chunk.streamId);
    if (!ledger) return 'drop';
    if (chunk.seq > ledger.nextSeq) this.lost += chunk.seq - ledger.nextSeq;
    ledger.nextSeq = chunk.seq + 1;
    if (chunk.epoch < ledger.minimumEpoch || chunk.epoch < ledger.epoch) return 'drop';

    const isSeek = chunk.epoch > ledger.epoch;
    const gap = Math.abs(chunk.position - ledger.endPosition) * sampleRate;
    if (!isSeek && !ledger.isFirst && gap > 1.5) this.discontinuities += 1;
    ledger.epoch = chunk.epoch;
    ledger.minimumEpoch = chunk.epoch;
    ledger.isFirst = false;
    ledger.endPosition = chunk.position + chunk.samples / sampleRate;
    this.chunks += 1;
    this.bytes += chunk.data.byteLength;
    return isSeek ? 'flush' : 'append';
  }

  get #newest() {
    let newest;
    for (const ledger of this.#streams.values()) newest = ledger;
    return newest;
  }
}

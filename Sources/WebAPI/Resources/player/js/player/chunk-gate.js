/**
 * Decides which chunks belong to what is to be heard, and keeps the books of the stream: which epoch, where it has got
 * to, what is missing.
 *
 * No I/O. `PlaybackController` carries the decisions out.
 */
export class ChunkGate {
  /** @type {string | null} */
  streamId = null;
  epoch = 0;
  /** Source position in seconds behind the last chunk let through; where a new stream has to continue. */
  endPosition = 0;
  /** Chunks let through. */
  chunks = 0;
  /** Bytes let through. */
  bytes = 0;
  /** Chunks that never came (holes in `seq`). */
  lost = 0;
  /** Chunks whose position does not follow the one before, without a seek. */
  discontinuities = 0;
  #minimumEpoch = 0;
  #nextSeq = 0;
  #isFirst = true;

  /**
   * @param {{streamId: string, epoch: number, position: number}} stream of `stream_started`
   * @param {boolean} continues whether its first sample follows the last one of the stream before
   */
  start({ streamId, epoch, position }, continues) {
    this.streamId = streamId;
    this.epoch = epoch;
    this.#minimumEpoch = epoch;
    this.#nextSeq = 0;
    this.#isFirst = !continues;
    if (!continues) this.endPosition = position;
  }

  stop() {
    this.streamId = null;
  }

  /** A seek was accepted: chunks of an older epoch are late now. @param {number} epoch */
  expectEpoch(epoch) {
    this.#minimumEpoch = Math.max(this.#minimumEpoch, epoch);
  }

  /**
   * @param {{streamId: string, epoch: number, seq: number, position: number, samples: number, data: {byteLength:
   *   number}}} chunk
   * @param {number} sampleRate Hz
   * @returns {'drop' | 'append' | 'flush'} `flush`: the first of a new epoch; what waits is to be thrown away before
   *   it is used
   */
  admit(chunk, sampleRate) {
    if (chunk.streamId !== this.streamId) return 'drop';
    if (chunk.seq > this.#nextSeq) this.lost += chunk.seq - this.#nextSeq;
    this.#nextSeq = chunk.seq + 1;
    if (chunk.epoch < this.#minimumEpoch || chunk.epoch < this.epoch) return 'drop';

    const isSeek = chunk.epoch > this.epoch;
    const gap = Math.abs(chunk.position - this.endPosition) * sampleRate;
    if (!isSeek && !this.#isFirst && gap > 1.5) this.discontinuities += 1;
    this.epoch = chunk.epoch;
    this.#minimumEpoch = chunk.epoch;
    this.#isFirst = false;
    this.endPosition = chunk.position + chunk.samples / sampleRate;
    this.chunks += 1;
    this.bytes += chunk.data.byteLength;
    return isSeek ? 'flush' : 'append';
  }
}

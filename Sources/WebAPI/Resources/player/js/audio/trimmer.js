/**
 * One channel-major block of samples: a Float32Array per channel, all of one length.
 * @typedef {Float32Array[]} Block
 */

/**
 * Keeps, of what a decoder puts out, exactly the samples that each chunk announced.
 *
 * A decoder's timestamps are not to be trusted for this (they are rounded to microseconds, and counted from the first
 * input), so samples are counted: a chunk of `total` decoded samples has `skip` to drop, `samples` to keep and the rest
 * to drop again. Outputs need not line up with chunks.
 */
export class ChunkTrimmer {
  /** @type {{skip: number, keep: number, rest: number}[]} */
  #expected = [];
  #channels;

  /** @param {number} channels of the blocks that silence is made with */
  constructor(channels) {
    this.#channels = channels;
  }

  /**
   * Announces a chunk whose frames go into the decoder now.
   *
   * @param {{skip: number, samples: number, total: number}} chunk `total` is what its frames decode to
   * @throws {RangeError} when the chunk wants more than its frames have
   */
  expect({ skip, samples, total }) {
    if (skip + samples > total) {
      throw new RangeError(`a chunk of ${total} samples cannot have ${skip} to skip and ${samples} to hear`);
    }
    this.#expected.push({ skip, keep: samples, rest: total - skip - samples });
  }

  /**
   * Takes a decoder's output.
   *
   * @param {Block} block
   * @returns {Block[]} what is to be heard of it, in order. What nobody expected is dropped
   */
  push(block) {
    const kept = [];
    const length = block[0]?.length ?? 0;
    let at = 0;
    while (at < length && this.#expected.length > 0) {
      const head = this.#expected[0];
      const skipped = Math.min(head.skip, length - at);
      head.skip -= skipped;
      at += skipped;
      const keep = Math.min(head.keep, length - at);
      if (keep > 0) kept.push(block.map((channel) => channel.slice(at, at + keep)));
      head.keep -= keep;
      at += keep;
      const dropped = Math.min(head.rest, length - at);
      head.rest -= dropped;
      at += dropped;
      this.#shiftFinished();
    }
    return kept;
  }

  /**
   * Accounts for samples that the decoder swallowed: first from what would be skipped anyway, then as silence, so that
   * what follows keeps its place.
   *
   * @param {number} count
   * @returns {Block[]} silence to be heard instead
   */
  lose(count) {
    const block = Array.from({ length: this.#channels }, () => new Float32Array(count));
    return this.push(block);
  }

  /** Samples that are still to come out of the decoder for the chunks announced so far. */
  get outstanding() {
    return this.#expected.reduce((sum, { skip, keep, rest }) => sum + skip + keep + rest, 0);
  }

  #shiftFinished() {
    while (this.#expected.length > 0) {
      const { skip, keep, rest } = this.#expected[0];
      if (skip + keep + rest > 0) return;
      this.#expected.shift();
    }
  }
}

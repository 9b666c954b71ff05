/**
 * First in, first out store of planar samples between the main thread and the output.
 *
 * Blocks arrive as transferred arrays and are read in place: nothing is copied on the way in, and nothing is allocated
 * on the way out. Bounded by whoever fills it; `queued` says how full it is.
 */
export class SampleQueue {
  /** @type {Float32Array[][]} */
  #blocks = [];
  #head = 0; // index of the first block that isn't used up
  #offset = 0; // samples of it that are
  #queued = 0;

  /** Samples (per channel) that wait to be read. */
  get queued() {
    return this.#queued;
  }

  /** @param {Float32Array[]} block one array per channel, of one length */
  push(block) {
    if (block.length === 0 || block[0].length === 0) return;
    this.#blocks.push(block);
    this.#queued += block[0].length;
  }

  clear() {
    this.#blocks = [];
    this.#head = 0;
    this.#offset = 0;
    this.#queued = 0;
  }

  /**
   * Fills `outputs`. A mono block goes to every output; of more channels than outputs the first ones are taken.
   *
   * @param {Float32Array[]} outputs one array per channel, of one length
   * @param {number} [from] where in them to begin
   * @param {number} [wanted] samples; default: to their end
   * @returns {number} samples written; fewer than asked for when the queue ran dry
   */
  read(outputs, from = 0, wanted = outputs[0].length - from) {
    let written = 0;
    while (written < wanted && this.#head < this.#blocks.length) {
      const block = this.#blocks[this.#head];
      const count = Math.min(wanted - written, block[0].length - this.#offset);
      for (let c = 0; c < outputs.length; c += 1) {
        const source = block[Math.min(c, block.length - 1)];
        const target = outputs[c];
        const at = from + written;
        for (let i = 0; i < count; i += 1) target[at + i] = source[this.#offset + i];
      }
      written += count;
      this.#advance(count);
    }
    return written;
  }

  /**
   * Throws samples away.
   *
   * @param {number} wanted
   * @returns {number} how many there were
   */
  skip(wanted) {
    let skipped = 0;
    while (skipped < wanted && this.#head < this.#blocks.length) {
      const count = Math.min(wanted - skipped, this.#blocks[this.#head][0].length - this.#offset);
      skipped += count;
      this.#advance(count);
    }
    return skipped;
  }

  #advance(count) {
    this.#queued -= count;
    this.#offset += count;
    if (this.#offset === this.#blocks[this.#head][0].length) this.#dropHead();
  }

  #dropHead() {
    this.#blocks[this.#head] = [];
    this.#head += 1;
    this.#offset = 0;
    if (this.#head >= 256 && this.#head * 2 >= this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#head);
      this.#head = 0;
    }
  }
}

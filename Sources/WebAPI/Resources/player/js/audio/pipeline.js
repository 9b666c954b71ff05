import { createDecoder } from './decoders.js';

/**
 * Where decoded samples go: `AudioOutput`, or a test's recorder.
 *
 * @typedef {object} SampleSink
 * @property {(block: import('./trimmer.js').Block) => void} write
 * @property {() => void} flush
 * @property {() => void} end no more samples follow
 */

/**
 * The way of a chunk from the socket to the output, one after the other.
 *
 * Decoding is asynchronous; starts, changes of rendition, flushes and the end have to happen between the right two
 * chunks. So each is an operation in one queue, and a flush makes all queued ones void.
 */
export class DecodePipeline {
  /** @type {Promise<void>} */
  #queue = Promise.resolve();
  #generation = 0;
  #sink;
  #onError;
  #create;
  /** @type {import('./decoders.js').AudioFormat | null} */
  #format = null;
  /** @type {import('./decoders.js').ChunkDecoder | null} */
  #decoder = null;

  /**
   * @param {SampleSink} sink
   * @param {(error: Error) => void} onError a chunk was replaced by silence
   * @param {(format: any, options: any) => Promise<import('./decoders.js').ChunkDecoder>} [create]
   */
  constructor(sink, onError, create = createDecoder) {
    this.#sink = sink;
    this.#onError = onError;
    this.#create = create;
  }

  /** `WebCodecs`, `decodeAudioData`, or null before the first chunk. */
  get decoderKind() {
    return this.#decoder?.kind ?? null;
  }

  /**
   * From the next chunk on, frames are of this format; what came before is heard to its last sample.
   *
   * @param {import('./decoders.js').AudioFormat} format
   */
  change(format) {
    this.#enqueue(async (isVoid) => {
      await this.#decoder?.drain();
      if (isVoid()) return;
      this.#decoder?.close();
      this.#decoder = null;
      this.#format = format;
    });
  }

  /**
   * Throws away all that is queued, being decoded or waiting to be heard. The next chunk meets a new decoder.
   *
   * @param {import('./decoders.js').AudioFormat | null} [format] of the chunks to come; the same as before if left out
   */
  flush(format = this.#format) {
    this.#generation += 1;
    this.#queue = Promise.resolve();
    this.#decoder?.close();
    this.#decoder = null;
    this.#format = format;
    this.#sink.flush();
  }

  /** @param {{data: Uint8Array, skip: number, samples: number}} chunk */
  push(chunk) {
    this.#enqueue(async (isVoid) => {
      if (!this.#decoder) {
        const decoder = await this.#open(isVoid);
        if (!decoder) return;
        this.#decoder = decoder;
      }
      await this.#decoder.decode(chunk);
    });
  }

  /** After the chunks pushed so far nothing follows. */
  end() {
    this.#enqueue(async (isVoid) => {
      await this.#decoder?.drain();
      if (!isVoid()) this.#sink.end();
    });
  }

  /** Resolves when the operations queued so far are done. For tests. */
  async settled() {
    await this.#queue;
  }

  /** @param {() => boolean} isVoid */
  async #open(isVoid) {
    if (!this.#format) return null;
    const { gain } = this.#format;
    const decoder = await this.#create(this.#format, {
      onBlock: (/** @type {import('./trimmer.js').Block} */ block) => {
        if (!isVoid()) this.#sink.write(gain ? gain.apply(block) : block);
      },
      onError: (/** @type {Error} */ error) => {
        if (!isVoid()) this.#onError(error);
      },
    });
    if (!isVoid()) return decoder;
    decoder.close();
    return null;
  }

  /** @param {(isVoid: () => boolean) => Promise<void>} operation */
  #enqueue(operation) {
    const generation = this.#generation;
    const isVoid = () => generation !== this.#generation;
    this.#queue = this.#queue.then(async () => {
      if (isVoid()) return;
      try {
        await operation(isVoid);
      } catch (error) {
        if (!isVoid()) this.#onError(/** @type {Error} */ (error));
      }
    });
  }
}

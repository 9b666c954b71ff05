import { createDecoder } from './decoders.js';
import { RateAdapter } from './rate-adapter.js';

/**
 * Where decoded samples go: `Playout`, or a test's recorder.
 *
 * @typedef {object} SampleSink
 * @property {number} [sampleRate] Hz; samples of another rate are brought to it. Left out or 0: any rate will do
 * @property {(block: import('./trimmer.js').Block) => void} write
 * @property {(segment: import('./playout.js').SegmentStart) => void} begin samples of another stream follow
 * @property {(id: string) => void} cut drop what has not been heard of a stream
 * @property {() => void} flush
 * @property {() => void} end no more samples follow
 */

/**
 * The way of a chunk from the socket to the output, one after the other.
 *
 * Decoding is asynchronous; starts, changes of rendition, flushes and the end have to happen between the right two
 * chunks. So each is an operation in one queue, and a flush makes all queued ones void. What belongs to a stream that
 * follows another one can be taken back by itself (`cancel`).
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
  /** @type {RateAdapter | null} */
  #adapter = null;
  /** Streams begun behind others, as operations are queued. @type {string[]} */
  #queuedSegments = [];
  /** The one whose operations are being done; empty for the first. */
  #segment = '';
  /** @type {Set<string>} */
  #cancelled = new Set();
  /** Sound of the chunks whose turn has not come. */
  #waitingSeconds = 0;

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

  /** Seconds of sound that were pushed and have not come out. */
  get pendingSeconds() {
    return this.#waitingSeconds + (this.#decoder?.pendingSeconds ?? 0);
  }

  /**
   * From the next chunk on, frames are of this format; what came before is heard to its last sample.
   *
   * @param {import('./decoders.js').AudioFormat} format
   */
  change(format) {
    this.#enqueue(async (isVoid) => {
      await this.#closeDecoder(isVoid);
      if (!isVoid()) this.#format = format;
    });
  }

  /**
   * From the next chunk on, it's another stream, whose first sample comes right behind the last one so far.
   *
   * @param {import('./playout.js').SegmentStart} segment
   * @param {import('./decoders.js').AudioFormat} format
   */
  follow(segment, format) {
    this.#queuedSegments.push(segment.id);
    this.#enqueue(async (isVoid) => {
      await this.#closeDecoder(isVoid);
      if (isVoid()) return;
      this.#format = format;
      this.#segment = segment.id;
      const begin = () => {
        if (!isVoid()) this.#sink.begin(segment);
      };
      // Mixed streams are no common signal, so no filter may run through both.
      if (segment.crossfade) this.#adapter?.finish();
      if (this.#adapter) this.#adapter.joint(begin);
      else begin();
    });
  }

  /**
   * Takes back all of a stream that `follow` has begun, what waits to be heard included.
   *
   * @param {string} id
   */
  cancel(id) {
    const at = this.#queuedSegments.indexOf(id);
    if (at < 0) return;
    for (const segment of this.#queuedSegments.splice(at)) this.#cancelled.add(segment);
    if (this.#cancelled.has(this.#segment)) {
      this.#decoder?.close();
      this.#decoder = null;
      this.#adapter?.dropBehindJoint();
      this.#segment = this.#queuedSegments.at(-1) ?? '';
    }
    this.#sink.cut(id);
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
    this.#adapter = null;
    this.#format = format;
    this.#queuedSegments = [];
    this.#segment = '';
    this.#cancelled.clear();
    this.#waitingSeconds = 0;
    this.#sink.flush();
  }

  /**
   * @param {{data: Uint8Array, skip: number, samples: number}} chunk
   * @param {number} [seconds] of sound in it
   * @returns {Promise<void>} resolves when the decoder has it
   */
  push(chunk, seconds = 0) {
    const generation = this.#generation;
    this.#waitingSeconds += seconds;
    this.#enqueue(async (isVoid) => {
      if (!this.#decoder) {
        const decoder = await this.#open(isVoid);
        if (!decoder) return;
        this.#decoder = decoder;
      }
      await this.#decoder.decode(chunk);
    });
    this.#queue = this.#queue.then(() => {
      if (generation === this.#generation) this.#waitingSeconds -= seconds;
    });
    return this.#queue;
  }

  /** After the chunks pushed so far nothing follows. */
  end() {
    this.#enqueue(async (isVoid) => {
      await this.#decoder?.drain();
      if (isVoid()) return;
      this.#adapter?.finish();
      this.#sink.end();
    });
  }

  /** Resolves when the operations queued so far are done. For tests. */
  async settled() {
    await this.#queue;
  }

  async #closeDecoder(isVoid) {
    const decoder = this.#decoder;
    await decoder?.drain();
    if (isVoid()) return;
    decoder?.close();
    this.#decoder = null;
  }

  /** @param {() => boolean} isVoid */
  async #open(isVoid) {
    const format = this.#format;
    if (!format) return null;
    const decoder = await this.#create(format, {
      onBlock: (/** @type {import('./trimmer.js').Block} */ block) => {
        if (!isVoid()) this.#write(block, format.sampleRate);
      },
      onError: (/** @type {Error} */ error) => {
        if (!isVoid()) this.#onError(error);
      },
    });
    if (!isVoid()) return decoder;
    decoder.close();
    return null;
  }

  #write(block, rate) {
    if (block[0]?.length === 0) return;
    const outputRate = this.#sink.sampleRate;
    if (!this.#adapter && outputRate && rate && rate !== outputRate) {
      this.#adapter = new RateAdapter(outputRate, (samples) => this.#sink.write(samples));
    }
    if (this.#adapter) this.#adapter.push(block, rate);
    else this.#sink.write(block);
  }

  /** @param {(isVoid: () => boolean) => Promise<void>} operation */
  #enqueue(operation) {
    const generation = this.#generation;
    const segment = this.#queuedSegments.at(-1) ?? '';
    const isVoid = () => generation !== this.#generation || this.#cancelled.has(segment);
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

import { splitFrames } from '../codec/frames.js';
import { bytesFromBase64 } from './base64.js';
import { ChunkTrimmer } from './trimmer.js';

/**
 * Codec strings of the WebCodecs registry. ADTS carries its own configuration, so AAC has no description. Opus is decoded
 * without one too: with it a decoder would drop the pre-skip, which is part of `skip` already.
 */
const CODEC_STRINGS = { mp3: 'mp3', aac: 'mp4a.40.2', flac: 'flac', opus: 'opus' };

/**
 * @param {import('./decoders.js').AudioFormat} format
 * @returns {AudioDecoderConfig}
 */
export function webCodecsConfig({ codec, sampleRate, channels, description }) {
  return {
    codec: CODEC_STRINGS[codec] ?? codec,
    sampleRate,
    numberOfChannels: channels,
    ...(description && codec !== 'opus' ? { description: bytesFromBase64(description) } : {}),
  };
}

/**
 * Decodes chunks with WebCodecs.
 *
 * Samples are counted (see `ChunkTrimmer`). Chromium puts out one AudioData of full length for every MP3, ADTS and FLAC
 * frame, the first included. A decoder that swallows its first frame shows it by the timestamp of its first output;
 * that much is accounted as lost.
 */
export class WebCodecsDecoder {
  /** @type {'WebCodecs'} */
  kind = 'WebCodecs';
  #format;
  #onBlock;
  #onError;
  #trimmer;
  /** @type {AudioDecoder | null} */
  #decoder = null;
  #fedSamples = 0;
  #hasOutput = false;

  /**
   * @param {import('./decoders.js').AudioFormat} format
   * @param {(block: import('./trimmer.js').Block) => void} onBlock
   * @param {(error: Error) => void} onError
   */
  constructor(format, onBlock, onError) {
    this.#format = format;
    this.#onBlock = onBlock;
    this.#onError = onError;
    this.#trimmer = new ChunkTrimmer(format.channels);
    this.#open();
  }

  get pendingSeconds() {
    return this.#trimmer.outstanding / this.#format.sampleRate;
  }

  /** @param {{data: Uint8Array, skip: number, samples: number}} chunk */
  async decode({ data, skip, samples }) {
    let frames;
    try {
      frames = splitFrames(this.#format.codec, data);
      const total = frames.reduce((sum, frame) => sum + frame.samples, 0);
      this.#trimmer.expect({ skip, samples, total });
    } catch (error) {
      // The place of a chunk that can't be read is kept by silence, behind what is still in the decoder.
      await this.drain();
      this.#trimmer.expect({ skip: 0, samples, total: samples });
      this.#emit(this.#trimmer.lose(samples));
      this.#onError(/** @type {Error} */ (error));
      return;
    }
    if (!this.#decoder) this.#open();
    for (const frame of frames) {
      const timestamp = Math.round((this.#fedSamples * 1e6) / this.#format.sampleRate);
      this.#fedSamples += frame.samples;
      this.#decoder?.decode(new EncodedAudioChunk({ type: 'key', timestamp, data: frame.data }));
    }
  }

  async drain() {
    const decoder = this.#decoder;
    if (!decoder) return;
    try {
      await decoder.flush();
    } catch {
      return; // closed or failed meanwhile: #fail has accounted for it
    }
    this.#emit(this.#trimmer.lose(this.#trimmer.outstanding));
  }

  close() {
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== 'closed') decoder.close();
  }

  #open() {
    this.#fedSamples = 0;
    this.#hasOutput = false;
    const decoder = new AudioDecoder({
      output: (audio) => {
        if (decoder === this.#decoder) this.#take(audio);
        audio.close();
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#fail(error);
      },
    });
    this.#decoder = decoder;
    decoder.configure(webCodecsConfig(this.#format));
  }

  /** @param {AudioData} audio */
  #take(audio) {
    if (!this.#hasOutput) {
      this.#hasOutput = true;
      const lost = Math.round((audio.timestamp * this.#format.sampleRate) / 1e6);
      if (lost > audio.numberOfFrames / 2) this.#emit(this.#trimmer.lose(lost));
    }
    const channels = Math.min(audio.numberOfChannels, 2);
    const block = Array.from({ length: channels }, (_, planeIndex) => {
      const plane = new Float32Array(audio.numberOfFrames);
      audio.copyTo(plane, { planeIndex, format: 'f32-planar' });
      return plane;
    });
    this.#emit(this.#trimmer.push(block));
  }

  /** @param {Error} error */
  #fail(error) {
    this.#decoder = null; // it is closed now; the next chunk opens another one
    this.#emit(this.#trimmer.lose(this.#trimmer.outstanding));
    this.#onError(error);
  }

  /** @param {import('./trimmer.js').Block[]} blocks */
  #emit(blocks) {
    for (const block of blocks) this.#onBlock(block);
  }
}

import { splitFrames } from '../codec/frames.js';
import { bytesFromBase64 } from './base64.js';

/**
 * Frames of the chunk before that are decoded again in front of each chunk, so that filter banks and overlaps are in
 * the right state. MP3 and AAC overlap by one frame; one more covers what a decoder drops at its start. A frame of MP3 may
 * also take bits from up to eight small ones before it. FLAC frames stand alone.
 */
const OVERLAP_FRAMES = { mp3: 11, aac: 3, flac: 0 };
/** Offset in `fLaC` + STREAMINFO of the 36-bit total of samples, the low 4 bits of byte 21 on. Zero means unknown. */
const STREAMINFO_TOTAL_OFFSET = 21;

/**
 * Decodes chunks with `decodeAudioData`, for browsers without WebCodecs.
 *
 * Each chunk is decoded as a little file of its own, with the last frames of the chunk before in front. Decoders differ
 * in what they cut off the *front* of a file, never in its end, so samples are counted from the end.
 */
export class FallbackDecoder {
  /** @type {'decodeAudioData'} */
  kind = 'decodeAudioData';
  #format;
  #onBlock;
  #onError;
  #context;
  /** @type {import('../codec/frames.js').Frame[]} */
  #overlap = [];
  #header;
  #isClosed = false;

  /**
   * @param {import('./decoders.js').AudioFormat} format
   * @param {(block: import('./trimmer.js').Block) => void} onBlock
   * @param {(error: Error) => void} onError
   */
  constructor(format, onBlock, onError) {
    this.#format = format;
    this.#onBlock = onBlock;
    this.#onError = onError;
    // Decoding resamples to its context's rate, so that must be the track's.
    this.#context = new OfflineAudioContext(format.channels, 1, format.sampleRate);
    this.#header = format.description ? openEnded(bytesFromBase64(format.description)) : new Uint8Array();
  }

  /** Each chunk is out when its `decode` resolves. */
  get pendingSeconds() {
    return 0;
  }

  /** @param {{data: Uint8Array, skip: number, samples: number}} chunk */
  async decode({ data, skip, samples }) {
    let block;
    try {
      const frames = splitFrames(this.#format.codec, data);
      const total = frames.reduce((sum, frame) => sum + frame.samples, 0);
      const parts = [this.#header, ...[...this.#overlap, ...frames].map((frame) => frame.data)];
      const overlap = OVERLAP_FRAMES[this.#format.codec] ?? 0;
      this.#overlap = overlap > 0 ? frames.slice(-overlap) : [];
      const audio = await this.#context.decodeAudioData(concatenated(parts));
      block = tail(audio, total - skip, samples);
    } catch (error) {
      block = Array.from({ length: this.#format.channels }, () => new Float32Array(samples));
      if (!this.#isClosed) this.#onError(/** @type {Error} */ (error));
    }
    if (!this.#isClosed) this.#onBlock(block);
  }

  async drain() {
    // Every decode() resolves with its samples out: nothing can be left.
  }

  close() {
    this.#isClosed = true;
  }
}

/**
 * @param {AudioBuffer} audio
 * @param {number} fromEnd samples before the end at which the kept ones start
 * @param {number} samples how many to keep; what is missing at the front is silence
 * @returns {import('./trimmer.js').Block}
 */
function tail(audio, fromEnd, samples) {
  const start = audio.length - fromEnd;
  return Array.from({ length: Math.min(audio.numberOfChannels, 2) }, (_, c) => {
    const kept = new Float32Array(samples);
    const from = Math.max(start, 0);
    kept.set(audio.getChannelData(c).subarray(from, Math.max(start + samples, from)), from - start);
    return kept;
  });
}

/** @param {Uint8Array} header `fLaC` + STREAMINFO @returns {Uint8Array} the same with an unknown length */
function openEnded(header) {
  const copy = header.slice();
  copy[4] |= 0x80; // frames follow right behind, no further metadata block
  copy[STREAMINFO_TOTAL_OFFSET] &= 0xf0;
  copy.fill(0, STREAMINFO_TOTAL_OFFSET + 1, STREAMINFO_TOTAL_OFFSET + 5);
  return copy;
}

/** @param {Uint8Array[]} parts @returns {ArrayBuffer} */
function concatenated(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}

import { FallbackDecoder } from './fallback-decoder.js';
import { WebCodecsDecoder, webCodecsConfig } from './webcodecs-decoder.js';

/**
 * How the chunks of one rendition are encoded (`stream_started`, `quality_change`).
 *
 * @typedef {object} AudioFormat
 * @property {string} codec `mp3`, `aac`, `flac` or `opus`
 * @property {number} sampleRate Hz of the decoded sound
 * @property {number} channels
 * @property {string} [description] base64 of what a decoder needs before the first frame
 */

/**
 * Turns chunks into samples, in order. Both implementations keep exactly `samples` of every chunk.
 *
 * @typedef {object} ChunkDecoder
 * @property {'WebCodecs' | 'decodeAudioData'} kind
 * @property {number} pendingSeconds sound that is still to come out of it
 * @property {(chunk: {data: Uint8Array, skip: number, samples: number}) => Promise<void>} decode resolves when the
 *   next may come
 * @property {() => Promise<void>} drain resolves when everything is out
 * @property {() => void} close drops what is not out yet
 */

/**
 * @param {AudioFormat} format
 * @param {object} options
 * @param {(block: import('./trimmer.js').Block) => void} options.onBlock samples to be heard
 * @param {(error: Error) => void} options.onError a chunk could not be decoded; silence has taken its place
 * @param {boolean} [options.forceFallback] leave WebCodecs alone, as on a browser without it
 * @returns {Promise<ChunkDecoder>}
 */
export async function createDecoder(format, { onBlock, onError, forceFallback = false }) {
  if (!forceFallback && (await isSupported(format))) return new WebCodecsDecoder(format, onBlock, onError);
  return new FallbackDecoder(format, onBlock, onError);
}

/**
 * What this browser can decode, for `codecs` of CONNECT. Opus comes as bare packets, so it takes WebCodecs; everything
 * else has another way.
 *
 * @param {{forceFallback?: boolean}} [options]
 * @returns {Promise<string[]>}
 */
export async function decodableCodecs({ forceFallback = false } = {}) {
  const opus = { codec: 'opus', sampleRate: 48_000, channels: 2 };
  return ['mp3', 'aac', 'flac', ...(!forceFallback && (await isSupported(opus)) ? ['opus'] : [])];
}

/** @type {Map<string, boolean>} */
const supportedByCodec = new Map();

/** @param {AudioFormat} format */
async function isSupported(format) {
  if (typeof globalThis.AudioDecoder !== 'function') return false;
  const known = supportedByCodec.get(format.codec);
  if (known !== undefined) return known;
  let supported = false;
  try {
    supported = (await AudioDecoder.isConfigSupported(webCodecsConfig(format))).supported === true;
  } catch {
    supported = false; // a config that the browser cannot even read is one that it cannot decode
  }
  supportedByCodec.set(format.codec, supported);
  return supported;
}

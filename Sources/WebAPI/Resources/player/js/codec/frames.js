import { splitAdts } from './adts.js';
import { splitFlac } from './flac.js';
import { FrameError } from './frame-error.js';
import { splitMp3 } from './mp3.js';
import { splitOpus } from './opus.js';

/**
 * @typedef {object} Frame
 * @property {Uint8Array} data one elementary frame
 * @property {number} samples samples per channel that it decodes to
 */

/** @type {Record<string, (bytes: Uint8Array) => Frame[]>} */
const SPLITTERS = { mp3: splitMp3, aac: splitAdts, flac: splitFlac, opus: splitOpus };

/**
 * Splits the `data` of an `audio_chunk` into elementary frames (protocol, section 1.4).
 *
 * @param {string} codec `mp3`, `aac` (ADTS), `flac` or `opus` (Ogg pages)
 * @param {Uint8Array} bytes whole frames
 * @returns {Frame[]} views into `bytes`
 * @throws {FrameError} when the codec is unknown or the bytes are not its frames
 */
export function splitFrames(codec, bytes) {
  const split = SPLITTERS[codec];
  if (!split) throw new FrameError(`no way to read the codec "${codec}"`);
  return split(bytes);
}

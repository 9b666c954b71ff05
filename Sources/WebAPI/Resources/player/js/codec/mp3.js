import { FrameError } from './frame-error.js';

/** kbit/s by index, MPEG-1 Layer III (ISO 11172-3, 2.4.2.3). 0 is "free", 15 is forbidden. */
const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/** kbit/s by index, MPEG-2 and 2.5 Layer III (ISO 13818-3). */
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_RATES = [44100, 48000, 32000];

/**
 * @typedef {object} FrameHeader
 * @property {number} bytes length of the whole frame
 * @property {number} samples samples per channel that it decodes to
 * @property {number} sampleRate Hz
 * @property {number} channels
 */

/**
 * Reads one MPEG audio Layer III header.
 *
 * @param {Uint8Array} bytes
 * @param {number} offset of the sync word
 * @returns {FrameHeader | null} null when this is no Layer III header
 */
export function parseMp3Header(bytes, offset) {
  if (offset + 4 > bytes.length) return null;
  const [b0, b1, b2, b3] = bytes.subarray(offset, offset + 4);
  if (b0 !== 0xff || (b1 & 0xe0) !== 0xe0) return null;
  const version = (b1 >> 3) & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = (b1 >> 1) & 3;
  if (version === 1 || layer !== 1) return null;
  const bitrateIndex = b2 >> 4;
  const rateIndex = (b2 >> 2) & 3;
  if (bitrateIndex === 0 || bitrateIndex === 15 || rateIndex === 3) return null;
  const mpeg1 = version === 3;
  const sampleRate = MPEG1_RATES[rateIndex] / (mpeg1 ? 1 : version === 2 ? 2 : 4);
  const kbps = (mpeg1 ? MPEG1_KBPS : MPEG2_KBPS)[bitrateIndex];
  const padding = (b2 >> 1) & 1;
  return {
    bytes: Math.floor(((mpeg1 ? 144 : 72) * kbps * 1000) / sampleRate) + padding,
    samples: mpeg1 ? 1152 : 576,
    sampleRate,
    channels: b3 >> 6 === 3 ? 1 : 2,
  };
}

/**
 * Splits concatenated MP3 frames.
 *
 * @param {Uint8Array} bytes whole frames, nothing between them
 * @returns {{data: Uint8Array, samples: number}[]} views into `bytes`
 * @throws {FrameError} when a header is missing or the last frame is cut short
 */
export function splitMp3(bytes) {
  const frames = [];
  let offset = 0;
  while (offset < bytes.length) {
    const header = parseMp3Header(bytes, offset);
    if (!header) throw new FrameError(`no MP3 header at byte ${offset}`);
    const end = offset + header.bytes;
    if (end > bytes.length) throw new FrameError(`MP3 frame at byte ${offset} is cut short`);
    frames.push({ data: bytes.subarray(offset, end), samples: header.samples });
    offset = end;
  }
  return frames;
}

import { FrameError } from './frame-error.js';

const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const SAMPLES_PER_BLOCK = 1024;

/**
 * Reads one ADTS header (ISO 14496-3, 1.A.3.2).
 *
 * @param {Uint8Array} bytes
 * @param {number} offset of the sync word
 * @returns {import('./mp3.js').FrameHeader | null} null when this is no ADTS header
 */
export function parseAdtsHeader(bytes, offset) {
  if (offset + 7 > bytes.length) return null;
  const b = bytes.subarray(offset, offset + 7);
  if (b[0] !== 0xff || (b[1] & 0xf6) !== 0xf0) return null;
  const rateIndex = (b[2] >> 2) & 15;
  if (rateIndex >= RATES.length) return null;
  const length = ((b[3] & 3) << 11) | (b[4] << 3) | (b[5] >> 5);
  const headerBytes = b[1] & 1 ? 7 : 9;
  if (length <= headerBytes) return null;
  return {
    bytes: length,
    samples: SAMPLES_PER_BLOCK * ((b[6] & 3) + 1),
    sampleRate: RATES[rateIndex],
    channels: ((b[2] & 1) << 2) | (b[3] >> 6),
  };
}

/**
 * Splits concatenated ADTS frames.
 *
 * @param {Uint8Array} bytes whole frames, nothing between them
 * @returns {{data: Uint8Array, samples: number}[]} views into `bytes`
 * @throws {FrameError} when a header is missing or the last frame is cut short
 */
export function splitAdts(bytes) {
  const frames = [];
  let offset = 0;
  while (offset < bytes.length) {
    const header = parseAdtsHeader(bytes, offset);
    if (!header) throw new FrameError(`no ADTS header at byte ${offset}`);
    const end = offset + header.bytes;
    if (end > bytes.length) throw new FrameError(`ADTS frame at byte ${offset} is cut short`);
    frames.push({ data: bytes.subarray(offset, end), samples: header.samples });
    offset = end;
  }
  return frames;
}

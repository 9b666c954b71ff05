import { crc16, crc8 } from './crc.js';
import { FrameError } from './frame-error.js';

/** Hz by code (RFC 9639, table 16); 0 means "as STREAMINFO says", 12–14 are written out behind the number. */
const RATES = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];
/** The shortest frame: header, one constant subframe, CRC-16. */
const SHORTEST_FRAME_BYTES = 10;

/**
 * @typedef {object} FlacHeader
 * @property {number} headerBytes length of the header with its CRC-8
 * @property {number} samples samples per channel
 * @property {number} sampleRate Hz, 0 when only STREAMINFO knows it
 * @property {number} channels
 * @property {boolean} variable whether `number` counts samples instead of frames
 * @property {number} number frame number, or number of the first sample
 */

/**
 * Reads one FLAC frame header and checks its CRC-8 (RFC 9639, section 9.1).
 *
 * @param {Uint8Array} bytes
 * @param {number} offset of the sync code
 * @returns {FlacHeader | null} null when this is no frame header
 */
export function parseFlacHeader(bytes, offset) {
  if (offset + 6 > bytes.length) return null;
  if (bytes[offset] !== 0xff || (bytes[offset + 1] & 0xfe) !== 0xf8) return null;
  const sizeCode = bytes[offset + 2] >> 4;
  const rateCode = bytes[offset + 2] & 15;
  const channelCode = bytes[offset + 3] >> 4;
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bytes[offset + 3] & 1) return null;

  const coded = readCodedNumber(bytes, offset + 4);
  if (!coded) return null;
  let at = coded.end;

  let samples = blockSizeOf(sizeCode);
  if (sizeCode === 6) samples = bytes[at++] + 1;
  if (sizeCode === 7) samples = ((bytes[at++] << 8) | bytes[at++]) + 1;

  let sampleRate = RATES[rateCode] ?? 0;
  if (rateCode === 12) sampleRate = bytes[at++] * 1000;
  if (rateCode === 13 || rateCode === 14) {
    sampleRate = ((bytes[at++] << 8) | bytes[at++]) * (rateCode === 14 ? 10 : 1);
  }
  if (at >= bytes.length || crc8(bytes, offset, at) !== bytes[at]) return null;
  return {
    headerBytes: at + 1 - offset,
    samples,
    sampleRate,
    channels: channelCode < 8 ? channelCode + 1 : 2,
    variable: (bytes[offset + 1] & 1) === 1,
    number: coded.value,
  };
}

/**
 * Length of the stream header (RFC 9639, section 8: `fLaC` and metadata blocks) at the front of a run of frames.
 *
 * @param {Uint8Array} bytes
 * @returns {number} 0 when the bytes begin with a frame
 * @throws {FrameError} when the header is cut short
 */
function streamHeaderBytes(bytes) {
  if (bytes[0] !== 0x66 || bytes[1] !== 0x4c || bytes[2] !== 0x61 || bytes[3] !== 0x43) return 0;
  let at = 4;
  while (at + 4 <= bytes.length) {
    const isLast = (bytes[at] & 0x80) !== 0;
    at += 4 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
    if (isLast && at <= bytes.length) return at;
  }
  throw new FrameError('a FLAC stream header is cut short');
}

/**
 * Splits concatenated FLAC frames; a stream header in front of them, as the first chunk of a run has it, is left out.
 *
 * A FLAC frame does not say how long it is. Its end is where the next header follows: a sync code, a header whose CRC-8
 * is right and whose number is the expected one, with the right CRC-16 in the two bytes in front of it. Sound can
 * imitate the first of these, hardly all.
 *
 * @param {Uint8Array} bytes whole frames, nothing between them
 * @returns {{data: Uint8Array, samples: number}[]} views into `bytes`
 * @throws {FrameError} when the bytes don't begin with a frame or a frame's CRC-16 is wrong
 */
export function splitFlac(bytes) {
  const frames = [];
  let start = streamHeaderBytes(bytes);
  while (start < bytes.length) {
    const header = parseFlacHeader(bytes, start);
    if (!header) throw new FrameError(`no FLAC header at byte ${start}`);
    const end = frameEnd(bytes, start, header);
    frames.push({ data: bytes.subarray(start, end), samples: header.samples });
    start = end;
  }
  return frames;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {FlacHeader} header
 * @returns {number} the byte behind the frame
 */
function frameEnd(bytes, start, header) {
  const expected = header.number + (header.variable ? header.samples : 1);
  let crc = 0;
  let summed = start;
  for (let at = start + SHORTEST_FRAME_BYTES; at < bytes.length - 1; at += 1) {
    if (bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xf8) continue;
    const next = parseFlacHeader(bytes, at);
    if (!next || next.number !== expected || next.variable !== header.variable) continue;
    crc = crc16(bytes, summed, at - 2, crc);
    summed = at - 2;
    if (crc === ((bytes[at - 2] << 8) | bytes[at - 1])) return at;
  }
  const last = bytes.length - 2;
  if (last < start + header.headerBytes || crc16(bytes, summed, last, crc) !== ((bytes[last] << 8) | bytes[last + 1])) {
    throw new FrameError(`FLAC frame at byte ${start} is damaged or cut short`);
  }
  return bytes.length;
}

/** @param {number} code 1…15 @returns {number} samples; 0 for the codes that are written out */
function blockSizeOf(code) {
  if (code === 1) return 192;
  if (code <= 5) return 576 << (code - 2);
  return code >= 8 ? 256 << (code - 8) : 0;
}

/**
 * Reads the frame or sample number, coded like UTF-8 but up to 36 bits.
 *
 * @param {Uint8Array} bytes
 * @param {number} offset
 * @returns {{value: number, end: number} | null}
 */
function readCodedNumber(bytes, offset) {
  const first = bytes[offset];
  if (first < 0x80) return { value: first, end: offset + 1 };
  if (first < 0xc0 || first === 0xff) return null;
  const following = Math.clz32(~(first << 24)) - 1;
  if (offset + following >= bytes.length) return null;
  let value = first & (0x3f >> following);
  for (let i = 1; i <= following; i += 1) {
    const byte = bytes[offset + i];
    if ((byte & 0xc0) !== 0x80) return null;
    value = value * 64 + (byte & 0x3f); // 36 bits do not fit a shift
  }
  return { value, end: offset + following + 1 };
}

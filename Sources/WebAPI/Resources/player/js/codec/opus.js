import { FrameError } from './frame-error.js';

const PAGE_HEADER_BYTES = 27;
/** Hz; Opus decodes to this whatever it was made from. */
const RATE = 48_000;
/** Samples of one frame by the `config` of the packet's first byte (RFC 6716, table 2), in groups of four or two. */
const SILK_SAMPLES = [480, 960, 1920, 2880];
const HYBRID_SAMPLES = [480, 960];
const CELT_SAMPLES = [120, 240, 480, 960];

/**
 * The packets of Ogg pages (RFC 3533, section 6; RFC 7845). Each page here holds whole packets.
 *
 * @param {Uint8Array} bytes whole pages
 * @returns {import('./frames.js').Frame[]} packets, as views into `bytes`
 * @throws {FrameError}
 */
export function splitOpus(bytes) {
  const packets = [];
  let at = 0;
  while (at < bytes.length) {
    const isPage = bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53;
    if (!isPage || at + PAGE_HEADER_BYTES > bytes.length) throw new FrameError(`no Ogg page at byte ${at}`);
    const segments = bytes[at + 26];
    let body = at + PAGE_HEADER_BYTES + segments;
    let size = 0;
    for (let i = 0; i < segments; i += 1) {
      const lacing = bytes[at + PAGE_HEADER_BYTES + i];
      size += lacing;
      if (lacing === 255) continue;
      if (body + size > bytes.length) throw new FrameError(`the Ogg page at byte ${at} is cut off`);
      const data = bytes.subarray(body, body + size);
      if (!isHeader(data)) packets.push(packet(data));
      body += size;
      size = 0;
    }
    if (size > 0) throw new FrameError(`the Ogg page at byte ${at} ends within a packet`);
    at = body;
  }
  return packets;
}

/**
 * The identification and the comment header (RFC 7845, 5.1 and 5.2) stand in front of a stream's first packets. No
 * packet begins like them: read as one, the first bytes mean more sound than a packet may hold.
 *
 * @param {Uint8Array} data
 */
function isHeader(data) {
  if (data.length < 8) return false;
  const magic = String.fromCharCode(...data.subarray(0, 8));
  return magic === 'OpusHead' || magic === 'OpusTags';
}

/** @param {Uint8Array} data @returns {import('./frames.js').Frame} */
function packet(data) {
  if (data.length === 0) throw new FrameError('an Opus packet without a byte');
  const config = data[0] >> 3;
  let perFrame = CELT_SAMPLES[config & 3];
  if (config < 12) perFrame = SILK_SAMPLES[config & 3];
  else if (config < 16) perFrame = HYBRID_SAMPLES[config & 1];
  const code = data[0] & 3;
  const frames = code === 3 ? (data[1] ?? 0) & 0x3f : code === 0 ? 1 : 2;
  const samples = frames * perFrame;
  // RFC 6716, 3.2.5: at most 120 ms.
  if (samples === 0 || samples > (RATE * 120) / 1000) throw new FrameError('an Opus packet of an impossible length');
  return { data, samples };
}

import { crc16, crc8 } from '../../Sources/WebAPI/Resources/player/js/codec/crc.js';


/** @param {...(Uint8Array | number[])} parts */
export function joined(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/**
 * An MPEG-1 Layer III frame of 44.1 kHz stereo with an empty body. `index` is the bitrate's: 9 is 128 kbit/s, 11 is
 * 192.
 */
export function mp3Frame({ index = 9, padding = 0, rate = 0, mono = false, fill = 0 } = {}) {
  const kbps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][index];
  const length = Math.floor((144_000 * kbps) / [44_100, 48_000, 32_000][rate]) + padding;
  const frame = new Uint8Array(length).fill(fill);
  frame.set([0xff, 0xfb, (index << 4) | (rate << 2) | (padding << 1), mono ? 0xc4 : 0x44]);
  return frame;
}

/** An ADTS frame, AAC-LC stereo. `rateIndex` 4 is 44.1 kHz, 3 is 48. */
export function adtsFrame(bodyBytes, { rateIndex = 4, hasCrc = false, fill = 0 } = {}) {
  const header = hasCrc ? 9 : 7;
  const length = header + bodyBytes;
  const frame = new Uint8Array(length).fill(fill);
  frame.set([
    0xff,
    hasCrc ? 0xf0 : 0xf1,
    (1 << 6) | (rateIndex << 2),
    (2 << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  ]);
  return frame;
}

/** The number of a FLAC frame, coded like UTF-8. */
function coded(number) {
  if (number < 0x80) return [number];
  const bytes = [];
  let rest = number;
  let room = 0x3f;
  while (rest > room) {
    bytes.unshift(0x80 | (rest % 64));
    rest = Math.floor(rest / 64);
    room >>= 1;
  }
  return [(~(room * 2 + 1) & 0xff) | rest, ...bytes];
}

/** A FLAC frame of 4,608 samples (or `lastSamples`) with the right CRC-8 and CRC-16 around any body. */
export function flacFrame(number, body, { lastSamples = 0 } = {}) {
  const size = lastSamples ? 7 : 5; // 5: 576 << 3 = 4,608; 7: 16 bits behind the number
  const head = [0xff, 0xf8, (size << 4) | 9, 0x18, ...coded(number)];
  if (lastSamples) head.push((lastSamples - 1) >> 8, (lastSamples - 1) & 0xff);
  head.push(crc8(Uint8Array.from(head), 0, head.length));
  const frame = joined(head, body, [0, 0]);
  const crc = crc16(frame, 0, frame.length - 2);
  frame.set([crc >> 8, crc & 0xff], frame.length - 2);
  return frame;
}

/** Samples from, from + 1, … on each channel: so one sees at once which are missing. */
export function ramp(from, count, channels = 2) {
  return Array.from({ length: channels }, () => Float32Array.from({ length: count }, (_, i) => from + i));
}

/** Blocks of one channel as one list of numbers. */
export function flat(blocks, channel = 0) {
  return blocks.flatMap((block) => [...block[channel]]);
}

/** from, from + 1, … as a list. */
export function range(from, count) {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** A seeded source of numbers in 0…1 (mulberry32). @param {number} seed */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

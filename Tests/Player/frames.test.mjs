import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adtsFrame, flacFrame, joined, mp3Frame } from './support.mjs';
import { crc16, crc8 } from '../../Sources/WebAPI/Resources/player/js/codec/crc.js';
import { parseFlacHeader } from '../../Sources/WebAPI/Resources/player/js/codec/flac.js';
import { splitFrames } from '../../Sources/WebAPI/Resources/player/js/codec/frames.js';
import { parseMp3Header } from '../../Sources/WebAPI/Resources/player/js/codec/mp3.js';

const lengths = (frames) => frames.map(({ data }) => data.length);
const samples = (frames) => frames.map((frame) => frame.samples);

test('MP3 frames are split by their headers, padding included', () => {
  const parts = [mp3Frame(), mp3Frame({ padding: 1 }), mp3Frame({ index: 14 })];
  const frames = splitFrames('mp3', joined(...parts));
  assert.deepEqual(lengths(frames), [417, 418, 1044]);
  assert.deepEqual(samples(frames), [1152, 1152, 1152]);
});

test('a sync word inside an MP3 frame does not split it', () => {
  const frames = splitFrames('mp3', joined(mp3Frame({ fill: 0xff }), mp3Frame()));
  assert.deepEqual(lengths(frames), [417, 417]);
});

test('an MP3 header says rate and channels', () => {
  assert.deepEqual(parseMp3Header(mp3Frame({ rate: 1, index: 11, mono: true }), 0), {
    bytes: 576,
    samples: 1152,
    sampleRate: 48_000,
    channels: 1,
  });
});

test('MPEG-2 Layer III has 576 samples a frame', () => {
  const header = parseMp3Header(Uint8Array.of(0xff, 0xf3, 0x80, 0x44), 0);
  assert.deepEqual(header, { bytes: 208, samples: 576, sampleRate: 22_050, channels: 2 });
});

test('free, forbidden and reserved values are no MP3 header', () => {
  for (const word of [0xfffb0400, 0xfffbf400, 0xfffb9c00, 0xffeb9000, 0xfffd9000]) {
    const bytes = Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word);
    assert.equal(parseMp3Header(bytes, 0), null, word.toString(16));
  }
});

test('ADTS frames are split by their lengths, with and without a CRC', () => {
  const long = adtsFrame(0x1f00 - 9, { hasCrc: true, fill: 0xff });
  const frames = splitFrames('aac', joined(adtsFrame(300), long, adtsFrame(5)));
  assert.deepEqual(lengths(frames), [307, 0x1f00, 12]);
  assert.deepEqual(samples(frames), [1024, 1024, 1024]);
});

test('an ADTS frame that is shorter than its own header is refused', () => {
  assert.throws(() => splitFrames('aac', adtsFrame(0)), { name: 'FrameError' });
});

test('the CRCs are those of RFC 9639', () => {
  const digits = new TextEncoder().encode('123456789');
  assert.equal(crc8(digits, 0, 9), 0xf4); // CRC-8/SMBUS
  assert.equal(crc16(digits, 0, 9), 0xfee8); // CRC-16/UMTS
  assert.equal(crc16(digits, 4, 9, crc16(digits, 0, 4)), 0xfee8);
});

test('FLAC frames are split at the next expected number', () => {
  const parts = [
    flacFrame(126, new Array(50).fill(7)),
    flacFrame(127, [1, 2, 3, 4]),
    flacFrame(128, [9, 9, 9, 9]),
    flacFrame(129, [5, 5, 5], { lastSamples: 777 }),
  ];
  const frames = splitFrames('flac', joined(...parts));
  assert.deepEqual(lengths(frames), parts.map((part) => part.length));
  assert.deepEqual(samples(frames), [4608, 4608, 4608, 777]);
});

test('the stream header in front of the first FLAC frame is skipped, with every block of it', () => {
  const streamInfo = [0, 0, 0, 34, ...new Array(34).fill(0xff)];
  const padding = [0x81, 0, 1, 2, ...new Array(258).fill(0)];
  const frame = flacFrame(0, [1, 2, 3, 4]);
  const bytes = joined([0x66, 0x4c, 0x61, 0x43], streamInfo, padding, frame);
  assert.deepEqual(splitFrames('flac', bytes).map(({ data }) => [...data]), [[...frame]]);
  assert.deepEqual(splitFrames('flac', bytes.subarray(0, bytes.length - frame.length)), []);
  assert.throws(() => splitFrames('flac', bytes.subarray(0, 100)), /stream header is cut short/);
  assert.throws(() => splitFrames('flac', bytes.subarray(0, 44)), /stream header is cut short/);
});

test('a whole FLAC header inside the sound does not split a frame', () => {
  const imitation = flacFrame(8, [1, 2, 3, 4, 5, 6]);
  const parts = [flacFrame(7, [...imitation, 1, 2, 3]), flacFrame(8, [4, 4, 4, 4])];
  const frames = splitFrames('flac', joined(...parts));
  assert.deepEqual(lengths(frames), parts.map((part) => part.length));
});

test('even with the right CRC-16 in front of it, a header with an unexpected number does not split a frame', () => {
  const closed = flacFrame(7, [1, 2, 3, 4, 5, 6]); // its last two bytes close what the imitation follows
  const head = 6;
  const body = [...closed.subarray(head), ...flacFrame(99, [1, 2, 3, 4]), 5];
  const parts = [flacFrame(7, body), flacFrame(8, [4, 4, 4, 4])];
  assert.deepEqual(lengths(splitFrames('flac', joined(...parts))), parts.map((part) => part.length));
});

test('FLAC frame numbers of every coded length are read', () => {
  const edges = [0x7f, 0x7ff, 0xffff, 0x1fffff, 0x3ffffff, 0x7ffffffe];
  for (const number of [0, ...edges, ...edges.map((edge) => edge + 1)]) {
    assert.equal(parseFlacHeader(flacFrame(number, [1, 2, 3, 4]), 0)?.number, number);
  }
});

test('a FLAC header with a wrong CRC-8 is none', () => {
  const frame = flacFrame(3, [1, 2, 3, 4]);
  frame[5] ^= 1;
  assert.equal(parseFlacHeader(frame, 0), null);
});

test('damaged and cut frames are refused, with the place', () => {
  const flac = flacFrame(3, [1, 2, 3, 4, 5, 6]);
  flac[9] ^= 1;
  assert.throws(() => splitFrames('flac', flac), /FLAC frame at byte 0/);
  assert.throws(() => splitFrames('mp3', joined(mp3Frame(), mp3Frame().subarray(0, 400))), /byte 417 is cut short/);
  assert.throws(() => splitFrames('mp3', joined(mp3Frame(), [1, 2, 3, 4, 5])), /no MP3 header at byte 417/);
  assert.throws(() => splitFrames('aac', adtsFrame(300).subarray(0, 200)), /cut short/);
  assert.throws(() => splitFrames('flac', Uint8Array.of(1, 2, 3, 4)), /no FLAC header/);
  assert.throws(() => splitFrames('vorbis', new Uint8Array(4)), /codec "vorbis"/);
});

test('no bytes are no frames', () => {
  for (const codec of ['mp3', 'aac', 'flac']) assert.deepEqual(splitFrames(codec, new Uint8Array()), []);
});

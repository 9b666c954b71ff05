import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extrapolated } from '../../Sources/WebAPI/Resources/player/js/audio/linear-prediction.js';
import { DecodePipeline } from '../../Sources/WebAPI/Resources/player/js/audio/pipeline.js';
import { RateAdapter } from '../../Sources/WebAPI/Resources/player/js/audio/rate-adapter.js';
import { splitOpus } from '../../Sources/WebAPI/Resources/player/js/codec/opus.js';
import { ramp, random, range } from './support.mjs';

/** What this signal is at any time: tones up to 15 kHz. @param {number} seconds */
const signal = (seconds) =>
  [[220, 0.3], [1003, 0.2], [5021, 0.1], [15_000, 0.05]].reduce(
    (sum, [hertz, level]) => sum + level * Math.sin(2 * Math.PI * hertz * seconds + hertz),
    0,
  );

/** `count` samples of it at a rate, from a time on. */
const piece = (rate, from, count) => [Float32Array.from({ length: count }, (_, i) => signal(from + i / rate))];

function adapter(outputRate) {
  const written = [];
  const made = new RateAdapter(outputRate, (block) => written.push(...block[0]));
  return { made, written };
}

/** In random cuts. */
function pushCut(made, block, rate, next) {
  let at = 0;
  while (at < block[0].length) {
    const count = 1 + Math.floor(next() * 3000);
    made.push(block.map((channel) => channel.slice(at, at + count)), rate);
    at += count;
  }
}

for (const [from, to] of [[44_100, 48_000], [48_000, 44_100]]) {
  test(`${from} Hz at ${to}: every sample in its place, and the count to the sample`, () => {
    const { made, written } = adapter(to);
    const count = 100_003;
    pushCut(made, piece(from, 0, count), from, random(3));
    made.finish();
    assert.equal(written.length, Math.round((count * to) / from));
    let worst = 0;
    for (let i = 0; i < written.length; i += 1) worst = Math.max(worst, Math.abs(written[i] - signal(i / to)));
    assert.ok(worst < 2e-3, `${worst}`); // at the very edges; prediction knows tones well
    let inside = 0;
    for (let i = 200; i < written.length - 200; i += 1) inside = Math.max(inside, Math.abs(written[i] - signal(i / to)));
    assert.ok(inside < 2e-4, `${inside}`);
  });
}

test('streams of one rate are one signal for the filter, and the joint lies between the right samples', () => {
  const { made, written } = adapter(48_000);
  const lengths = [30_011, 44_100, 12_345];
  const joints = [];
  let at = 0;
  for (const length of lengths) {
    if (at > 0) made.joint(() => joints.push(written.length));
    pushCut(made, piece(44_100, at / 44_100, length), 44_100, random(at));
    at += length;
  }
  made.finish();
  assert.equal(written.length, Math.round((at * 160) / 147));
  assert.deepEqual(joints, [30_011, 74_111].map((end) => Math.round((end * 160) / 147)));
  for (const joint of joints) {
    for (let i = joint - 100; i < joint + 100; i += 1) {
      assert.ok(Math.abs(written[i] - signal(i / 48_000)) < 2e-4, `${i} of ${joint}`);
    }
  }
});

test('changes of rate do not click, and rounding does not add up', () => {
  const { made, written } = adapter(44_100);
  const next = random(9);
  let seconds = 0;
  for (let i = 0; i < 40; i += 1) {
    const rate = i % 2 === 0 ? 44_100 : 48_000;
    const count = 2000 + Math.floor(next() * 5000);
    pushCut(made, piece(rate, seconds, count), rate, next);
    seconds += count / rate;
    if (i % 2 === 1) {
      made.finish();
      assert.ok(Math.abs(written.length - seconds * 44_100) <= 1, `${written.length - seconds * 44_100}`);
    }
  }
  let worst = 0;
  // Runs of the output's own rate begin on a whole sample, so everything may be up to a sample off; no click is.
  for (let i = 1; i < written.length; i += 1) worst = Math.max(worst, Math.abs(written[i] - written[i - 1]));
  let steepest = 0;
  for (let i = 0; i < 441_000; i += 1) steepest = Math.max(steepest, Math.abs(signal((i + 1) / 44_100) - signal(i / 44_100)));
  assert.ok(worst < 1.15 * steepest, `${worst} ${steepest}`);
});

test('what is taken back behind a joint leaves the stream before complete', () => {
  const { made, written } = adapter(48_000);
  made.push(piece(44_100, 0, 44_100), 44_100);
  let joined = false;
  made.joint(() => (joined = true));
  made.push(piece(44_100, 5, 10), 44_100);
  made.dropBehindJoint();
  assert.equal(joined, false);
  assert.equal(written.length, 48_000);
});

test('prediction continues tones, and never blows up', () => {
  const past = piece(44_100, 0, 1024)[0];
  const next = extrapolated(past, 34);
  for (let i = 0; i < 34; i += 1) assert.ok(Math.abs(next[i] - signal((1024 + i) / 44_100)) < 2e-3, `${i}`);
  const noise = random(1);
  const wild = extrapolated(Float32Array.from({ length: 1024 }, () => noise() * 2 - 1), 34);
  assert.ok(wild.every((sample) => Math.abs(sample) <= 2));
  assert.deepEqual([...extrapolated(new Float32Array(100), 3)], [0, 0, 0]);
  assert.deepEqual([...extrapolated(new Float32Array(0), 2)], [0, 0]);
});

/** A decoder whose chunks are lengths; it puts out a ramp that goes on. */
function rampPipeline(sampleRate) {
  const log = [];
  let at = 0;
  const sink = {
    sampleRate,
    write: (block) => log.push(...block[0]),
    begin: ({ id }) => log.push(`begin ${id}`),
    cut: (id) => log.push(`cut ${id}`),
    flush: () => log.push('flush'),
    end: () => log.push('end'),
  };
  const errors = [];
  const pipeline = new DecodePipeline(sink, (error) => errors.push(error), async (_format, { onBlock }) => ({
    kind: 'WebCodecs',
    decode: async ({ samples }) => {
      onBlock(ramp(at, samples, 1));
      at += samples;
    },
    drain: async () => {},
    close: () => {},
  }));
  return { pipeline, log, errors };
}
const chunk = (samples) => ({ samples, skip: 0, data: new Uint8Array() });

test('a stream that follows begins in its turn', async () => {
  const { pipeline, log } = rampPipeline(44_100);
  pipeline.flush({ codec: 'mp3', sampleRate: 44_100, channels: 1 });
  pipeline.push(chunk(3));
  pipeline.end();
  pipeline.follow({ id: 'b', position: 0 }, { codec: 'flac', sampleRate: 44_100, channels: 1 });
  pipeline.push(chunk(2));
  await pipeline.settled();
  assert.deepEqual(log, ['flush', 0, 1, 2, 'end', 'begin b', 3, 4]);
});

test('a stream that is taken back is not decoded any further, and another one may follow instead', async () => {
  const { pipeline, log, errors } = rampPipeline(44_100);
  const format = { codec: 'mp3', sampleRate: 44_100, channels: 1 };
  pipeline.flush(format);
  pipeline.push(chunk(3));
  pipeline.follow({ id: 'b', position: 0 }, format);
  pipeline.push(chunk(2));
  await pipeline.settled();
  pipeline.push(chunk(2));
  pipeline.cancel('b');
  pipeline.cancel('b');
  pipeline.end();
  pipeline.follow({ id: 'c', position: 0 }, format);
  pipeline.push(chunk(1));
  await pipeline.settled();
  assert.deepEqual(log, ['flush', 0, 1, 2, 'begin b', 3, 4, 'cut b', 'end', 'begin c', 5]);
  assert.deepEqual(errors, []);
});

test('over a joint of other rates the pipeline keeps the count of each stream', async () => {
  const { pipeline, log } = rampPipeline(48_000);
  pipeline.flush({ codec: 'mp3', sampleRate: 44_100, channels: 1 });
  pipeline.push(chunk(4410));
  pipeline.follow({ id: 'b', position: 0 }, { codec: 'flac', sampleRate: 48_000, channels: 1 });
  pipeline.push(chunk(1000));
  pipeline.follow({ id: 'c', position: 0 }, { codec: 'flac', sampleRate: 44_100, channels: 1 });
  pipeline.push(chunk(4410));
  pipeline.end();
  await pipeline.settled();
  const [b, c, end] = ['begin b', 'begin c', 'end'].map((what) => log.indexOf(what));
  assert.deepEqual([b - 1, c - b - 1, end - c - 1], [4800, 1000, 4800]);
  assert.deepEqual(log.slice(b + 1, c), range(4410, 1000)); // of the output's own rate: as it is
});

test('Opus comes in Ogg pages, and each packet says how long it is', () => {
  const page = (...packets) => {
    const lacing = packets.flatMap((packet) => [...new Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255]);
    const head = [0x4f, 0x67, 0x67, 0x53, ...new Array(22).fill(0), lacing.length, ...lacing];
    return Uint8Array.from([...head, ...packets.flatMap((packet) => [...packet])]);
  };
  const celt20 = (length) => new Uint8Array(length).fill(0xfc); // config 31, stereo, one frame: 20 ms
  const bytes = Uint8Array.from([...page(celt20(300), celt20(255), celt20(7)), ...page(celt20(12))]);
  const packets = splitOpus(bytes);
  assert.deepEqual(packets.map(({ data, samples }) => [data.length, samples]), [[300, 960], [255, 960], [7, 960], [12, 960]]);
  assert.deepEqual(splitOpus(page(Uint8Array.of(0x00), Uint8Array.of(0x79, 0))).map(({ samples }) => samples), [480, 1920]);
  // A stream's first chunk has the headers in front, and a chunk may have one of them alone.
  const text = (magic, length) => Uint8Array.from({ length }, (_, at) => magic.charCodeAt(at) || 0);
  const headed = [...page(text('OpusHead', 19)), ...page(text('OpusTags', 400)), ...page(celt20(300))];
  assert.deepEqual(splitOpus(Uint8Array.from(headed)).map(({ data }) => data.length), [300]);
  for (const bad of [bytes.subarray(0, 100), bytes.subarray(1), page(Uint8Array.of())]) {
    assert.throws(() => splitOpus(bad), /Opus|Ogg/);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { StreamReceiver } from '../../Sources/WebAPI/Resources/player/js/player/stream-receiver.js';
import { VirtualOutput } from '../Sync/virtual-output.mjs';

const RATE = 48_000;

/** Chunks of `data: [value]`; each decodes to that value, `samples` times. */
async function levelDecoder({ channels }, { onBlock }) {
  return {
    kind: 'level',
    decode: async ({ data, samples }) => onBlock(Array.from({ length: channels }, () => new Float32Array(samples).fill(data[0] / 100))),
    drain: async () => {},
    close: () => {},
  };
}

/** A receiver on a sound card in software, whose rendered samples are kept. */
function player({ latencyMs = 20, decoder = levelDecoder } = {}) {
  let ms = 0;
  const connection = new Emitter();
  const output = new VirtualOutput({ sampleRate: RATE, now: () => ms, latencyMs });
  const rendered = [];
  output.onRender = (_frame, [left]) => rendered.push(...left);
  const receiver = new StreamReceiver(connection, { output, decoder });
  const events = [];
  for (const name of ['heard', 'preloaded', 'cancelled', 'ended', 'stopped', 'landed', 'started', 'starved', 'failed']) {
    receiver.on(name, (detail) => events.push([name, detail?.stream?.streamId ?? detail?.streamId ?? '']));
  }
  return {
    connection, output, receiver, rendered, events,
    names: () => events.map(([name]) => name),
    start(streamId, more = {}) {
      const stream = { trackId: `track-${streamId}`, duration: 60, position: 0, epoch: 0, codec: 'flac', channels: 2 };
      connection.emit('stream_started', { ...stream, sampleRate: RATE, streamId, ...more });
    },
    chunk(streamId, seq, level, samples, more = {}) {
      const data = Uint8Array.of(level);
      connection.emit('audio_chunk', { streamId, epoch: 0, seq, position: 0, samples, data, ...more });
    },
    end: (streamId, reason = 'finished') => connection.emit('stream_ended', { streamId, reason }),
    async until(time) {
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      for (; ms < time; ms += 5) output.run(ms);
    },
  };
}

/** A player that plays 100 ms of level 50 and waits for what follows. */
async function playing(options) {
  const one = player(options);
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a');
  one.output.play();
  one.chunk('a', 0, 50, 4800, { position: 0 });
  one.end('a');
  return one;
}

test('the next stream comes right behind the last sample, and is the one heard from there on', async () => {
  const one = await playing();
  one.start('b', { follows: 'a' });
  one.chunk('b', 0, 80, 9600);
  one.end('b');
  assert.equal(one.receiver.stream.streamId, 'a');
  assert.equal(one.receiver.preloaded.streamId, 'b');
  await one.until(60);
  assert.equal(one.receiver.stream.streamId, 'a');
  await one.until(200);
  assert.equal(one.receiver.stream.streamId, 'b');
  assert.ok(Math.abs(one.receiver.position - (0.2 - 0.02 - 0.1)) < 0.01, `${one.receiver.position}`);
  await one.until(400);
  const first = one.rendered.findIndex((sample) => sample > 0) - 1;
  const sounding = one.rendered.slice(first);
  assert.equal(sounding.slice(256, 4800).every((sample) => sample === 0.5), true);
  assert.equal(sounding.slice(4800, 14_400).every((sample) => sample === Math.fround(0.8)), true);
  assert.ok(Math.abs(sounding[14_400]) < 0.8);
  assert.deepEqual(one.names(), ['landed', 'preloaded', 'started', 'heard', 'ended']);
});

test('a stream that is taken back is not heard, and another one may follow', async () => {
  const one = await playing();
  one.start('b', { follows: 'a' });
  one.chunk('b', 0, 80, 9600);
  await one.until(20);
  one.end('b', 'cancelled');
  one.chunk('b', 1, 80, 9600);
  one.start('c', { follows: 'a' });
  one.chunk('c', 0, 30, 4800);
  one.end('c');
  await one.until(300);
  assert.equal(one.receiver.stream.streamId, 'c');
  assert.equal(one.rendered.filter((sample) => sample === Math.fround(0.8)).length, 0);
  assert.equal(one.rendered.filter((sample) => sample === Math.fround(0.3)).length, 4800);
  assert.deepEqual(one.names(), ['landed', 'preloaded', 'started', 'cancelled', 'preloaded', 'heard', 'ended']);
});

test('where nothing takes its place, the sound ends with the stream before', async () => {
  const one = await playing();
  one.start('b', { follows: 'a' });
  one.chunk('b', 0, 80, 9600);
  await one.until(20);
  one.end('b', 'cancelled');
  await one.until(300);
  assert.equal(one.names().at(-1), 'ended');
  assert.equal(one.receiver.stream.streamId, 'a');
  assert.equal(one.receiver.hasAllChunks, true);
});

test('a seek in the stream that is heard takes back what was to follow', async () => {
  const one = await playing();
  one.start('b', { follows: 'a' });
  one.chunk('b', 0, 80, 9600);
  await one.until(40);
  one.chunk('a', 1, 20, 48_000, { epoch: 1, position: 30 });
  one.chunk('b', 1, 80, 9600);
  await one.until(300);
  assert.equal(one.receiver.stream.streamId, 'a');
  assert.equal(one.receiver.preloaded, null);
  assert.equal(one.receiver.epoch, 1);
  assert.ok(one.receiver.position > 30.1 && one.receiver.position < 30.3, `${one.receiver.position}`);
  assert.equal(one.rendered.filter((sample) => sample === Math.fround(0.8)).length, 0);
});

test('a stream that follows too late plays all the same', async () => {
  const one = await playing();
  await one.until(200);
  assert.equal(one.names().at(-1), 'ended');
  one.start('b', { follows: 'a' });
  one.chunk('b', 0, 80, 24_000);
  await one.until(500);
  assert.equal(one.receiver.stream.streamId, 'b');
  assert.ok(one.rendered.includes(Math.fround(0.8)));
});

test('a crossfade begins before the end, and no longer than half of what follows', async () => {
  const one = await playing();
  one.start('b', { follows: 'a', crossfade: 0.05 });
  one.chunk('b', 0, 50, 9600);
  one.end('b');
  await one.until(400);
  const first = one.rendered.findIndex((sample) => sample > 0) - 1;
  const sounding = one.rendered.slice(first);
  assert.equal(sounding[2399], 0.5);
  assert.ok(Math.abs(sounding[3600] - 0.5 * Math.SQRT2) < 0.01); // the same signal twice: power says √2
  assert.equal(sounding[12_000 - 1], 0.5);
  assert.ok(Math.abs(sounding[12_000]) < 0.5);
});

test('each stream has its own gain, and all follow a change', async () => {
  const one = player();
  let mode = 0.5;
  one.receiver.gainFor = ({ streamId }) => (streamId === 'a' ? mode : 2 * mode);
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a');
  one.output.play();
  one.chunk('a', 0, 80, 4800);
  one.start('b', { follows: 'a' });
  one.chunk('b', 0, 40, 48_000);
  await one.until(200);
  assert.ok(one.rendered.includes(Math.fround(0.4)));
  assert.equal(one.rendered.at(-1), Math.fround(0.4));
  mode = 0.25;
  one.receiver.updateGains();
  await one.until(300);
  assert.equal(one.rendered.at(-1), Math.fround(0.4) * 0.5);
});

test('nobody asked for it: a stream is only taken where that is accepted', async () => {
  const one = player();
  one.start('x');
  assert.equal(one.receiver.stream, null);
  one.receiver.accept = () => true;
  one.start('x');
  assert.equal(one.receiver.stream.streamId, 'x');
});

test('after a reconnect the stream goes on where it was, to the sample', async () => {
  const one = player();
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a');
  one.output.play();
  one.chunk('a', 0, 50, 4800);
  await one.until(30);
  one.receiver.expect({ trackId: 'track-a' }, true);
  one.start('a2', { trackId: 'track-a', position: 0.1 });
  one.chunk('a2', 0, 60, 4800, { position: 0.1 });
  one.end('a2');
  await one.until(300);
  const first = one.rendered.findIndex((sample) => sample > 0) - 1;
  assert.equal(one.rendered[first + 4799], 0.5);
  assert.equal(one.rendered[first + 4800], Math.fround(0.6));
  assert.equal(one.receiver.books.discontinuities, 0);
  assert.ok(Math.abs(one.receiver.position - 0.2) < 0.001, `${one.receiver.position}`);
});

test('a rendition of another rate goes on in its place', async () => {
  const one = player();
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a', { sampleRate: RATE });
  one.output.play();
  one.chunk('a', 0, 50, 4800, { position: 0 });
  const format = { quality: 'low', codec: 'mp3', bitrate: 128_000, sampleRate: 44_100 };
  one.connection.emit('quality_change', { streamId: 'a', ...format });
  one.chunk('a', 1, 50, 4410, { position: 0.1 });
  one.end('a');
  await one.until(400);
  const heard = one.rendered.slice(one.rendered.findIndex((sample) => sample > 0) - 1);
  assert.ok(heard.slice(256, 9600).every((sample) => Math.abs(sample - 0.5) < 0.01));
  assert.ok(heard[9600] < 0.49);
  assert.equal(one.receiver.stream.sampleRate, 44_100);
  assert.equal(one.receiver.books.discontinuities, 0);
});

test('what is heard is told less the latency and the delay behind the plug', async () => {
  const one = player({ latencyMs: 50 });
  one.output.delayMs = 100;
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a');
  one.output.play();
  one.chunk('a', 0, 50, 48_000);
  await one.until(700);
  const truth = one.output.trulyHeard(700);
  assert.ok(Math.abs(one.output.heard(700).position - truth) < 0.0005, `${one.output.heard(700).position} ${truth}`);
  assert.ok(truth < 0.7 - 0.15 + 0.01);
});

/** Chunks whose data says at which thousandth of full scale their first sample is; each sample is one more. */
function rampDecoder() {
  const books = { decoded: 0 };
  const create = async ({ channels }, { onBlock }) => ({
    kind: 'ramp',
    pendingSeconds: 0,
    decode: async ({ data, skip, samples }) => {
      const from = new Float64Array(data.slice().buffer)[0] + skip;
      books.decoded += samples;
      onBlock(Array.from({ length: channels }, () => Float32Array.from({ length: samples }, (_, i) => (from + i) / 2 ** 23)));
    },
    drain: async () => {},
    close: () => {},
  });
  return { books, create };
}

/** A player that has all of a track of a minute, in chunks of a second, whose every sample says which it is. */
async function holding() {
  const decoder = rampDecoder();
  const one = player({ decoder: decoder.create });
  one.books = decoder.books;
  one.second = (streamId, at, more = {}) => {
    const data = new Uint8Array(Float64Array.of(at * RATE).buffer);
    one.chunk(streamId, more.seq ?? at, 0, RATE, { position: at, data, ...more });
  };
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a');
  one.output.play();
  for (let at = 0; at < 60; at += 1) one.second('a', at);
  /** Plays on, giving the decoder its turns. */
  one.upTo = async (ms) => {
    for (let at = one.at ?? 0; at < ms; at += 500) await one.until((one.at = Math.min(at + 500, ms)));
  };
  return one;
}

test('a minute is held, and a few seconds of it are decoded', async () => {
  const one = await holding();
  await one.upTo(2000);
  assert.ok(one.books.decoded < 9 * RATE, `${one.books.decoded / RATE} s were decoded`);
  assert.ok(Math.abs(one.receiver.bufferedSeconds - 58) < 0.2, `${one.receiver.bufferedSeconds}`);
  await one.upTo(20_000);
  const first = one.rendered.findIndex((sample) => sample > 0) - 1;
  // Sample for sample, though it was decoded in pieces.
  for (let i = 300; i < 19 * RATE; i += 1) assert.equal(one.rendered[first + i], Math.fround(i / 2 ** 23));
  assert.equal(one.output.underruns, 0);
});

test('a jump inside of what is held sounds at once, from the very sample on, and nothing of it is fetched', async () => {
  const one = await holding();
  await one.upTo(12_000);
  for (const place of [2.5, 30.25, 7]) {
    const before = one.rendered.length;
    assert.equal(one.receiver.jump(place), true);
    assert.ok(Math.abs(one.receiver.position - place) < 0.01);
    await one.upTo(one.at + 3000);
    const sounding = one.rendered.slice(before);
    const first = sounding.findIndex((sample) => sample > (place * RATE - 1) / 2 ** 23 && sample < (place + 1) * RATE / 2 ** 23);
    // It fades in over 256 samples.
    const at = sounding.findIndex((sample, i) => i > first + 300 && sample > place * RATE / 2 ** 23);
    const index = Math.round(sounding[at] * 2 ** 23);
    assert.ok(at < 0.4 * RATE, `it sounds after ${at} samples`);
    for (let i = 0; i < RATE; i += 1) assert.equal(sounding[at + i], Math.fround((index + i) / 2 ** 23));
    assert.ok(Math.abs(one.receiver.position - (place + 3)) < 0.2, `${one.receiver.position}`);
  }
  assert.equal(one.receiver.jump(60), false);
  assert.equal(one.receiver.epoch, 0);
  assert.equal(one.receiver.books.chunks, 60);
});

test('what follows still follows, to the sample, after a jump back from the seam', async () => {
  const one = await holding();
  one.end('a');
  one.start('b', { follows: 'a' });
  for (let at = 0; at < 5; at += 1) one.second('b', at);
  one.end('b');
  assert.equal(one.receiver.jump(57), true);
  await one.upTo(2500);
  assert.equal(one.receiver.jump(59), true);
  await one.upTo(9500);
  const seam = one.rendered.indexOf(Math.fround((60 * RATE - 1) / 2 ** 23));
  assert.ok(seam > 0);
  for (let i = 0; i < RATE; i += 1) assert.equal(one.rendered[seam + 1 + i], Math.fround(i / 2 ** 23));
  assert.deepEqual(one.names().filter((name) => name === 'heard' || name === 'ended'), ['heard', 'ended']);
});

test('of what is mixed with the next track all is decoded in time', async () => {
  const one = await holding();
  one.end('a');
  one.start('b', { follows: 'a', crossfade: 12 });
  for (let at = 0; at < 30; at += 1) one.second('b', at);
  one.receiver.jump(40);
  await one.upTo(10_000);
  // 12 s before the end the second begins, and both are heard.
  assert.equal(one.receiver.stream.streamId, 'b');
  assert.ok(Math.abs(one.receiver.position - 2) < 0.2, `${one.receiver.position}`);
  assert.equal(one.output.underruns, 0);
});

test('another rendition is shown when its turn comes, not when it arrives', async () => {
  const one = await holding();
  const shown = [];
  one.receiver.on('rendition', (reason) => shown.push([reason, one.receiver.stream.codec]));
  one.connection.emit('quality_change', { streamId: 'a', codec: 'opus', quality: 'auto', bitrate: 48_000, reason: 'rescue' });
  one.second('a', 60);
  await one.upTo(40_000);
  assert.deepEqual([shown, one.receiver.stream.codec], [[], 'flac']);
  await one.upTo(60_000);
  assert.deepEqual(shown, [['rescue', 'opus']]);
  one.receiver.jump(50);
  assert.equal(one.receiver.stream.codec, 'flac');
});

test('what is not decoded yet gives way to another stream of the track, which goes on to the sample', async () => {
  const one = await holding();
  await one.upTo(3000);
  one.receiver.stopBehind(0);
  const edge = one.receiver.endPosition;
  assert.ok(edge > 7 && edge < 11, `${edge}`);
  one.receiver.expect({ trackId: 'track-a' }, true);
  one.second('a', 60); // what is to give way goes on coming until it does
  one.start('a2', { trackId: 'track-a', position: edge, codec: 'opus' });
  for (let at = edge; at < 30; at += 1) one.second('a2', at, { seq: at - edge });
  await one.upTo(20_000);
  const first = one.rendered.findIndex((sample) => sample > 0) - 1;
  for (let i = 300; i < 19 * RATE; i += 1) assert.equal(one.rendered[first + i], Math.fround(i / 2 ** 23));
  assert.equal(one.receiver.books.discontinuities, 0);
  // Behind the joint and before it.
  assert.equal(one.receiver.jump(25.5), true);
  assert.equal(one.receiver.jump(2.5), true);
  await one.upTo(22_000);
  assert.ok(Math.abs(one.receiver.position - 4.5) < 0.2, `${one.receiver.position}`);
});

test('behind a stream that was given up before its end nothing follows: there would be a hole', async () => {
  const one = player();
  one.receiver.expect({ trackId: 'track-a' }, false);
  one.start('a');
  one.output.play();
  one.chunk('a', 0, 50, 4800);
  one.receiver.release();
  one.start('b', { follows: 'a' });
  assert.deepEqual([one.receiver.newest.streamId, one.receiver.preloaded], ['a', null]);
});

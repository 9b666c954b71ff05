import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wantedBuffer } from '../../Sources/WebAPI/Resources/player/js/player/buffer-wish.js';
import { ChunkStore } from '../../Sources/WebAPI/Resources/player/js/player/chunk-store.js';

const RATE = 48_000;
const FLAC = { codec: 'flac' };
const OPUS = { codec: 'opus' };

function chunk(position, { seconds = 1, streamId = 'a', format = FLAC, isStart = false, bytes = 100, skip = 0 } = {}) {
  const samples = Math.round(seconds * RATE);
  const data = new Uint8Array(bytes);
  return { kind: 'chunk', streamId, position, samples, rate: RATE, skip, data, format, isStart };
}

const follow = (streamId, crossfade = 0) => ({ kind: 'follow', stream: { streamId, position: 0 }, format: FLAC, crossfade });
const of = (...ids) => new Set(ids);

/** Ten chunks of a second, the first of which a decoder can begin with. */
function filled({ taken = 0, ...limits } = {}) {
  const store = new ChunkStore({ mostSeconds: 100, mostBytes: 10_000, keptSeconds: 100, ...limits });
  for (let at = 0; at < 10; at += 1) store.add(chunk(at, { isStart: at === 0 }));
  for (let at = 0; at < taken; at += 1) store.take();
  return store;
}

test('what came is handed on in its order, and what waits is counted', () => {
  const store = filled();
  assert.equal(store.aheadSeconds, 10);
  assert.deepEqual([store.take().position, store.take().position, store.peek().position], [0, 1, 2]);
  assert.equal(store.aheadSeconds, 8);
  store.add({ kind: 'end' });
  while (store.peek().kind === 'chunk') store.take();
  assert.equal(store.aheadSeconds, 0);
  assert.equal(store.take().kind, 'end');
  assert.equal(store.take(), undefined);
});

test('a jump leads to the very sample, behind a chunk that leads in', () => {
  const store = filled({ taken: 8 });
  const { position, chunks } = store.rewind(of('a'), 3.5);
  assert.equal(position, 3.5);
  assert.deepEqual(chunks.map((one) => [one.position, one.skip, one.samples]), [[2, 0, 0], [3.5, 24_000, 24_000]]);
  assert.equal(store.peek().position, 4);
  assert.equal(store.aheadSeconds, 6);
});

test('a jump may lead on, too, and to a chunk that a decoder can begin with', () => {
  const store = filled({ taken: 1 });
  assert.equal(store.rewind(of('a'), 9.25).position, 9.25);
  assert.equal(store.aheadSeconds, 0);
  const [first, ...others] = store.rewind(of('a'), 0).chunks;
  assert.deepEqual([first.position, first.skip, first.samples, others.length], [0, 0, RATE, 0]);
});

test('what a first chunk leads in with stays in front of what is left of it', () => {
  const store = new ChunkStore({ mostSeconds: 100, mostBytes: 10_000, keptSeconds: 100 });
  store.add(chunk(7, { isStart: true, skip: 312 }));
  const [rest] = store.rewind(of('a'), 7.25).chunks;
  assert.deepEqual([rest.skip, rest.samples], [312 + 12_000, 36_000]);
});

test('there is no jump to what is not held, to another stream, or to where a decoder can not begin', () => {
  const store = filled({ taken: 8 });
  assert.equal(store.rewind(of('a'), 10), null);
  assert.equal(store.rewind(of('b'), 3), null);
  assert.equal(store.peek().position, 8);
  const short = filled({ keptSeconds: 3, taken: 8 });
  assert.equal(short.rewind(of('a'), 5.5), null); // what led in has been forgotten
  assert.equal(short.rewind(of('a'), 6.5).position, 6.5);
});

test('another way of encoding begins by itself', () => {
  const store = filled();
  store.add(chunk(10, { format: OPUS, isStart: true, skip: 3840 }));
  store.add(chunk(11, { format: OPUS }));
  const first = store.rewind(of('a'), 10.5);
  assert.deepEqual([first.format, first.chunks.length], [OPUS, 1]);
  const second = store.rewind(of('a'), 11.5);
  assert.deepEqual(second.chunks.map((one) => one.format), [OPUS, OPUS]);
});

test('a hole in front of a chunk leads nowhere', () => {
  const store = new ChunkStore({ mostSeconds: 100, mostBytes: 10_000, keptSeconds: 100 });
  store.add(chunk(0, { isStart: true }));
  store.add(chunk(2));
  store.add(chunk(3));
  assert.equal(store.rewind(of('a'), 1.5), null);
  assert.equal(store.rewind(of('a'), 2.5), null);
  assert.equal(store.rewind(of('a'), 3.5).position, 3.5);
});

test('the track goes on in another stream, and a jump finds both', () => {
  const store = filled({ taken: 4 });
  store.add(follow('a2'));
  store.add(chunk(10, { streamId: 'a2', isStart: true }));
  assert.equal(store.rewind(of('a', 'a2'), 10.5).position, 10.5);
  assert.equal(store.rewind(of('a', 'a2'), 5.5).position, 5.5);
  assert.equal(store.rewind(of('a2'), 5.5), null);
});

test('what was handed on is forgotten, oldest first; what waits never is', () => {
  const store = filled({ keptSeconds: 2, taken: 6 });
  assert.equal(store.bytes, 600);
  const heavy = filled({ mostBytes: 1000, taken: 3 });
  for (let at = 10; at < 14; at += 1) heavy.add(chunk(at));
  // The last that was handed on stays, to lead in.
  assert.equal(heavy.bytes, 1200);
  assert.equal(heavy.aheadSeconds, 11);
  assert.equal(heavy.isOverfull, true);
});

test('more sound than anybody asked for is said', () => {
  const store = filled({ mostSeconds: 10 });
  assert.equal(store.isOverfull, false);
  store.add(chunk(10, { seconds: 0.1 }));
  assert.equal(store.isOverfull, true);
  store.clear();
  assert.deepEqual([store.isOverfull, store.bytes, store.aheadSeconds, store.peek()], [false, 0, 0, undefined]);
});

test('a stream that is taken back goes, with all behind it, handed on or not', () => {
  for (const taken of [4, 13]) {
    const store = filled();
    store.add({ kind: 'end' });
    store.add(follow('b', 3));
    store.add(chunk(0, { streamId: 'b', isStart: true }));
    store.add(chunk(1, { streamId: 'b' }));
    for (let at = 0; at < taken; at += 1) store.take();
    assert.equal(store.crossfadeAhead, taken === 4 ? 3 : 0);
    store.cancel('b');
    assert.equal(store.crossfadeAhead, 0);
    assert.equal(store.bytes, 1000);
    assert.equal(store.aheadSeconds, taken === 4 ? 6 : 0);
  }
});

test('what waits gives way to what comes in its place, and not before that has come', () => {
  const store = filled({ taken: 3 });
  assert.deepEqual(store.stopBehind(0), { streamId: 'a', position: 3 });
  assert.deepEqual([store.aheadSeconds, store.bytes, store.peek(), store.take()], [7, 1000, undefined, undefined]);
  store.add(chunk(10));
  store.goOn();
  assert.deepEqual([store.take().position, store.aheadSeconds], [3, 7]);
  store.stopBehind(0);
  store.cut();
  assert.deepEqual([store.aheadSeconds, store.bytes], [0, 400]);
  assert.equal(store.stopBehind(0), null);
  store.add(follow('b'));
  store.add(chunk(0, { streamId: 'b', isStart: true }));
  store.take();
  assert.deepEqual(store.stopBehind(0), { streamId: 'b', position: 0 });
});

test('of what waits, what is as it should be stays', () => {
  const store = filled({ taken: 3 });
  const isFlac = (format) => format === FLAC;
  for (let at = 10; at < 14; at += 1) store.add(chunk(at, { format: OPUS }));
  assert.equal(store.stopBefore((format) => format === null), null);
  assert.deepEqual(store.stopBefore((format) => !isFlac(format)), { streamId: 'a', position: 10 });
  assert.deepEqual(store.stopBefore(isFlac), { streamId: 'a', position: 3 });
});

test('while it waits for what comes in its place, a jump leads to what is still to be heard', () => {
  const store = filled({ taken: 3 });
  store.stopBehind(2);
  assert.equal(store.rewind(of('a'), 6.5), null);
  assert.equal(store.rewind(of('a'), 1.5).position, 1.5);
  const rest = [];
  for (let entry = store.take(); entry; entry = store.take()) rest.push(entry.position);
  assert.deepEqual(rest, [2, 3, 4]);
});

test('what is forgotten in front of it moves no stop', () => {
  const store = filled({ taken: 3, keptSeconds: 2 });
  store.stopBehind(4);
  for (let at = 3; at < 7; at += 1) assert.equal(store.take().position, at);
  assert.equal(store.take(), undefined);
  store.cut();
  assert.equal(store.aheadSeconds, 0);
});

test('of what waits the first seconds may stay, whatever stream they are of', () => {
  const store = filled({ taken: 3 });
  assert.equal(store.stopBehind(7), null);
  assert.deepEqual(store.stopBehind(4.5), { streamId: 'a', position: 8 });
  store.cut();
  assert.equal(store.aheadSeconds, 5);
  store.add(follow('b'));
  for (let at = 0; at < 5; at += 1) store.add(chunk(at, { streamId: 'b', isStart: at === 0 }));
  assert.deepEqual(store.stopBehind(6), { streamId: 'b', position: 1 });
  store.cut();
  assert.deepEqual([store.take().position, store.aheadSeconds], [3, 5]);
});

test('two minutes are asked for, less where that costs: by the listener, the network, or the memory', () => {
  assert.equal(wantedBuffer({ savesData: false }), 120);
  assert.equal(wantedBuffer({ savesData: false, link: { type: 'wifi', saveData: false }, memoryGb: 8 }), 120);
  assert.equal(wantedBuffer({ savesData: false, link: { type: 'cellular' } }), 30);
  assert.equal(wantedBuffer({ savesData: false, memoryGb: 0.5 }), 30);
  assert.equal(wantedBuffer({ savesData: true }), 10);
  assert.equal(wantedBuffer({ savesData: false, link: { saveData: true, type: 'cellular' } }), 10);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutputClock } from '../../Sources/WebAPI/Resources/player/js/audio/output-clock.js';
import { Playhead } from '../../Sources/WebAPI/Resources/player/js/audio/playhead.js';
import { PlayerState } from '../../Sources/WebAPI/Resources/player/js/audio/player-state.js';
import { SegmentTimeline } from '../../Sources/WebAPI/Resources/player/js/audio/segment-timeline.js';
import { SLEW_SPAN, SlewReader } from '../../Sources/WebAPI/Resources/player/js/audio/slew-reader.js';
import { ramp, random, range } from './support.mjs';

const stereo = (count) => [new Float32Array(count), new Float32Array(count)];
const constant = (value, count) => [new Float32Array(count).fill(value), new Float32Array(count).fill(value)];

function readAll(reader, size = 128, limit = 1e6) {
  const heard = [];
  while (heard.length < limit) {
    const outputs = stereo(size);
    const written = reader.read(outputs);
    heard.push(...outputs[0].subarray(0, written));
    if (written < size) break;
  }
  return heard;
}

test('streams follow each other without a sample between them', () => {
  const timeline = new SegmentTimeline();
  timeline.begin({ id: 'a' });
  timeline.push(ramp(0, 1000));
  timeline.begin({ id: 'b' });
  timeline.push(ramp(1000, 777));
  timeline.push(ramp(1777, 223));
  timeline.begin({ id: 'c' });
  timeline.push(ramp(2000, 5));
  assert.equal(timeline.queued, 2005);
  assert.deepEqual(readAll(timeline), range(0, 2005));
  assert.deepEqual(timeline.takeBegun(), [{ id: 'a', start: 0 }, { id: 'b', start: 1000 }, { id: 'c', start: 2000 }]);
  assert.equal(timeline.queued, 0);
});

test('a stream that is taken back leaves the one before as it was', () => {
  const timeline = new SegmentTimeline();
  timeline.begin({ id: 'a' });
  timeline.push(ramp(0, 1000));
  timeline.begin({ id: 'b' });
  timeline.push(ramp(5000, 500));
  timeline.cut('b');
  timeline.begin({ id: 'c' });
  timeline.push(ramp(1000, 300));
  assert.deepEqual(readAll(timeline), range(0, 1300));
  assert.deepEqual(timeline.takeBegun().map(({ id }) => id), ['a', 'c']);
});

test('a gain goes with its stream from the first sample on, and gets there without a step', () => {
  const timeline = new SegmentTimeline();
  timeline.begin({ id: 'a', gain: 0.5 });
  timeline.push(constant(1, 1000));
  timeline.begin({ id: 'b', gain: 0.25 });
  timeline.push(constant(1, 2000));
  const heard = readAll(timeline);
  assert.ok(heard.slice(0, 1000).every((sample) => sample === 0.5));
  for (let i = 1001; i < 3000; i += 1) assert.ok(Math.abs(heard[i] - heard[i - 1]) < 0.001);
  assert.ok(heard.slice(1600).every((sample) => sample === 0.25));
});

test('a gain can be changed while it sounds', () => {
  const timeline = new SegmentTimeline();
  timeline.begin({ id: 'a' });
  timeline.push(constant(1, 4000));
  const before = stereo(512);
  timeline.read(before);
  assert.ok(before[0].every((sample) => sample === 1));
  timeline.setGain('a', 0.5);
  const heard = readAll(timeline);
  assert.equal(heard.at(-1), 0.5);
  let last = 1;
  for (const sample of heard) {
    assert.ok(last - sample >= 0 && last - sample < 0.002);
    last = sample;
  }
});

test('a crossfade begins that much before the end, and keeps the power of both', () => {
  const timeline = new SegmentTimeline();
  timeline.begin({ id: 'a' });
  timeline.push([new Float32Array(1000).fill(1), new Float32Array(1000)]);
  timeline.begin({ id: 'b', overlap: 400 });
  timeline.push([new Float32Array(1000), new Float32Array(1000).fill(1)]);
  assert.equal(timeline.queued, 1600);
  const outputs = stereo(1600);
  assert.equal(timeline.read(outputs), 1600);
  for (let i = 0; i < 1600; i += 1) {
    const power = outputs[0][i] ** 2 + outputs[1][i] ** 2;
    assert.ok(Math.abs(power - 1) < 1e-6, `${i}: ${power}`);
  }
  assert.equal(outputs[0][599], 1);
  assert.ok(outputs[0][600] < 1 && outputs[1][600] > 0);
  assert.equal(outputs[1][1000], 1);
  assert.deepEqual(timeline.takeBegun(), [{ id: 'a', start: 0 }, { id: 'b', start: 600 }]);
});

test('a stream that comes too late for its crossfade gets a shorter one, and sound never stops', () => {
  const timeline = new SegmentTimeline();
  timeline.begin({ id: 'a' });
  timeline.push(constant(1, 1000));
  timeline.begin({ id: 'b', overlap: 500 });
  assert.equal(timeline.read(stereo(800)), 800);
  timeline.push(constant(1, 1000));
  assert.equal(readAll(timeline).length, 1000);
  assert.deepEqual(timeline.takeBegun().at(-1), { id: 'b', start: 800 });
});

test('however blocks, streams and reads are cut, every sample comes once and in order', () => {
  const next = random(7);
  for (let round = 0; round < 50; round += 1) {
    const timeline = new SegmentTimeline();
    const reader = new SlewReader(timeline);
    let at = 0;
    const heard = [];
    for (let step = 0; step < 60; step += 1) {
      if (next() < 0.2) timeline.begin({ id: `s${step}` });
      const count = Math.floor(next() * 900);
      timeline.push(ramp(at, count));
      at += count;
      const outputs = stereo(128);
      for (let i = 0; i < 3; i += 1) heard.push(...outputs[0].subarray(0, reader.read(outputs)));
    }
    heard.push(...readAll(reader));
    assert.deepEqual(heard, range(0, at));
  }
});

for (const [name, correction] of [['left out', 7], ['put in', -7]]) {
  test(`samples are ${name} without a click, and the rest passes bit by bit`, () => {
    const timeline = new SegmentTimeline();
    const reader = new SlewReader(timeline);
    const length = 20_000;
    const tone = (at) => 0.5 * Math.sin((2 * Math.PI * 997 * at) / 48_000);
    timeline.push([0, 1].map(() => Float32Array.from({ length }, (_, i) => tone(i))));
    const start = stereo(1024);
    reader.read(start);
    assert.equal(start[0][1000], Math.fround(tone(1000)));
    reader.correct(correction);
    const bent = stereo(7 * SLEW_SPAN);
    reader.read(bent);
    assert.equal(reader.owed, 0);
    assert.equal(reader.at, 1024 + 7 * SLEW_SPAN + correction);
    // Each output is the tone at the place that the reader says it is at.
    for (let i = 0; i < 7 * SLEW_SPAN; i += 1) {
      const place = 1024 + i * (1 + Math.sign(correction) / SLEW_SPAN);
      assert.ok(Math.abs(bent[0][i] - tone(place)) < 1e-4, `${i}: ${bent[0][i]} ${tone(place)}`);
    }
    const rest = readAll(reader);
    assert.equal(rest.length, length - reader.at + rest.length);
    for (let i = 0; i < rest.length; i += 1) {
      assert.equal(rest[i], Math.fround(tone(1024 + 7 * SLEW_SPAN + correction + i)));
    }
  });
}

function grouped() {
  const state = new PlayerState({ startThreshold: 100, recoverThreshold: 100 });
  state.receive({ type: 'flush', generation: 1 });
  state.receive({ type: 'group', on: true });
  state.receive({ type: 'play' });
  state.receive({ type: 'segment', generation: 1, id: 'a' });
  return state;
}

/** Renders up to a frame; gives what was heard. */
function renderTo(state, until, from = 0) {
  const heard = [];
  for (let frame = from; frame < until; frame += 128) {
    const outputs = stereo(128);
    state.render(outputs, frame);
    heard.push(...outputs[0]);
  }
  return heard;
}

test('in a group the first sample leaves at its frame, in whatever block that lies', () => {
  const state = grouped();
  state.receive({ type: 'block', generation: 1, block: constant(1, 20_000) });
  assert.ok(renderTo(state, 1024).every((sample) => sample === 0)); // nothing is scheduled yet
  state.receive({ type: 'schedule', generation: 1, frame: 2001, index: 0 });
  const heard = renderTo(state, 4096, 1024);
  assert.equal(heard.findIndex((sample) => sample > 0), 2001 - 1024 + 1); // the first sample of a fade-in is 0
  const playhead = new Playhead();
  playhead.add(state.takeSpans());
  assert.equal(playhead.indexAt(2001), 0);
  assert.equal(playhead.indexAt(3001), 1000);
});

test('in a group what is overdue is thrown away, so a late device falls in at the right sample', () => {
  const state = grouped();
  state.receive({ type: 'schedule', generation: 1, frame: 1000, index: 0 });
  renderTo(state, 5120);
  state.receive({ type: 'block', generation: 1, block: ramp(0, 3000) });
  renderTo(state, 5248, 5120); // not even all of that is enough
  state.receive({ type: 'block', generation: 1, block: ramp(3000, 9000) });
  const heard = renderTo(state, 5760, 5248);
  assert.equal(heard.at(-1), 5759 - 1000);
});

test('in a group sound that ran dry comes back where the others are', () => {
  const state = grouped();
  state.receive({ type: 'schedule', generation: 1, frame: 0, index: 0 });
  state.receive({ type: 'block', generation: 1, block: ramp(0, 1000) });
  renderTo(state, 2560);
  assert.equal(state.progress.underruns, 1);
  state.receive({ type: 'block', generation: 1, block: ramp(1000, 5000) });
  assert.equal(renderTo(state, 3200, 2560).at(-1), 3199);
});

test('a pause at a frame, and going on in step', () => {
  const state = grouped();
  state.receive({ type: 'schedule', generation: 1, frame: 0, index: 0 });
  state.receive({ type: 'block', generation: 1, block: ramp(0, 9000) });
  renderTo(state, 1024);
  state.receive({ type: 'pause', frame: 2048 });
  renderTo(state, 4096, 1024);
  assert.equal(state.progress.played, 2048);
  state.receive({ type: 'schedule', generation: 1, frame: 5000, index: 2000 });
  state.receive({ type: 'play' });
  assert.equal(renderTo(state, 5632, 4096).at(-1), 2631);
});

test('a resync skips to what is due, or waits for it', () => {
  const state = grouped();
  state.receive({ type: 'schedule', generation: 1, frame: 0, index: 0 });
  state.receive({ type: 'block', generation: 1, block: ramp(0, 30_000) });
  renderTo(state, 1024);
  state.receive({ type: 'schedule', generation: 1, frame: 0, index: 5000 });
  state.receive({ type: 'resync', generation: 1 });
  assert.equal(renderTo(state, 2048, 1024).at(-1), 7047);
  state.receive({ type: 'schedule', generation: 1, frame: 0, index: 3000 });
  state.receive({ type: 'resync', generation: 1 });
  const heard = renderTo(state, 5120, 2048);
  assert.equal(heard.at(-1), 8119);
  assert.equal(heard.findLastIndex((sample) => sample === 0) < 2049, true);
});

test('the playhead knows where every frame was, through waits and corrections', () => {
  const state = grouped();
  const playhead = new Playhead();
  state.receive({ type: 'schedule', generation: 1, frame: 777, index: 0 });
  state.receive({ type: 'block', generation: 1, block: ramp(1, 60_000) });
  for (let frame = 0, block = 0; frame < 40_960; frame += 128, block += 1) {
    if (block === 40) state.receive({ type: 'slew', generation: 1, samples: 3 });
    if (block === 150) state.receive({ type: 'slew', generation: 1, samples: -5 });
    const outputs = stereo(128);
    state.render(outputs, frame);
    playhead.add(state.takeSpans());
    if (frame < 1280) continue;
    for (const i of [0, 63, 127]) {
      // What a ramp shows is where it was read.
      assert.ok(Math.abs(outputs[0][i] - 1 - playhead.indexAt(frame + i)) < 0.02, `${frame} ${i}`);
    }
  }
  assert.equal(playhead.indexAt(40_960), 40_960 - 777 - 2);
  assert.equal(Math.round(playhead.frameOf(1000) ?? 0), 1777);
});

test('the sound card is followed through jitter and drift, and found again after a sleep', () => {
  const next = random(11);
  const clock = new OutputClock(48_000);
  const speed = 1 + 80e-6;
  let worst = 0;
  for (let ms = 0; ms < 60_000; ms += 50) {
    clock.observe(ms + (next() - 0.5) * 6, ms * 48 * speed); // readings out by ± 3 ms
    if (ms > 10_000) worst = Math.max(worst, Math.abs(clock.frameAt(ms) - ms * 48 * speed) / 48);
  }
  assert.ok(worst < 1, `${worst} ms`);
  clock.observe(90_000, 60_000 * 48);
  assert.ok(Math.abs(clock.frameAt(90_010) - (60_010 * 48)) < 5);
  assert.ok(Math.abs(clock.timeOf(clock.frameAt(91_000)) - 91_000) < 1e-6);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayerState } from '../../Sources/WebAPI/Resources/player/js/audio/player-state.js';
import { SampleQueue } from '../../Sources/WebAPI/Resources/player/js/audio/sample-queue.js';
import { ramp, range } from './support.mjs';

const stereo = (count) => [new Float32Array(count), new Float32Array(count)];

/** Renders blocks of 128 and returns the first channel and what happened. */
function play(state, blocks) {
  const heard = [];
  const events = [];
  for (let i = 0; i < blocks; i += 1) {
    const outputs = stereo(128);
    events.push(...state.render(outputs));
    heard.push(...outputs[0]);
  }
  return { heard, events };
}

function ready({ startThreshold = 1, recoverThreshold = 1 } = {}) {
  const state = new PlayerState({ startThreshold, recoverThreshold });
  state.receive({ type: 'flush', generation: 1 });
  state.receive({ type: 'play' });
  return state;
}

const block = (from, count, generation = 1) => ({ type: 'block', generation, block: ramp(from, count) });

test('the queue gives back what was put in, over any boundaries', () => {
  const queue = new SampleQueue();
  for (let from = 0; from < 7000; from += 700) queue.push(ramp(from, 700));
  const heard = [];
  for (let i = 0; i < 60; i += 1) {
    const outputs = stereo(128);
    const written = queue.read(outputs);
    heard.push(...outputs[0].subarray(0, written));
  }
  assert.deepEqual(heard, range(0, 7000));
  assert.equal(queue.queued, 0);
});

test('the queue stays small after many blocks, and right', () => {
  const queue = new SampleQueue();
  for (let i = 0; i < 5000; i += 1) {
    queue.push(ramp(i * 10, 10, 1));
    const outputs = stereo(10);
    assert.equal(queue.read(outputs), 10);
    assert.equal(outputs[0][3], i * 10 + 3);
    assert.equal(outputs[1][3], i * 10 + 3); // mono goes to both sides
  }
});

test('sound is sample-exact after the fade-in', () => {
  const state = ready();
  state.receive(block(1, 1000));
  state.receive(block(1001, 1000));
  const { heard, events } = play(state, 15);
  assert.deepEqual(heard.slice(256), range(257, 1920 - 256));
  assert.equal(heard[0], 0);
  assert.deepEqual(events, ['started']);
  assert.equal(state.progress.played, 1920);
  assert.equal(state.progress.queued, 80);
});

test('nothing sounds before enough is there, and a short track sounds all the same', () => {
  const state = ready({ startThreshold: 500 });
  state.receive(block(1, 499));
  assert.deepEqual(play(state, 3), { heard: new Array(384).fill(0), events: [] });
  state.receive({ type: 'end', generation: 1 });
  assert.deepEqual(play(state, 4).events, ['started', 'ended']);
  assert.equal(state.progress.played, 499);
  assert.equal(state.progress.underruns, 0);
});

test('running dry counts as one underrun until enough is there again', () => {
  const state = ready({ recoverThreshold: 300 });
  state.receive(block(1, 200));
  assert.deepEqual(play(state, 4).events, ['started', 'starved']);
  assert.equal(state.progress.starved, true);
  state.receive(block(201, 200));
  assert.deepEqual(play(state, 2).events, []);
  state.receive(block(401, 200));
  assert.deepEqual(play(state, 1).events, ['recovered']);
  assert.equal(state.progress.underruns, 1);
  assert.equal(state.progress.played, 328); // nothing was lost while it waited
});

test('pause holds the place and dies away without a click; play goes on from there', () => {
  const state = ready();
  const steady = new Float32Array(4000).fill(0.5);
  state.receive({ type: 'block', generation: 1, block: [steady, steady] });
  play(state, 4);
  state.receive({ type: 'pause' });
  const { heard } = play(state, 6);
  let before = 0.5;
  for (const sample of heard) {
    assert.ok(before - sample >= 0 && before - sample < 0.02);
    before = sample;
  }
  assert.equal(heard.at(-1), 0);
  assert.equal(state.progress.played, 512);
  assert.equal(state.progress.starved, false);
  state.receive({ type: 'play' });
  play(state, 1);
  assert.equal(state.progress.played, 640);
});

test('a flush throws away what waits, and late blocks of the time before it', () => {
  const state = ready();
  state.receive(block(1, 5000));
  play(state, 2);
  state.receive({ type: 'flush', generation: 2 });
  state.receive(block(5001, 1000, 1));
  state.receive({ type: 'end', generation: 1 });
  assert.deepEqual(play(state, 2).events, []);
  assert.deepEqual({ ...state.progress }, { generation: 2, played: 0, queued: 0, underruns: 0, starved: true, owed: 0 });
  state.receive(block(9000, 1000, 2));
  assert.deepEqual(play(state, 1).events, ['started']);
});

test('an end is none when another stream follows', () => {
  const state = ready();
  state.receive(block(1, 100));
  state.receive({ type: 'end', generation: 1 });
  state.receive({ type: 'segment', generation: 1, id: 'next' });
  assert.deepEqual(play(state, 1).events, ['started', 'starved']);
});

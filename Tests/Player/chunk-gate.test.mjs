import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkGate } from '../../Sources/WebAPI/Resources/player/js/player/chunk-gate.js';

const RATE = 44_100;
const usual = { streamId: 's', epoch: 0, samples: 44_100, data: new Uint8Array(10) };
const chunk = (seq, position, fields = {}) => ({ ...usual, seq, position, ...fields });

function started(fields = {}) {
  const gate = new ChunkGate();
  gate.start({ streamId: 's', epoch: 0, position: 0, ...fields }, false);
  return gate;
}

test('chunks that follow each other are appended and booked', () => {
  const gate = started();
  assert.equal(gate.admit(chunk(0, 0), RATE), 'append');
  assert.equal(gate.admit(chunk(1, 1), RATE), 'append');
  assert.deepEqual([gate.chunks, gate.bytes, gate.lost, gate.discontinuities, gate.endPosition], [2, 20, 0, 0, 2]);
});

test('another stream, and none, are dropped', () => {
  const gate = started();
  assert.equal(gate.admit(chunk(0, 0, { streamId: 'old' }), RATE), 'drop');
  gate.stop();
  assert.equal(gate.admit(chunk(0, 0), RATE), 'drop');
});

test('the first chunk of a new epoch flushes; older epochs are late from then on', () => {
  const gate = started();
  gate.admit(chunk(0, 0), RATE);
  assert.equal(gate.admit(chunk(1, 60, { epoch: 1 }), RATE), 'flush');
  assert.equal(gate.admit(chunk(2, 1), RATE), 'drop');
  assert.equal(gate.admit(chunk(3, 61, { epoch: 1 }), RATE), 'append');
  assert.equal(gate.discontinuities, 0);
  assert.equal(gate.lost, 0);
});

test('after an accepted seek chunks of the epoch before are late even before the first new one', () => {
  const gate = started();
  gate.expectEpoch(2);
  assert.equal(gate.admit(chunk(0, 0), RATE), 'drop');
  assert.equal(gate.admit(chunk(1, 5, { epoch: 1 }), RATE), 'drop');
  assert.equal(gate.admit(chunk(2, 9, { epoch: 2 }), RATE), 'flush');
});

test('holes in seq and jumps in position are counted', () => {
  const gate = started();
  gate.admit(chunk(0, 0), RATE);
  gate.admit(chunk(3, 3), RATE);
  assert.equal(gate.lost, 2);
  assert.equal(gate.discontinuities, 1);
});

test('a stream that continues another one has to begin where that ended', () => {
  const gate = started();
  gate.admit(chunk(0, 0), RATE);
  gate.start({ streamId: 't', epoch: 0, position: 1 }, true);
  gate.admit(chunk(0, 1, { streamId: 't' }), RATE);
  assert.equal(gate.discontinuities, 0);
  gate.start({ streamId: 'u', epoch: 0, position: 2.5 }, true);
  gate.admit(chunk(0, 2.5, { streamId: 'u' }), RATE);
  assert.equal(gate.discontinuities, 1);
});

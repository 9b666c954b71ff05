import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkTrimmer } from '../../Sources/WebAPI/Resources/player/js/audio/trimmer.js';
import { flat, ramp, range } from './support.mjs';

test('skip is dropped at the front and padding at the end, wherever outputs are cut', () => {
  for (const size of [1, 7, 100, 1152, 5000]) {
    const trimmer = new ChunkTrimmer(2);
    trimmer.expect({ skip: 1105, samples: 2000, total: 3456 });
    trimmer.expect({ skip: 0, samples: 1152, total: 1152 });
    const kept = [];
    for (let from = 0; from < 4608; from += size) kept.push(...trimmer.push(ramp(from, Math.min(size, 4608 - from))));
    assert.deepEqual(flat(kept), [...range(1105, 2000), ...range(3456, 1152)], `outputs of ${size}`);
    assert.deepEqual(flat(kept, 1), flat(kept, 0));
    assert.equal(trimmer.outstanding, 0);
  }
});

test('what nobody expected is dropped', () => {
  const trimmer = new ChunkTrimmer(2);
  trimmer.expect({ skip: 0, samples: 10, total: 10 });
  assert.deepEqual(flat(trimmer.push(ramp(0, 25))), range(0, 10));
  assert.deepEqual(trimmer.push(ramp(25, 5)), []);
});

test('a chunk that is all priming yields nothing', () => {
  const trimmer = new ChunkTrimmer(1);
  trimmer.expect({ skip: 1152, samples: 0, total: 1152 });
  trimmer.expect({ skip: 0, samples: 4, total: 4 });
  assert.deepEqual(flat(trimmer.push(ramp(0, 1156, 1))), range(1152, 4));
});

test('lost samples come off the skip first, then become silence in their place', () => {
  const trimmer = new ChunkTrimmer(2);
  trimmer.expect({ skip: 1152, samples: 3, total: 1155 });
  assert.deepEqual(trimmer.lose(1152), []);
  assert.deepEqual(flat(trimmer.push(ramp(5, 1))), [5]);
  assert.deepEqual(flat(trimmer.lose(2)), [0, 0]);
});

test('what is still to come is known', () => {
  const trimmer = new ChunkTrimmer(2);
  trimmer.expect({ skip: 100, samples: 200, total: 400 });
  trimmer.push(ramp(0, 150));
  assert.equal(trimmer.outstanding, 250);
});

test('a chunk cannot have more to hear than its frames hold', () => {
  assert.throws(() => new ChunkTrimmer(2).expect({ skip: 100, samples: 1100, total: 1152 }), RangeError);
});

test('kept samples own their memory, so that they can be given away', () => {
  const trimmer = new ChunkTrimmer(1);
  trimmer.expect({ skip: 2, samples: 4, total: 6 });
  const block = ramp(0, 6, 1);
  const [kept] = trimmer.push(block);
  assert.notEqual(kept[0].buffer, block[0].buffer);
  assert.equal(kept[0].buffer.byteLength, 16);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodePipeline } from '../../Sources/WebAPI/Resources/player/js/audio/pipeline.js';

/** A decoder that hands its chunks out only on drain, as late as a real one may. */
class LateDecoder {
  kind = 'late';
  held = [];
  isClosed = false;

  constructor(format, { onBlock, onError }) {
    Object.assign(this, { format, onBlock, onError });
  }

  async decode(chunk) {
    if (chunk === 'bad') throw new Error('bad chunk');
    this.held.push(chunk);
  }

  async drain() {
    await new Promise((resolve) => setImmediate(resolve));
    for (const chunk of this.held.splice(0)) this.onBlock(`${this.format.codec}:${chunk}`);
  }

  close() {
    this.isClosed = true;
  }
}

function make() {
  const heard = [];
  const errors = [];
  const made = [];
  const sink = { write: (block) => heard.push(block), flush: () => heard.push('flush'), end: () => heard.push('end') };
  const pipeline = new DecodePipeline(sink, (error) => errors.push(error.message), async (format, options) => {
    const decoder = new LateDecoder(format, options);
    made.push(decoder);
    return decoder;
  });
  return { pipeline, heard, errors, made };
}

test('a change of rendition lets the old decoder finish before the new one starts', async () => {
  const { pipeline, heard, made } = make();
  pipeline.flush({ codec: 'mp3' });
  pipeline.push(1);
  pipeline.push(2);
  pipeline.change({ codec: 'flac' });
  pipeline.push(3);
  pipeline.end();
  await pipeline.settled();
  assert.deepEqual(heard, ['flush', 'mp3:1', 'mp3:2', 'flac:3', 'end']);
  assert.equal(made[0].isClosed, true);
  assert.equal(made.length, 2);
});

test('a flush voids all that was queued, and the next chunk meets a new decoder', async () => {
  const { pipeline, heard, made } = make();
  pipeline.flush({ codec: 'mp3' });
  pipeline.push(1);
  await pipeline.settled();
  pipeline.push(2);
  pipeline.end();
  pipeline.flush();
  pipeline.push(3);
  pipeline.end();
  await pipeline.settled();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, ['flush', 'flush', 'mp3:3', 'end']);
  assert.deepEqual(made.map((decoder) => decoder.isClosed), [true, false]);
});

test('a flush in the middle of a drain keeps old samples out', async () => {
  const { pipeline, heard } = make();
  pipeline.flush({ codec: 'mp3' });
  pipeline.push(1);
  await pipeline.settled();
  pipeline.change({ codec: 'flac' });
  await Promise.resolve();
  pipeline.flush({ codec: 'aac' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  pipeline.push(2);
  pipeline.end();
  await pipeline.settled();
  assert.deepEqual(heard, ['flush', 'flush', 'aac:2', 'end']);
});

test('a chunk that fails does not stop the ones behind it', async () => {
  const { pipeline, heard, errors } = make();
  pipeline.flush({ codec: 'mp3' });
  pipeline.push('bad');
  pipeline.push(2);
  pipeline.end();
  await pipeline.settled();
  assert.deepEqual(errors, ['bad chunk']);
  assert.deepEqual(heard, ['flush', 'mp3:2', 'end']);
});

test('chunks without a format are not decoded', async () => {
  const { pipeline, made } = make();
  pipeline.push(1);
  await pipeline.settled();
  assert.equal(made.length, 0);
});

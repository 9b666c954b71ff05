import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { AudioOutput } from '../../Sources/WebAPI/Resources/player/js/audio/output.js';
import { SUSPEND_AFTER_MS } from '../../Sources/WebAPI/Resources/player/js/limits.js';

/** As much of Web Audio as a sound card needs that is only put to sleep and woken. */
class FakeNode {
  gain = { value: 1, setTargetAtTime() {} };
  port = { postMessage() {}, close() {} };
  connect = (node) => node;
  disconnect() {}
}

class FakeContext extends EventTarget {
  static last;
  state = 'running';
  currentTime = 0;
  destination = new FakeNode();
  audioWorklet = { addModule: async () => {} };
  calls = [];
  /** Carries out what was asked last; as browsers do, a while later. */
  settle = () => {};

  constructor({ sampleRate }) {
    super();
    this.sampleRate = sampleRate;
    FakeContext.last = this;
  }

  createGain() {
    return new FakeNode();
  }

  suspend() {
    return this.#change('suspended');
  }

  resume() {
    return this.#change('running');
  }

  async close() {
    this.state = 'closed';
  }

  #change(state) {
    this.calls.push(state);
    return new Promise((resolve) => {
      this.settle = () => {
        this.state = state;
        this.dispatchEvent(new Event('statechange'));
        resolve();
      };
    });
  }
}

before(() => Object.assign(globalThis, { AudioContext: FakeContext, AnalyserNode: FakeNode, AudioWorkletNode: FakeNode }));
after(() => {
  for (const name of ['AudioContext', 'AnalyserNode', 'AudioWorkletNode']) delete globalThis[name];
});

test('play while the sound card falls asleep wakes it', async () => {
  const held = [];
  const { setTimeout: realTimeout, setInterval: realInterval } = globalThis;
  const timeout = mock.method(globalThis, 'setTimeout', (body, ms) => held.push({ body, ms }));
  const interval = mock.method(globalThis, 'setInterval', () => 0);
  try {
    const output = new AudioOutput();
    output.open(48_000);
    await output.ready();
    const context = FakeContext.last;
    output.play();
    output.pause();
    held.findLast(({ ms }) => ms === SUSPEND_AFTER_MS).body();
    assert.deepEqual(context.calls, ['suspended']);
    assert.equal(context.state, 'running');
    output.play();
    assert.deepEqual(context.calls, ['suspended', 'running']);
  } finally {
    timeout.mock.restore();
    interval.mock.restore();
  }
  assert.equal(globalThis.setTimeout, realTimeout);
  assert.equal(globalThis.setInterval, realInterval);
});

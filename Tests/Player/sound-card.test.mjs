import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { CardTime } from '../../Sources/WebAPI/Resources/player/js/audio/card-time.js';
import { AudioOutput } from '../../Sources/WebAPI/Resources/player/js/audio/output.js';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { SUSPEND_AFTER_MS } from '../../Sources/WebAPI/Resources/player/js/limits.js';
import { StreamReceiver } from '../../Sources/WebAPI/Resources/player/js/player/stream-receiver.js';
import { random } from './support.mjs';

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** As much of Web Audio as a sound card needs that is only put to sleep and woken. */
class FakeNode {
  gain = { value: 1, setTargetAtTime() {} };
  port = { postMessage() {}, close() {} };
  connect = (node) => node;
  disconnect() {}
}

class FakeContext extends EventTarget {
  static made = [];
  static cardRate = 48_000;
  static get last() {
    return FakeContext.made.at(-1);
  }

  state = 'running';
  currentTime = 0;
  destination = new FakeNode();
  calls = [];
  /** What is out of the worklet's loads: `{url, succeed, fail}`. */
  loads = [];
  audioWorklet = {
    addModule: (url) =>
      new Promise((succeed, fail) => this.loads.push({ url: `${url}`, succeed, fail: () => fail(new Error('no')) })),
  };
  #asked = [];

  constructor({ sampleRate = FakeContext.cardRate }) {
    super();
    this.sampleRate = sampleRate;
    FakeContext.made.push(this);
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
    return new Promise((done) => this.#asked.push({ state, done }));
  }

  /** Carries out what was asked; as browsers do, a while later. */
  async settle() {
    for (const { state, done } of this.#asked.splice(0)) {
      this.state = state;
      this.dispatchEvent(new Event('statechange'));
      done();
    }
    await settled();
  }
}

/** Timers of a sound card go on for ever; these are let go by hand. */
async function withHeldTimers(body) {
  const held = [];
  const timeout = mock.method(globalThis, 'setTimeout', (act, ms) => held.push({ body: act, ms }));
  const interval = mock.method(globalThis, 'setInterval', () => 0);
  try {
    await body(held);
  } finally {
    timeout.mock.restore();
    interval.mock.restore();
  }
}

before(() => Object.assign(globalThis, { AudioContext: FakeContext, AnalyserNode: FakeNode, AudioWorkletNode: FakeNode }));
after(() => {
  for (const name of ['AudioContext', 'AnalyserNode', 'AudioWorkletNode']) delete globalThis[name];
});

test('play while the sound card falls asleep wakes it', () =>
  withHeldTimers(async (held) => {
    const output = new AudioOutput();
    output.open();
    const context = FakeContext.last;
    context.loads[0].succeed();
    await output.ready();
    await context.settle();
    context.calls.length = 0;
    output.play();
    output.pause();
    held.findLast(({ ms }) => ms === SUSPEND_AFTER_MS).body();
    assert.deepEqual(context.calls, ['suspended']);
    assert.equal(context.state, 'running');
    output.play();
    assert.deepEqual(context.calls, ['suspended', 'running']);
  }));

test('a sound card that is made ready is silent until it is wanted', () =>
  withHeldTimers(async () => {
    const output = new AudioOutput();
    output.prepare();
    const context = FakeContext.last;
    assert.deepEqual(context.calls, ['suspended']);
    await context.settle();
    output.open();
    assert.deepEqual(context.calls, ['suspended', 'running']);
    assert.equal(FakeContext.last, context);
  }));

test("a card whose rate is none of music's is opened at a usual one", () =>
  withHeldTimers(async () => {
    for (const [card, rate] of [[44_100, 44_100], [48_000, 48_000], [16_000, 48_000], [192_000, 48_000]]) {
      FakeContext.cardRate = card;
      const output = new AudioOutput();
      output.prepare();
      assert.equal(output.sampleRate, rate);
    }
    FakeContext.cardRate = 48_000;
  }));

/** A connection that is told by hand what comes. */
const silentConnection = () => {
  const connection = new Emitter();
  connection.start = (number, sampleRate) =>
    connection.emit('stream_started', { streamId: `s${number}`, trackId: `t${number}`, duration: 9, position: 0, epoch: 0,
      quality: 'low', codec: 'opus', bitrate: 1, sampleRate, channels: 2 }); // prettier-ignore
  return connection;
};

test('in whatever order the sound card is opened, loads, fails and is late, only the last press can fail, and one context is made', () =>
  withHeldTimers(async () => {
    const next = random(16);
    const below = (count) => Math.floor(next() * count);
    for (let round = 0; round < 300; round += 1) {
      FakeContext.made.length = 0;
      const connection = silentConnection();
      const output = new AudioOutput();
      const receiver = new StreamReceiver(connection, { output, decoder: async () => null });
      const failures = [];
      receiver.on('failed', () => failures.push(presses));
      let presses = 0;
      let hasLoaded = false;
      for (let step = 0; step < 12; step += 1) {
        const context = FakeContext.last;
        const out = context?.loads.findLast(({ isDone }) => !isDone);
        const choice = below(6);
        if (choice === 0) {
          receiver.prepare();
        } else if (choice <= 2) {
          presses += 1;
          assert.ok(receiver.open());
          receiver.expect({ trackId: `t${presses}` }, false);
        } else if (choice === 3 && presses > 0) {
          connection.start(presses, below(2) === 0 ? 44_100 : 48_000);
        } else if (choice === 4 && out) {
          out.isDone = hasLoaded = true;
          out.succeed();
        } else if (choice === 5 && out) {
          out.isDone = true;
          const before = failures.length;
          out.fail();
          await settled();
          // Whoever pressed last hears of it, once; whoever only made it ready hears nothing.
          assert.ok(failures.length - before <= 1);
          if (presses === 0) assert.equal(failures.length, 0);
        }
        await settled();
        assert.ok(FakeContext.made.length <= 1, 'one context is enough');
        if (hasLoaded) assert.ok(context.loads.every(({ isDone }) => isDone), 'what has loaded is not loaded again');
      }
      const urls = FakeContext.last?.loads.map(({ url }) => url) ?? [];
      assert.equal(new Set(urls).size, urls.length, 'a browser remembers of an address that it failed');
      if (!hasLoaded) {
        // The next press tries again, and is heard.
        FakeContext.last?.loads.forEach((load) => !load.isDone && load.fail());
        await settled();
        const before = failures.length;
        receiver.open();
        FakeContext.last.loads.at(-1).succeed();
        await settled();
        assert.equal(failures.length, before);
      }
    }
  }));

test('without worklets the page renders every sample, whatever moments its blocks are said to have', () =>
  withHeldTimers(async () => {
    const random_ = random(2);
    const output = new AudioOutput();
    const node = new FakeNode();
    output.open();
    const opened = FakeContext.last;
    opened.loads[0].fail();
    await settled();
    // As in a page that isn't secure.
    opened.audioWorklet = undefined;
    opened.createScriptProcessor = () => node;
    output.open();
    await output.ready();
    const started = [];
    output.on('started', (event) => started.push(event));
    output.begin({ id: 'a', position: 0 });
    output.play();
    const samples = Float32Array.from({ length: 30_000 }, () => random_() - 0.5);
    output.write([samples.slice(), samples.slice()]);
    output.end();
    const heard = [];
    for (let block = 0; block < 9; block += 1) {
      const channels = [new Float32Array(4096).fill(7), new Float32Array(4096).fill(7)];
      const playbackTime = (block * 4096 + (random_() - 0.5) * 100) / opened.sampleRate;
      node.onaudioprocess({ outputBuffer: { getChannelData: (channel) => channels[channel] }, playbackTime });
      heard.push(...channels[0]);
    }
    // The first 256 fade in.
    assert.deepEqual(heard.slice(256, 30_000), [...samples.slice(256)]);
    // Behind the end the last value dies away.
    assert.ok(heard.slice(31_000).every((value) => value === 0));
    assert.equal(started.length, 1);
    assert.equal(output.underruns, 0);
  }));

test('what a card plays is read from the pair of times, unless that is impossible', () => {
  const rate = 48_000;
  /** A card that has run for some seconds, and what its browser says of it. */
  const card = (seconds, pair) => ({
    currentTime: seconds, sampleRate: rate, outputLatency: 0.1, baseLatency: 0.01,
    getOutputTimestamp: pair && (() => pair(seconds)),
  }); // prettier-ignore
  const cases = {
    right: (seconds) => ({ contextTime: seconds - 0.1, performanceTime: seconds * 1000 }),
    'as fresh as the last callback': (seconds) => ({ contextTime: seconds - 0.12, performanceTime: seconds * 1000 - 20 }),
    'at double speed': (seconds) => ({ contextTime: 2 * seconds, performanceTime: seconds * 1000 }),
    'its moment at double speed': (seconds) => ({ contextTime: seconds - 0.1, performanceTime: seconds * 2000 }),
    'standing still': () => ({ contextTime: 0.5, performanceTime: 500 * 40 }),
    zero: () => ({ contextTime: 0, performanceTime: 0 }),
    'not there': null,
    empty: () => ({}),
  };
  for (const [what, pair] of Object.entries(cases)) {
    const time = new CardTime();
    const readings = Array.from({ length: 100 }, (_, k) => k / 10 + 1).map((seconds) => ({
      seconds, reading: time.read(card(seconds, pair), seconds * 1000),
    })); // prettier-ignore
    assert.ok(readings.filter(({ reading }) => reading === null).length <= 3, what);
    for (const { seconds, reading } of readings) {
      if (!reading) continue;
      // Heard is what was rendered 0.1 s ago, whoever says so.
      const heard = reading.frame / rate + (seconds * 1000 - reading.ms) / 1000;
      assert.ok(Math.abs(heard - (seconds - 0.1)) < 0.03, `${what}: ${heard} at ${seconds}`);
    }
  }
  assert.equal(new CardTime().read(card(0, null), 0), null);
});

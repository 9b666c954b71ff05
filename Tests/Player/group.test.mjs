import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { OutputClock } from '../../Sources/WebAPI/Resources/player/js/audio/output-clock.js';
import { GroupTimeline } from '../../Sources/WebAPI/Resources/player/js/sync/group-timeline.js';
import { GroupPlay } from '../../Sources/WebAPI/Resources/player/js/sync/group-play.js';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { StreamReceiver } from '../../Sources/WebAPI/Resources/player/js/player/stream-receiver.js';
import { VirtualOutput, silentDecoder } from '../Sync/virtual-output.mjs';
import { random } from './support.mjs';

const RATE = 48_000;
const SERVER = 1.7e12;

/** @type {GroupPlay[]} */
const made = [];
afterEach(() => made.splice(0).forEach((group) => group.leave()));

/** The server's clock as a device knows it: with an error of its own, ms. */
const clockOf = (errorMs = () => 0) => ({
  isSettled: true,
  serverAt: (ms) => SERVER + ms + errorMs(ms),
  localAt: (ms) => ms - SERVER,
});

/**
 * A device in a world of its own time: receiver, group play and a sound card that is `ppm` off, `latencyMs` late, and
 * `delayMs` later still behind the plug.
 */
function device({ ppm = 0, phase = 0, latencyMs = 25, delayMs = 0, clockError, jitterMs = 0, seed = 1 }) {
  const world = { ms: 0 };
  const connection = Object.assign(new Emitter(), { deviceId: 'me' });
  const output = new VirtualOutput({ sampleRate: RATE, ppm, phase, latencyMs, jitterMs, random: random(seed), now: () => world.ms });
  output.delayMs = delayMs;
  const receiver = new StreamReceiver(connection, { output, decoder: silentDecoder });
  receiver.accept = () => true;
  const clockSync = { clock: clockOf(clockError), setGrouped() {} };
  const group = new GroupPlay(connection, receiver, clockSync);
  made.push(group);
  return { world, connection, output, receiver, group, delayMs };
}

/** Lets devices live until `ms`; gives, each 10 ms, the positions that are really heard. */
async function live(devices, from, until, heard = []) {
  for (let ms = from; ms < until; ms += 10) {
    for (const { world, output, group } of devices) {
      world.ms = ms;
      output.run(ms);
      if (ms % 100 === 0) group.tick();
    }
    heard.push({ ms, positions: devices.map(({ output }) => output.trulyHeard(ms)) });
    if (ms % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return heard;
}

function feed({ connection }, streamId, seconds, { epoch = 0, position = 0, seq = 0 } = {}) {
  for (let i = 0; i < seconds; i += 1) {
    const place = { epoch, seq: seq + i, position: position + i };
    connection.emit('audio_chunk', { streamId, ...place, samples: RATE, data: new Uint8Array(8) });
  }
}

function start(one, streamId, { position = 0, ...more } = {}) {
  const stream = { streamId, trackId: 't', duration: 300, position, epoch: 0, sampleRate: RATE, channels: 2, codec: 'flac' };
  one.connection.emit('stream_started', { ...stream, ...more });
}

const agree = (one, streamId, position, at, more = {}) =>
  one.connection.emit('group_sync', { streamId, epoch: 0, position, at: SERVER + at, playing: true, ...more });

const settle = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Largest difference of two devices, ms, over what was heard since. */
function apart(heard, since) {
  const late = heard.filter(({ ms, positions }) => ms >= since && positions.every((position) => position !== null));
  assert.ok(late.length > 10, 'something was heard');
  return Math.max(...late.map(({ positions: [a, b] }) => Math.abs(a - b) * 1000));
}

test('two devices of different phase, latency, delay and drift start together and stay within a ms', async () => {
  const devices = [
    device({ ppm: 100, phase: 0.3, latencyMs: 12, jitterMs: 1, seed: 1 }),
    device({ ppm: -100, phase: 0.8, latencyMs: 90, delayMs: 180, jitterMs: 1, seed: 2 }),
  ];
  for (const one of devices) {
    start(one, 's');
    feed(one, 's', 40);
    agree(one, 's', 0, 2500);
  }
  await settle();
  const heard = await live(devices, 0, 35_000);
  assert.ok(heard.filter(({ ms }) => ms < 2495).every(({ positions }) => positions.every((p) => p === null || p <= 0.0001)));
  assert.ok(apart(heard, 2600) < 2, `${apart(heard, 2600)} ms at the start`);
  assert.ok(apart(heard, 8000) < 1, `${apart(heard, 8000)} ms`);
  for (const { group, output } of devices) {
    assert.equal(group.resyncs, 0);
    assert.equal(output.underruns, 0);
    assert.ok(group.corrections > 50);
    // What is right in the group is right against the agreement too.
    assert.ok(Math.abs(group.errorMs) < 1);
  }
  const { ms, positions } = heard.at(-1);
  assert.ok(Math.abs(positions[0] - (ms - 2500) / 1000) < 0.001);
});

test('what is heard is told of the stream that has taken its place, which alone the server knows', async () => {
  const one = device({});
  start(one, 'a1');
  feed(one, 'a1', 10);
  one.output.play();
  await settle();
  await live([one], 0, 2000);
  assert.equal(one.group.heard.streamId, 'a1');
  const { position } = one.receiver.edge;
  one.receiver.expect({ trackId: 't' }, true);
  start(one, 'a2', { position });
  feed(one, 'a2', 10, { position });
  await settle();
  await live([one], 2000, 3000);
  assert.ok(one.group.heard.position < position);
  assert.deepEqual([one.output.renderHead.id, one.group.heard.streamId], ['a1', 'a2']);
});

test('one that joins late falls in at the right place, and the other is not disturbed', async () => {
  const devices = [device({ ppm: 40, seed: 3 }), device({ ppm: -60, phase: 0.5, latencyMs: 60, seed: 4 })];
  const [first, second] = devices;
  start(first, 'a');
  feed(first, 'a', 30);
  agree(first, 'a', 0, 500);
  await settle();
  const heard = await live(devices, 0, 10_000);
  start(second, 'b', { position: 9, sync: { position: 0, at: SERVER + 500 } });
  feed(second, 'b', 20, { position: 9 });
  second.output.play();
  await settle();
  await live(devices, 10_000, 20_000, heard);
  assert.ok(apart(heard, 11_000) < 1, `${apart(heard, 11_000)}`);
  assert.equal(first.output.underruns + first.group.resyncs, 0);
});

test('a device that is thrown off comes back: slowly where little is wrong, at once where much is', async () => {
  for (const [error, resyncs] of [[8, 0], [400, 1]]) {
    const devices = [device({ seed: 5 }), device({ seed: 6, clockError: (ms) => (ms > 6000 && ms < 9000 ? error : 0) })];
    for (const one of devices) {
      start(one, 's');
      feed(one, 's', 40);
      agree(one, 's', 0, 500);
    }
    await settle();
    const heard = await live(devices, 0, 32_000);
    assert.ok(apart(heard, 25_000) < 1, `${error}: ${apart(heard, 25_000)}`);
    assert.equal(devices[1].group.resyncs > 0, resyncs > 0, `${error}`);
    assert.equal(devices[0].group.resyncs, 0);
  }
});

test('pause, going on, a seek and the next track keep them together', async () => {
  const devices = [device({ ppm: 70, seed: 7 }), device({ ppm: -70, phase: 0.4, latencyMs: 70, delayMs: 100, seed: 8 })];
  const all = (act) => devices.forEach(act);
  all((one) => {
    start(one, 's', { duration: 60 });
    feed(one, 's', 20);
    agree(one, 's', 0, 500);
  });
  await settle();
  const heard = await live(devices, 0, 5000);
  all((one) => agree(one, 's', 4.8, 5300, { playing: false }));
  await live(devices, 5000, 7000, heard);
  const held = devices.map(({ output }) => output.trulyHeard(7000));
  assert.ok(held.every((position) => Math.abs(position - 4.8) < 0.005), `${held}`);
  all((one) => agree(one, 's', 4.8, 8000));
  await live(devices, 7000, 10_000, heard);
  assert.ok(apart(heard, 8300) < 1, `after the pause ${apart(heard, 8300)}`);

  all((one) => {
    feed(one, 's', 5, { epoch: 1, seq: 20, position: 55 });
    agree(one, 's', 55, 10_600, { epoch: 1 });
    one.connection.emit('stream_ended', { streamId: 's', reason: 'finished' });
  });
  await settle();
  await live(devices, 10_000, 12_000, heard);
  assert.ok(apart(heard, 10_900) < 1, `after the seek ${apart(heard, 10_900)}`);
  assert.ok(Math.abs(heard.at(-1).positions[0] - (55 + 1.39)) < 0.002);

  all((one) => {
    start(one, 'next', { follows: 's', duration: 30 });
    feed(one, 'next', 10);
  });
  await settle();
  await live(devices, 12_000, 20_000, heard);
  assert.ok(apart(heard, 16_000) < 1, `after the track ${apart(heard, 16_000)}`);
  all(({ receiver, group, output }) => {
    assert.equal(receiver.stream.streamId, 'next');
    assert.equal(output.underruns + group.resyncs, 0);
  });
  assert.ok(Math.abs(heard.at(-1).positions[0] - (19.99 - 15.6)) < 0.002, `${heard.at(-1).positions}`);
});

test('whoever is not in a group (any more) plays freely', async () => {
  const one = device({ seed: 9 });
  start(one, 's');
  feed(one, 's', 10);
  agree(one, 's', 0, 60_000);
  await settle();
  await live([one], 0, 1000);
  assert.equal(one.output.trulyHeard(1000), null);
  agree(one, 's', 0, 0, { at: null });
  await live([one], 1000, 3000);
  assert.ok(one.output.trulyHeard(3000) > 1.8);
});

test('whoever left a group, of which no stream tells it, plays the next one freely', async () => {
  const one = device({ seed: 9 });
  one.connection.emit('device_update', { group: ['me', 'other'] });
  start(one, 's', { sync: { position: 0, at: SERVER } });
  one.connection.emit('device_update', { group: ['me', 'other'] });
  assert.equal(one.group.isGrouped, true);
  one.connection.emit('stream_ended', { streamId: 's', reason: 'stopped' });
  one.connection.emit('device_update', { group: [] });
  assert.equal(one.group.isGrouped, false);
  start(one, 't');
  feed(one, 't', 10);
  one.output.play();
  await settle();
  await live([one], 0, 2000);
  assert.ok(one.output.trulyHeard(2000) > 1.8);
});

test('corrections never exceed a thousandth, whatever is measured', () => {
  const next = random(12);
  for (let round = 0; round < 200; round += 1) {
    const timeline = new GroupTimeline();
    timeline.setAnchor({ streamId: 's', epoch: 0, position: 0, at: 0 });
    let ordered = 0;
    const spread = next() * 0.1;
    for (let tick = 0; tick < 100; tick += 1) {
      const serverMs = tick * 100;
      const heard = { id: 's', position: serverMs / 1000 + (next() - 0.5) * spread, serverMs, owedSeconds: 0 };
      const { kind, samples } = timeline.decide(heard, RATE);
      if (kind === 'slew') ordered += Math.abs(samples);
      assert.ok(Number.isInteger(samples) && Math.abs(samples) <= 4);
    }
    assert.ok(ordered * 1024 <= 100 * 4800);
  }
});

test('an outlier moves nothing; a lasting error is worked off in the right direction', () => {
  const timeline = new GroupTimeline();
  timeline.setAnchor({ streamId: 's', epoch: 0, position: 10, at: 5000 });
  const decide = (serverMs, errorMs) =>
    timeline.decide({ id: 's', position: 10 + (serverMs - 5000 + errorMs) / 1000, serverMs, owedSeconds: 0 }, RATE);
  for (let tick = 0; tick < 10; tick += 1) assert.equal(decide(6000 + tick * 100, tick === 5 ? 500 : 0.01).kind, 'none');
  const behind = Array.from({ length: 20 }, (_, tick) => decide(8000 + tick * 100, -5));
  assert.ok(behind.some(({ kind, samples }) => kind === 'slew' && samples > 0));
  assert.ok(behind.every(({ samples }) => samples >= 0));
  assert.equal(timeline.decide({ id: 'other', position: 0, serverMs: 0, owedSeconds: 0 }, RATE).errorMs, null);
});

test('the clock of an output is not fooled by readings that come twice', () => {
  const clock = new OutputClock(RATE);
  clock.observe(0, 0);
  for (let i = 0; i < 10; i += 1) clock.observe(100, 4800);
  assert.ok(Math.abs(clock.frameAt(200) - 9600) < 1);
});

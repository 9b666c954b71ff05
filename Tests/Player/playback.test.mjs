import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Playout } from '../../Sources/WebAPI/Resources/player/js/audio/playout.js';
import { goOnAfterOutage } from '../../Sources/WebAPI/Resources/player/js/player/after-outage.js';
import { followOrders } from '../../Sources/WebAPI/Resources/player/js/player/orders.js';
import { Playback } from '../../Sources/WebAPI/Resources/player/js/player/playback.js';
import { Session } from '../../Sources/WebAPI/Resources/player/js/player/session.js';
import { TrackStore } from '../../Sources/WebAPI/Resources/player/js/player/track-store.js';
import { Transport } from '../../Sources/WebAPI/Resources/player/js/player/transport.js';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { FakeServer } from './fake-session.mjs';

/** A sound card that is there and says nothing. */
class SilentOutput extends Playout {
  context = null;
  rate = 0;

  get sampleRate() {
    return this.rate;
  }

  open(rate) {
    this.rate = rate;
  }

  async ready() {}

  setVolume(gain) {
    this.gain = gain;
  }
}

/** A decoder whose samples are all zero. */
async function silence(_, { onBlock }) {
  return {
    kind: 'WebCodecs',
    decode: async ({ samples }) => onBlock([new Float32Array(samples), new Float32Array(samples)]),
    drain: async () => {},
    close() {},
  };
}

const CATALOGUE = ['t0', 't1', 't2'].map((id) => ({ id, title: id.toUpperCase(), duration: 100, sampleRate: 44_100 }));

function device(server, id) {
  const connection = server.connect(id);
  const session = new Session(connection, () => server.now);
  const store = new TrackStore(async (ids) => CATALOGUE.filter((track) => ids.includes(track.id)));
  store.put(CATALOGUE);
  const output = new SilentOutput();
  const playback = new Playback(connection, session, store, { output, decoder: silence });
  followOrders({ playback, session, group: new Emitter() });
  goOnAfterOutage({ playback, session, store, connection });
  const fetchPage = async () => ({ tracks: CATALOGUE });
  const transport = new Transport({ playback, session, store, connection, fetchPage });
  const errors = [];
  for (const source of [playback, transport]) source.on('error', ({ message }) => errors.push(message));
  server.online(connection);
  return { connection, session, playback, transport, output, errors };
}

/** Chunks of a second from the stream's position on. */
function send({ connection }, { streamId, epoch = 0, from = 0, count = 10, first = 0 }) {
  for (let at = 0; at < count; at += 1) {
    const place = { streamId, epoch, seq: first + at, position: from + at, samples: 44_100 };
    connection.emit('audio_chunk', { ...place, data: new ArrayBuffer(10) });
  }
}

async function playing() {
  const server = new FakeServer();
  const a = device(server, 'a');
  const b = device(server, 'b');
  const list = { query: '', total: 3, peek: (at) => CATALOGUE[at] };
  await a.transport.playFrom(list, 0);
  send(a, { streamId: server.state.streamId });
  a.output.emit('started', { afterMs: 0 });
  return { server, a, b };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('a click plays here, and the other device shows it', async () => {
  const { a, b } = await playing();
  assert.equal(a.playback.status, 'playing');
  assert.equal(a.transport.track.title, 'T0');
  assert.equal(a.output.isPlaying, true);
  assert.deepEqual([b.transport.status, b.transport.track.title, b.playback.status], ['playing', 'T0', 'idle']);
  assert.equal(b.transport.remote.deviceId, 'a');
});

test("a remote's pause, resume and seek reach the sound of the active one, which says nothing back", async () => {
  const { a, b } = await playing();
  a.connection.sent.length = 0;
  b.transport.pause();
  await settled();
  assert.deepEqual([a.playback.status, a.output.isPlaying, b.transport.status], ['paused', false, 'paused']);
  b.transport.resume();
  await settled();
  assert.deepEqual([a.playback.status, a.output.isPlaying], ['playing', true]);
  b.transport.seek(50);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(a.playback.position, 50);
  assert.equal(b.transport.position, 50);
  assert.deepEqual(a.connection.commands, []);
});

test('chunks of before a remote sought are dropped', async () => {
  const { server, a, b } = await playing();
  b.transport.seek(50);
  await new Promise((resolve) => setTimeout(resolve, 250));
  const { streamId } = server.state;
  const { chunks } = a.playback.receiver.books;
  send(a, { streamId, from: 10, first: 10, count: 1 });
  assert.equal(a.playback.receiver.books.chunks, chunks);
  send(a, { streamId, epoch: 1, from: 50, first: 11, count: 2 });
  assert.equal(a.playback.receiver.books.chunks, chunks + 2);
  assert.equal(a.playback.receiver.endPosition, 52);
});

test("a remote's volume is the active one's, and is not told again", async () => {
  const { a, b } = await playing();
  a.connection.sent.length = 0;
  b.transport.volume.set(0.25);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(a.playback.volume.level, 0.25);
  assert.deepEqual(a.connection.commands, []);
});

test('a hand-over falls silent there and begins here', async () => {
  const { server, a, b } = await playing();
  server.now += 7000;
  await b.transport.transfer('b');
  assert.deepEqual([a.playback.status, a.output.isPlaying], ['idle', false]);
  assert.deepEqual([b.playback.status, b.output.isPlaying], ['loading', true]);
  assert.equal(b.playback.position, 7);
  assert.equal(a.transport.remote.deviceId, 'b');
});

test('a paused session is handed over paused', async () => {
  const { a, b } = await playing();
  a.transport.pause();
  await settled();
  await b.transport.transfer('b');
  assert.deepEqual([b.playback.status, b.output.isPlaying], ['paused', false]);
});

test('after a lost connection the queue goes on at the end of what is buffered, and the server hears where it is', async () => {
  const { server, a } = await playing();
  const { itemId } = server.state;
  server.offline(a.connection);
  a.connection.sent.length = 0;
  server.online(a.connection, true);
  await settled();
  const [jump, ...rest] = a.connection.sent.filter(([event]) => event !== 'volume_change');
  assert.deepEqual(jump, ['queue_jump', { item: itemId, position: 10 }]);
  assert.deepEqual(rest.map(([event]) => event), ['pause_track', 'resume_track']);
  assert.ok(rest[0][1].position < 10);
  assert.equal(a.playback.recoveries, 1);
  assert.equal(a.output.isPlaying, true);
  send(a, { streamId: server.state.streamId, from: 10, count: 2 });
  assert.equal(a.playback.receiver.books.discontinuities, 0);
  assert.equal(a.playback.receiver.endPosition, 12);
});

test('who comes back and finds another device playing falls silent', async () => {
  const { server, a, b } = await playing();
  server.offline(a.connection);
  server.activeDeviceId = 'b';
  a.connection.sent.length = 0;
  server.online(a.connection, true);
  await settled();
  assert.deepEqual([a.playback.status, a.output.isPlaying], ['idle', false]);
  assert.ok(!a.connection.commands.includes('queue_jump'));
  assert.equal(b.session.role, 'active');
});

test('a queue that ran out of sound while offline goes on with the next one', async () => {
  const { server, a } = await playing();
  server.offline(a.connection);
  a.session.isSettled = false;
  a.output.emit('ended');
  assert.equal(a.playback.status, 'ended');
  server.online(a.connection, true);
  await settled();
  assert.equal(server.state.trackId, 't1');
  assert.equal(a.transport.track.title, 'T1');
});

test('a stream that nobody here asked for is played: the session went on', async () => {
  const { server, a, b } = await playing();
  b.transport.next();
  await settled();
  assert.equal(server.state.trackId, 't1');
  assert.equal(a.playback.track.title, 'T1');
  assert.equal(a.playback.receiver.stream.itemId, server.state.itemId);
  assert.equal(a.output.isPlaying, true);
});

test('the end of the queue is said kindly, and nothing stops', async () => {
  const { a } = await playing();
  await a.session.jump(a.session.queue.peek(2).id);
  a.transport.next();
  await settled();
  assert.match(a.errors[0], /last one/);
  assert.equal(a.playback.isActive, true);
});

test('after a reload the queue waits where it was, and a press of play goes on there', async () => {
  const { server, a, b } = await playing();
  server.now += 3000;
  for (const { connection } of [a, b]) server.offline(connection);
  server.handle('a', 'pause_track', {});
  const again = device(server, 'a');
  // The fake has one connection a device: what the page before it left over is not told any more.
  assert.deepEqual([again.transport.status, again.transport.track.title], ['paused', 'T0']);
  assert.equal(again.transport.position, 3);
  again.connection.sent.length = 0;
  again.transport.resume();
  await settled();
  const jump = again.connection.sent.find(([event]) => event === 'queue_jump');
  assert.equal(jump[1].position, 3);
  assert.equal(again.output.isPlaying, true);
});

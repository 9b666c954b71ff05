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

  open() {
    this.rate = 44_100;
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

const STREAM = {
  ...{ duration: 100, position: 0, epoch: 0, quality: 'auto', codec: 'mp3', bitrate: 192_000 },
  ...{ sampleRate: 44_100, channels: 2 },
};

function device(server, id, { fetchTracks = async (ids) => CATALOGUE.filter((track) => ids.includes(track.id)) } = {}) {
  const connection = server.connect(id);
  const session = new Session(connection, () => server.now);
  const store = new TrackStore(fetchTracks);
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

test('a pause while the stream is still to come holds it, and play goes on with that one', async () => {
  const server = new FakeServer();
  const a = device(server, 'a');
  const list = { query: '', total: 3, peek: (at) => CATALOGUE[at] };
  server.held = [];
  const asked = a.transport.playFrom(list, 0);
  a.transport.pause();
  assert.equal(a.playback.status, 'paused');
  await asked;
  await settled();
  server.release();
  assert.deepEqual([a.playback.status, a.output.isPlaying, server.state.status], ['paused', false, 'paused']);
  a.connection.sent.length = 0;
  send(a, { streamId: server.state.streamId });
  a.transport.resume();
  await settled();
  assert.deepEqual(a.connection.commands, ['resume_track']);
  assert.deepEqual([a.playback.isActive, a.output.isPlaying, server.state.status], [true, true, 'playing']);
});

test('paused and played again before the stream has come, it is asked for once', async () => {
  const server = new FakeServer();
  const a = device(server, 'a');
  const asked = a.transport.playFrom({ query: '', total: 3, peek: (at) => CATALOGUE[at] }, 0);
  a.transport.pause();
  a.transport.resume();
  assert.equal(a.playback.status, 'loading');
  await asked;
  await settled();
  assert.deepEqual(a.connection.commands, ['queue_set', 'pause_track', 'resume_track']);
  assert.deepEqual([a.playback.isActive, a.output.isPlaying], [true, true]);
});

/** A device that has asked for the first of three tracks; the server looks it up until `release`. */
async function loading() {
  const server = new FakeServer();
  const a = device(server, 'a');
  server.held = [];
  await a.transport.playFrom({ query: '', total: 3, peek: (at) => CATALOGUE[at] }, 0);
  return { server, a };
}

const until = async (condition) => {
  for (let tries = 0; tries < 200 && !condition(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition());
};

test('a seek in what is still to come is told, and the stream begins there', async () => {
  for (const isPaused of [false, true]) {
    const { server, a } = await loading();
    if (isPaused) a.transport.pause();
    a.transport.seek(40);
    assert.equal(a.transport.position, 40);
    await until(() => server.position === 40);
    await settled();
    assert.equal(a.transport.position, 40);
    server.release();
    assert.ok(!a.connection.commands.some((event) => event === 'play_track' || event === 'queue_jump'));
    assert.deepEqual([a.transport.position, a.playback.receiver.stream.position], [40, 40]);
    assert.deepEqual([a.playback.isActive, a.output.isPlaying], [!isPaused, !isPaused]);
  }
});

test('a seek that the stream overtakes is one in that stream', async () => {
  const { server, a } = await loading();
  a.transport.seek(40);
  server.release();
  send(a, { streamId: server.state.streamId });
  assert.equal(a.transport.position, 40);
  await until(() => server.position === 40);
  send(a, { streamId: server.state.streamId, epoch: 1, from: 40 });
  await settled();
  assert.deepEqual([a.transport.position, a.playback.receiver.epoch], [40, 1]);
  assert.deepEqual(a.connection.commands, ['queue_set', 'seek_position']);
});

test('a connection lost while a track loads: it comes by the queue, which stays', async () => {
  for (const isPaused of [false, true]) {
    const { server, a } = await loading();
    if (isPaused) a.transport.pause();
    server.offline(a.connection);
    server.held = null;
    a.connection.sent.length = 0;
    server.online(a.connection, true);
    await settled();
    if (isPaused) a.transport.resume();
    await settled();
    const commands = a.connection.commands.filter((event) => event.startsWith('queue') || event === 'play_track');
    assert.deepEqual(commands, ['queue_jump']);
    assert.deepEqual([server.items.length, server.state.trackId], [3, 't0']);
    assert.deepEqual([a.playback.isActive, a.output.isPlaying], [true, true]);
  }
});

test('what the server never heard of is asked for again when it is back', async () => {
  const server = new FakeServer();
  const a = device(server, 'a');
  const asked = a.transport.playFrom({ query: '', total: 3, peek: (at) => CATALOGUE[at] }, 1);
  server.offline(a.connection);
  await asked;
  assert.deepEqual([a.playback.status, a.errors, server.items.length], ['loading', [], 0]);
  server.online(a.connection, true);
  await settled();
  assert.deepEqual([server.state.trackId, a.playback.stream.trackId, a.output.isPlaying], ['t1', 't1', true]);
});

test('a jump that the server never heard of is a jump when it is back', async () => {
  const { server, a } = await playing();
  a.transport.jump(server.items[1].id);
  server.offline(a.connection);
  await settled();
  server.online(a.connection, true);
  await settled();
  assert.ok(!a.connection.commands.includes('play_track'));
  assert.deepEqual([server.items.length, server.state.trackId, a.playback.track.id], [3, 't1', 't1']);
  assert.equal(a.output.isPlaying, true);
});

test('a pause holds what it was pressed for, and nothing that is to sound later', async () => {
  const { server, a, b } = await playing();
  a.transport.pause();
  await settled();
  a.transport.next();
  await settled();
  assert.deepEqual([a.playback.track.id, a.playback.isActive, a.output.isPlaying], ['t1', true, true]);
  b.transport.pause();
  await settled();
  server.handle('a', 'device_transfer', { deviceId: 'b' });
  assert.deepEqual([b.playback.status, b.output.isPlaying], ['paused', false]);
  server.handle('a', 'next_track', {});
  assert.deepEqual([b.playback.track.id, b.output.isPlaying], ['t2', true]);
});

test('a press that the stream crosses counts', async () => {
  const { server, a } = await loading();
  const [announce] = server.held;
  a.transport.pause();
  announce(); // it was sent before the server heard of the pause
  assert.deepEqual([a.playback.status, a.output.isPlaying], ['paused', false]);
  await settled();
  assert.equal(server.state.status, 'paused');
  a.connection.sent.length = 0;
  a.transport.resume();
  await settled();
  assert.deepEqual([a.connection.commands, a.output.isPlaying], [['resume_track'], true]);
});

test('a device that joins a paused group waits', async () => {
  const { server, a, b } = await playing();
  a.transport.pause();
  await b.session.setGrouped('b', true);
  b.connection.emit('stream_started', { ...STREAM, streamId: 'g1', trackId: 't0', itemId: server.state.itemId, paused: true });
  assert.deepEqual([b.playback.status, b.output.isPlaying], ['paused', false]);
});

test('a remote pauses what is still to come', async () => {
  const { a, b } = await playing();
  a.transport.jump(a.session.queue.peek(1).id);
  b.transport.pause();
  await settled();
  assert.deepEqual([a.playback.status, a.output.isPlaying], ['paused', false]);
});

test('a track that fails leaves no pause behind', async () => {
  const { server, a } = await playing();
  const asked = a.playback.begin(CATALOGUE[1], 0, async () => {
    throw Object.assign(new Error('gone'), { code: 'track_unavailable' });
  });
  a.playback.pause();
  await asked;
  assert.equal(a.playback.status, 'failed');
  server.handle('b', 'next_track', {});
  assert.equal(a.output.isPlaying, true);
});

test('without a connection a click says so, and what is buffered plays on', async () => {
  const { server, a } = await playing();
  server.offline(a.connection);
  a.transport.jump(a.session.queue.peek(1).id);
  await settled();
  assert.match(a.errors[0], /no connection/);
  assert.deepEqual([a.playback.status, a.playback.track.id, a.output.isPlaying], ['playing', 't0', true]);
  server.online(a.connection, true);
  await settled();
  assert.equal(server.state.trackId, 't0');
});

test('who lost a group with the connection plays on, and is in it again', async () => {
  const { server, a, b } = await playing();
  await b.session.setGrouped('b', true);
  b.connection.emit('stream_started', { ...STREAM, streamId: 'g1', trackId: 't0', sync: { position: 0, at: 0 } });
  send(b, { streamId: 'g1' });
  b.output.emit('started', { afterMs: 0 });
  server.offline(b.connection);
  assert.equal(b.playback.status, 'playing');
  b.connection.sent.length = 0;
  server.online(b.connection, true);
  await settled();
  assert.deepEqual(b.connection.sent.filter(([event]) => event !== 'volume_change'), [['group_join', { deviceId: 'b' }]]);
  assert.deepEqual([b.session.role, b.playback.status, b.output.isPlaying], ['member', 'playing', true]);
  b.connection.emit('stream_started', { ...STREAM, streamId: 'g2', trackId: 't0', position: 4, sync: { position: 4, at: 0 } });
  assert.equal(b.playback.stream.streamId, 'g2');
  // A place of its own is nothing to tell: it would pause them all.
  assert.ok(!b.connection.commands.includes('pause_track'));
  assert.equal(a.playback.status, 'playing');
});

test('who comes back to a group that was paused meanwhile, or after long, stays out of it', async () => {
  const realNow = Date.now;
  try {
    for (const whileAway of [(a) => a.transport.pause(), () => (Date.now = () => realNow() + 120_000)]) {
      const { server, a, b } = await playing();
      await b.session.setGrouped('b', true);
      b.connection.emit('stream_started', { ...STREAM, streamId: 'g1', trackId: 't0', sync: { position: 0, at: 0 } });
      send(b, { streamId: 'g1' });
      b.output.emit('started', { afterMs: 0 });
      server.offline(b.connection);
      whileAway(a);
      await settled();
      b.connection.sent.length = 0;
      server.online(b.connection, true);
      await settled();
      assert.deepEqual([b.playback.status, b.output.isPlaying, b.session.role], ['idle', false, 'remote']);
      assert.ok(!b.connection.commands.some((event) => event === 'group_join' || event === 'queue_jump'));
      Date.now = realNow;
    }
  } finally {
    Date.now = realNow;
  }
});

test('who left a group is not in it again after the next reconnect', async () => {
  const { server, b } = await playing();
  await b.session.setGrouped('b', true);
  await b.transport.setGrouped('b', false);
  server.offline(b.connection);
  server.online(b.connection, true);
  await settled();
  assert.ok(!b.connection.commands.slice(2).includes('group_join'));
  assert.equal(b.session.role, 'remote');
});

test('a sound card that the browser stopped pauses the session, and says what to do', async () => {
  const { server, a, b } = await playing();
  a.output.emit('interrupted');
  await settled();
  assert.deepEqual([a.playback.status, server.state.status, b.transport.status], ['paused', 'paused', 'paused']);
  assert.match(a.errors[0], /Press play/);
  a.output.emit('interrupted');
  assert.equal(a.errors.length, 1);
});

test('in a group it leaves, and the others play on', async () => {
  const { server, a, b } = await playing();
  await b.session.setGrouped('b', true);
  b.connection.emit('stream_started', { ...STREAM, streamId: 'g1', trackId: 't0', sync: { position: 0, at: 0 } });
  b.output.emit('interrupted');
  await settled();
  assert.deepEqual([b.playback.status, b.session.role, server.group], ['idle', 'remote', []]);
  assert.deepEqual([a.playback.status, server.state.status], ['playing', 'playing']);
  assert.match(b.errors[0], /left the group/);
});

test('with the track before still to be heard, the place in the next one is told when that is heard', async () => {
  const { server, a } = await playing();
  const former = server.state.streamId;
  server.index = 1;
  const itemId = server.items[1].id;
  a.connection.emit('stream_started', { ...STREAM, streamId: 'n1', trackId: 't1', itemId, follows: former });
  send(a, { streamId: 'n1', count: 5 });
  server.offline(a.connection);
  a.connection.sent.length = 0;
  server.online(a.connection, true);
  await settled();
  const { streamId } = server.state;
  assert.deepEqual(a.connection.commands.filter((event) => event !== 'volume_change'), ['queue_jump']);
  assert.equal(a.connection.sent.find(([event]) => event === 'queue_jump')[1].position, 5);
  send(a, { streamId, from: 5, count: 3 });
  assert.equal(a.playback.track.id, 't0');
  // What was here of it already is heard first.
  a.output.emit('heard', { id: 'n1', atMs: 0 });
  assert.deepEqual([a.playback.track.id, a.playback.stream.streamId], ['t1', 'n1']);
  await settled();
  assert.deepEqual(a.connection.commands.slice(-2), ['pause_track', 'resume_track']);
  assert.equal(a.connection.sent.at(-2)[1].streamId, streamId);
  a.connection.sent.length = 0;
  a.output.emit('heard', { id: streamId, atMs: 0 });
  await settled();
  assert.deepEqual(a.connection.commands, []);
  assert.deepEqual([a.playback.track.id, a.playback.stream.streamId], ['t1', streamId]);
});

test('a seek that was not sent is forgotten with the track that it was in', async () => {
  const { server, a } = await playing();
  a.transport.seek(70);
  a.transport.next();
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(server.state.trackId, 't1');
  assert.ok(!a.connection.commands.includes('seek_position'));
  assert.ok(a.transport.position < 1);
});

test('what waits for a press of play begins where the timeline was put', async () => {
  const { server, a } = await playing();
  server.handle('a', 'pause_track', {});
  server.offline(a.connection);
  const again = device(server, 'c');
  assert.equal(again.transport.status, 'paused');
  again.transport.seek(33);
  assert.equal(again.transport.position, 33);
  again.transport.resume();
  await settled();
  assert.deepEqual(again.connection.sent.at(-1), ['queue_jump', { item: server.state.itemId, position: 33 }]);
});

test('a hand-over that fails leaves nothing that waits', async () => {
  const { server, a, b } = await playing();
  a.transport.pause();
  await settled();
  const { device_transfer: transfer } = server;
  server.device_transfer = () => {
    throw Object.assign(new Error('gone'), { code: 'device_offline' });
  };
  await b.transport.transfer('b');
  server.device_transfer = transfer;
  a.transport.resume();
  await settled();
  server.handle('a', 'device_transfer', { deviceId: 'b' });
  assert.equal(b.playback.isActive, true);
});

test('a stream of an unknown track is shown by its own words until the library has been asked', async () => {
  const server = new FakeServer();
  const known = { id: 't9', title: 'Nine', hasCover: true, duration: 100 };
  const a = device(server, 'a', { fetchTracks: async () => [known] });
  const changes = [];
  a.playback.on('change', () => changes.push(a.playback.track?.hasCover));
  server.items = [{ id: 'i9', trackId: 't9' }];
  server.index = 0;
  server.handle('a', 'queue_jump', { item: 'i9' });
  assert.deepEqual([a.playback.track.title, a.playback.track.hasCover], ['t9', undefined]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(a.playback.track, known);
  assert.equal(changes.at(-1), true);
});

test('a remote shows the quality that was chosen for what plays there', async () => {
  const { server, a, b } = await playing();
  server.state.quality = 'high';
  server.tell('a', 'quality', { quality: 'high' });
  assert.deepEqual([b.transport.quality, a.transport.quality], ['high', 'auto']);
});

/** All three tracks are in the queue, and the last has been heard to its end. */
async function atTheEnd() {
  const { server, a, b } = await playing();
  await a.transport.jump(server.items[2].id);
  send(a, { streamId: server.state.streamId });
  a.output.emit('started', { afterMs: 0 });
  a.connection.emit('stream_ended', { streamId: server.state.streamId, reason: 'finished' });
  a.output.emit('ended');
  server.end();
  await settled();
  for (const { connection } of [a, b]) connection.sent.length = 0;
  return { server, a, b };
}

test("behind the queue's end, play begins the queue anew, with its first track in sight at once", async () => {
  const { server, a } = await atTheEnd();
  assert.deepEqual([a.playback.status, a.transport.track.id], ['ended', 't2']);
  a.transport.toggle();
  assert.equal(a.transport.track.id, 't0');
  await settled();
  assert.deepEqual(a.connection.commands, ['resume_track']);
  assert.deepEqual([server.state.trackId, a.playback.status], ['t0', 'loading']);
});

test("behind the queue's end, a remote's play begins it anew where it was heard", async () => {
  const { server, a, b } = await atTheEnd();
  b.transport.toggle();
  await settled();
  assert.deepEqual(b.connection.commands, ['resume_track']);
  assert.deepEqual([server.state.trackId, a.playback.track.id, a.playback.status], ['t0', 't0', 'loading']);
  assert.deepEqual([b.transport.track.id, b.transport.status], ['t0', 'playing']);
});

test("a page that was opened behind the queue's end begins the queue anew, too; or the track where it was sought", async () => {
  for (const position of [null, 40]) {
    const { server, a } = await atTheEnd();
    server.offline(a.connection);
    const again = device(server, 'a');
    assert.deepEqual([again.transport.status, again.transport.track.id], ['paused', 't2']);
    if (position !== null) again.transport.seek(position);
    again.transport.toggle();
    await settled();
    assert.deepEqual([server.state.trackId, server.state.position], position === null ? ['t0', 0] : ['t2', position]);
  }
});

test("behind the queue's end, back plays the last track again", async () => {
  const { server, a } = await atTheEnd();
  a.transport.previous();
  await settled();
  assert.deepEqual([server.state.trackId, a.playback.status], ['t2', 'loading']);
});

test('what has ended and has left the queue is played again where nothing else is in it', async () => {
  const { server, a } = await atTheEnd();
  for (const { id } of [...server.items]) await a.session.remove([id]);
  a.transport.toggle();
  await settled();
  assert.equal(a.connection.commands.at(-1), 'play_track');
  assert.equal(a.playback.status, 'loading');
});

test('a seek inside of what is held is heard at once, and the server told where that is', async () => {
  const { server, a, b } = await playing();
  const { streamId } = server.state;
  a.connection.sent.length = 0;
  a.transport.seek(6.5);
  assert.ok(Math.abs(a.playback.receiver.position - 6.5) < 0.001);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.sent, [['seek_position', { position: 6.5, held: streamId, epoch: 0 }]]);
  assert.deepEqual([a.playback.status, a.output.isPlaying, a.playback.position], ['playing', true, 6.5]);
  assert.deepEqual([b.transport.status, b.transport.position], ['playing', 6.5]);
  // What comes next is what came next before.
  send(a, { streamId, from: 10, first: 10, count: 2 });
  assert.equal(a.playback.receiver.books.discontinuities, 0);
  assert.equal(a.playback.receiver.bufferedSeconds, 5.5);
});

test('a paused one stays paused, and goes on from there', async () => {
  const { server, a } = await playing();
  a.transport.pause();
  await settled();
  a.connection.sent.length = 0;
  a.transport.seek(3);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.sent, [['seek_position', { position: 3, held: server.state.streamId, epoch: 0 }]]);
  assert.deepEqual([a.playback.status, a.output.isPlaying, a.playback.position], ['paused', false, 3]);
});

test('quick seeks become one, though the first is heard at once', async () => {
  const { a } = await playing();
  a.connection.sent.length = 0;
  for (const place of [2, 4, 8]) a.transport.seek(place);
  assert.ok(Math.abs(a.playback.receiver.position - 2) < 0.001);
  assert.equal(a.playback.position, 8);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.ok(Math.abs(a.playback.receiver.position - 8) < 0.001);
  assert.deepEqual(a.connection.sent.map(([event, { position }]) => [event, position]), [['seek_position', 8]]);
});

test('a seek beyond what is held is the server\u2019s, and one that comes while that is on its way, too', async () => {
  const { server, a } = await playing();
  a.connection.sent.length = 0;
  a.transport.seek(50);
  await new Promise((resolve) => setTimeout(resolve, 250));
  a.transport.seek(5);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.commands, ['seek_position', 'seek_position']);
  send(a, { streamId: server.state.streamId, epoch: 2, from: 5, first: 10, count: 1 });
  assert.equal(a.playback.receiver.endPosition, 6);
  assert.ok(Math.abs(a.playback.position - 5) < 0.001);
});

test('a seek into what may be mixed with the next track is the server\u2019s, however much is held', async () => {
  const { server, a } = await playing();
  const { duration } = a.playback.stream;
  send(a, { streamId: server.state.streamId, from: 10, first: 10, count: Math.floor(duration) - 11 });
  await settled();
  a.connection.sent.length = 0;
  a.transport.seek(duration - 8);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.sent, [['seek_position', { position: duration - 8 }]]);
});

test('there, back and there again before the server has answered: the last place counts', async () => {
  const { server, a } = await playing();
  let answer;
  server.seek_position = ({ position }) => {
    answer ??= new Promise((resolve) => setTimeout(() => resolve({ position, epoch: 1, streamId: server.state.streamId }), 400));
    return answer;
  };
  a.connection.sent.length = 0;
  a.transport.seek(8);
  a.transport.seek(50);
  await new Promise((resolve) => setTimeout(resolve, 200));
  a.transport.seek(8);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.sent.map(([, { position, held }]) => [position, held]), [[50, undefined], [8, undefined]]);
});

test('in a group the server seeks', async () => {
  const { a, b } = await playing();
  await b.session.setGrouped('b', true);
  a.connection.sent.length = 0;
  a.transport.seek(5);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.commands, ['seek_position']);
});

test('without a connection what is held can be sought in, and the new stream begins at its end', async () => {
  const { server, a } = await playing();
  server.offline(a.connection);
  a.transport.seek(4);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual([a.playback.status, Math.round(a.playback.position)], ['playing', 4]);
  a.connection.sent.length = 0;
  server.online(a.connection, true);
  await settled();
  assert.equal(a.connection.sent[0][1].position, 10);
  assert.deepEqual(a.connection.commands, ['queue_jump', 'pause_track', 'resume_track']);
  assert.equal(Math.round(server.position), 4);
  assert.deepEqual(a.errors, []);
});

test('a server that is in the next track already begins this one again where it was sought', async () => {
  const { server, a } = await playing();
  server.seek_position = () => ({ position: 0.2, epoch: 0, streamId: 'another' });
  a.connection.sent.length = 0;
  a.transport.seek(4);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.deepEqual(a.connection.commands, ['seek_position', 'queue_jump']);
  assert.equal(server.position, 4);
});

test('a server that has not sent what is held seeks after all, and its sound is waited for', async () => {
  const { server, a } = await playing();
  const { streamId } = server.state;
  server.seek_position = ({ position }) => ({ position, epoch: 1, streamId });
  a.transport.seek(4);
  await new Promise((resolve) => setTimeout(resolve, 250));
  send(a, { streamId, epoch: 1, from: 4, first: 10, count: 3 });
  await settled();
  assert.equal(a.playback.receiver.endPosition, 7);
  assert.deepEqual([a.playback.status, a.errors], ['playing', []]);
});

test('another quality is asked for from the end of what is decoded, and what is held beyond gives way', async () => {
  const { server, a } = await playing();
  const { streamId } = server.state;
  send(a, { streamId, from: 10, first: 10, count: 50 });
  await settled();
  assert.equal(a.playback.receiver.bufferedSeconds, 60);
  a.connection.sent.length = 0;
  a.transport.setQuality('lossless');
  await settled();
  const [asked, jump, ...told] = a.connection.sent;
  assert.deepEqual(asked, ['quality_change', { quality: 'lossless' }]);
  assert.deepEqual([jump[0], jump[1].item], ['queue_jump', 'i1']);
  assert.ok(jump[1].position >= 5 && jump[1].position < 8, `${jump[1].position}`);
  assert.equal(jump[1].position, a.playback.receiver.endPosition);
  assert.equal(a.playback.receiver.bufferedSeconds, jump[1].position);
  assert.deepEqual(told.map(([event]) => event), ['pause_track', 'resume_track']);
  assert.deepEqual([a.playback.status, Math.round(server.position), a.playback.recoveries], ['playing', 0, 0]);
});

test('a quality that a remote chose is heard as soon', async () => {
  const { server, a, b } = await playing();
  send(a, { streamId: server.state.streamId, from: 10, first: 10, count: 50 });
  await settled();
  b.transport.setQuality('lossless');
  await settled();
  await settled();
  assert.deepEqual([a.connection.commands.includes('queue_jump'), a.playback.receiver.bufferedSeconds < 8], [true, true]);
});

/** As `playing`, with a minute held of which the server refuses to send another quality. */
async function refused(code, now = settled) {
  const { server, a } = await playing();
  const { streamId } = server.state;
  send(a, { streamId, from: 10, first: 10, count: 50 });
  await now();
  const { queue_jump: jump } = server;
  server.queue_jump = () => {
    throw Object.assign(new Error('refused'), { code });
  };
  a.connection.sent.length = 0;
  return { server, a, streamId, allow: () => (server.queue_jump = jump) };
}

test('a quality that is refused leaves what plays playing, with all that is held of it, and says so in a line', async () => {
  for (const code of ['rate_limited', 'busy', 'unknown_item', 'track_unavailable', 'internal', 'timeout']) {
    const { server, a, streamId, allow } = await refused(code);
    a.transport.setQuality('lossless');
    await settled();
    await settled();
    assert.deepEqual(a.connection.commands, ['quality_change', 'queue_jump'], code);
    assert.deepEqual([a.playback.status, a.output.isPlaying, a.playback.stream.streamId], ['playing', true, streamId], code);
    assert.equal(a.errors.length, 1, code);
    assert.match(a.errors[0], /loaded is heard first/);
    // It goes on coming.
    send(a, { streamId, from: 60, first: 60, count: 5 });
    await settled();
    assert.deepEqual([a.playback.receiver.bufferedSeconds, a.playback.receiver.books.discontinuities], [65, 0], code);
    allow();
    a.transport.setQuality('high');
    await settled();
    assert.equal(a.connection.commands.at(-2), 'pause_track', code);
    assert.notEqual(server.state.streamId, streamId);
  }
});

test('a quality that the server does not have, or never hears of, is not chosen', async () => {
  const { server, a } = await playing();
  server.quality_change = () => {
    throw Object.assign(new Error('refused'), { code: 'unknown_quality' });
  };
  a.transport.setQuality('lossless');
  await settled();
  assert.deepEqual([a.transport.quality, a.errors.length, a.playback.status], ['auto', 1, 'playing']);
  server.offline(a.connection);
  a.transport.setQuality('high');
  await settled();
  assert.deepEqual([a.transport.quality, a.errors.length, a.playback.status], ['auto', 2, 'playing']);
  assert.match(a.errors[1], /no connection/);
});

test('a connection that is lost while another quality is on its way costs nothing that is held', async () => {
  const { server, a } = await playing();
  const { streamId } = server.state;
  send(a, { streamId, from: 10, first: 10, count: 50 });
  server.held = [];
  a.transport.setQuality('lossless');
  await settled();
  server.offline(a.connection);
  await settled();
  server.held = null;
  a.connection.sent.length = 0;
  server.online(a.connection, true);
  await settled();
  assert.deepEqual(a.connection.sent[0], ['queue_jump', { item: 'i1', position: 60 }]);
  assert.equal(a.playback.status, 'playing');
});

test('a choice that comes to what is held already fetches nothing', async () => {
  const { server, a } = await playing();
  const { streamId } = server.state;
  const format = { streamId, quality: 'auto', codec: 'mp3', sampleRate: 44_100 };
  a.connection.emit('quality_change', { ...format, rendition: 'mp3-320', bitrate: 320_000 });
  send(a, { streamId, from: 10, first: 10, count: 50 });
  await settled();
  a.playback.receiver.jump(12);
  a.connection.sent.length = 0;
  for (const quality of ['high', 'high', 'auto']) {
    a.transport.setQuality(quality);
    await settled();
  }
  assert.deepEqual([a.connection.commands, a.playback.receiver.bufferedSeconds], [['quality_change', 'quality_change', 'quality_change'], 48]);
  // What is of another one gives way, and nothing in front of it.
  a.connection.emit('quality_change', { ...format, rendition: 'opus-48', codec: 'opus', bitrate: 48_000 });
  send(a, { streamId, from: 60, first: 60, count: 20 });
  a.connection.sent.length = 0;
  a.transport.setQuality('high');
  await settled();
  assert.deepEqual(a.connection.sent[1], ['queue_jump', { item: 'i1', position: 60 }]);
});

test('a choice near the track\u2019s end leaves it whole: the next one comes anew behind it, by the server itself', async () => {
  for (const chooser of ['a', 'b']) {
    const { server, a, b } = await playing();
    const { streamId } = server.state;
    const taken = server.sentAll();
    a.playback.receiver.jump(7);
    send(a, { streamId: taken, count: 40 });
    await settled();
    a.connection.sent.length = 0;
    server.held = [];
    (chooser === 'a' ? a : b).transport.setQuality('lossless');
    await until(() => a.playback.receiver.newest.streamId !== taken);
    const next = a.playback.receiver.newest;
    assert.deepEqual([next.trackId, next.follows], ['t1', streamId]);
    send(a, { streamId: next.streamId, count: 20 });
    await settled();
    assert.ok(!a.connection.commands.includes('queue_jump'));
    assert.deepEqual([a.playback.status, a.playback.stream.streamId, a.playback.track.id], ['playing', streamId, 't0']);
    // The rest of the one, all of the other, and nothing between.
    assert.deepEqual([a.playback.receiver.bufferedSeconds, Math.round(a.playback.position)], [3 + 20, 7]);
    assert.deepEqual([a.playback.receiver.books.discontinuities, a.errors], [0, []]);
    a.output.emit('heard', { id: next.streamId, atMs: 0 });
    assert.deepEqual([a.playback.track.id, server.state.trackId], ['t1', 't0']);
  }
});

/** A minute of `t1` is held, and another quality of it was chosen, which the server hasn't answered. */
async function exchanging() {
  const { server, a } = await playing();
  const { streamId } = server.state;
  send(a, { streamId, from: 10, first: 10, count: 50 });
  await settled();
  server.held = [];
  a.transport.setQuality('lossless');
  await settled();
  return { server, a, streamId };
}

test('a jump in what is held that crosses the stream in another quality throws nothing away', async () => {
  for (const comesFirst of [true, false]) {
    const { server, a, streamId } = await exchanging();
    const edge = a.playback.receiver.endPosition;
    const { seek_position: seek } = server;
    server.seek_position = function (payload, by) {
      // The other stream is on its way to the page, or still being looked up.
      if (comesFirst) this.release();
      return seek.call(this, payload, by);
    };
    a.connection.sent.length = 0;
    a.transport.seek(2);
    await until(() => a.connection.commands.includes('seek_position'));
    await settled();
    assert.equal(a.connection.sent[0][1].held, streamId);
    server.release();
    await settled();
    assert.ok(!a.connection.commands.includes('queue_jump'), `${a.connection.commands}`);
    assert.deepEqual([a.playback.status, a.playback.receiver.bufferedSeconds], ['playing', edge - 2]);
    send(a, { streamId: server.state.streamId, from: edge, count: 5 });
    assert.deepEqual([a.playback.receiver.books.discontinuities, a.playback.receiver.endPosition], [0, edge + 5]);
    assert.deepEqual([Math.round(server.position), a.errors], [2, []]);
  }
});

test('a lost stream that the server is too busy for is asked for again while what is held is heard', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const now = () => new Promise((resolve) => setImmediate(resolve));
  const { server, a } = await playing();
  const { queue_jump: jump } = server;
  server.queue_jump = () => {
    throw Object.assign(new Error('busy'), { code: 'busy' });
  };
  server.offline(a.connection);
  server.online(a.connection, true);
  await now();
  assert.deepEqual([a.playback.status, a.playback.receiver.bufferedSeconds, a.errors], ['playing', 10, []]);
  server.queue_jump = jump;
  a.connection.sent.length = 0;
  t.mock.timers.tick(5_000);
  await now();
  assert.deepEqual(a.connection.sent[0], ['queue_jump', { item: 'i1', position: 10 }]);
});

test('so is one where another quality was chosen meanwhile, and is refused too', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const now = () => new Promise((resolve) => setImmediate(resolve));
  const { server, a, allow } = await refused('busy', now);
  server.offline(a.connection);
  server.online(a.connection, true);
  await now();
  a.transport.setQuality('lossless');
  await now();
  assert.match(a.errors[0], /loaded is heard first/);
  assert.equal(a.connection.commands.filter((event) => event === 'queue_jump').length, 2);
  allow();
  a.connection.sent.length = 0;
  t.mock.timers.tick(5_000);
  await now();
  assert.deepEqual(a.connection.sent[0], ['queue_jump', { item: 'i1', position: 60 }]);
  assert.deepEqual([a.playback.status, a.playback.receiver.bufferedSeconds], ['playing', 60]);
});

test('a refusal of another quality is nothing to read over the next track', async () => {
  const { server, a } = await playing();
  send(a, { streamId: server.state.streamId, from: 10, first: 10, count: 50 });
  await settled();
  const { command } = a.connection;
  let refuse;
  a.connection.command = async function (event, payload) {
    if (event !== 'queue_jump') return command.call(this, event, payload);
    return new Promise((_, reject) => (refuse = () => reject(Object.assign(new Error('busy'), { code: 'busy' }))));
  };
  a.transport.setQuality('lossless');
  await until(() => refuse);
  a.transport.next();
  await settled();
  send(a, { streamId: server.state.streamId });
  a.output.emit('started', { afterMs: 0 });
  refuse();
  await settled();
  assert.deepEqual([a.errors, a.playback.status, a.playback.track.id], [[], 'playing', 't1']);
});

test('a lost stream that the server takes back its word of is asked for again while what is held is heard', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const now = () => new Promise((resolve) => setImmediate(resolve));
  for (const code of ['busy', 'rate_limited', 'timed_out', 'internal']) {
    const { server, a, b } = await playing();
    send(a, { streamId: server.state.streamId, from: 10, first: 10, count: 50 });
    server.offline(a.connection);
    server.held = [];
    server.online(a.connection, true);
    await now();
    server.refuse(code);
    await now();
    assert.deepEqual([a.playback.status, a.output.isPlaying, a.playback.receiver.bufferedSeconds], ['playing', true, 60], code);
    a.connection.sent.length = 0;
    // A jump in what is held doesn't make it forgotten.
    a.output.emit('started', { afterMs: 0 });
    t.mock.timers.tick(5_000);
    await now();
    assert.deepEqual(a.connection.sent[0], ['queue_jump', { item: 'i1', position: 60 }], code);
    assert.deepEqual([a.errors, server.state.status], [[], 'playing'], code);
    server.held = [];
    server.offline(a.connection);
    server.online(a.connection, true);
    await now();
    server.refuse(code);
    server.tell('b', 'stop', {});
    assert.equal(a.playback.status, 'idle', 'another device may stop it all the same');
  }
});

test('another quality that the server takes back its word of leaves what plays playing, and says so', async () => {
  const { server, a, streamId } = await exchanging();
  server.refuse('busy');
  await settled();
  send(a, { streamId, from: 60, first: 60, count: 5 });
  await settled();
  assert.deepEqual([a.playback.status, a.playback.receiver.bufferedSeconds, a.playback.receiver.isAwaiting], ['playing', 65, false]);
  assert.equal(a.errors.length, 1);
  assert.match(a.errors[0], /loaded is heard first/);
});

test('what the server cannot play at all is said, also of a stream that it had said yes to', async () => {
  const { server, a } = await playing();
  server.offline(a.connection);
  server.held = [];
  server.online(a.connection, true);
  await settled();
  a.connection.emit('stream_error', { trackId: 't0', code: 'undecodable', message: 'no' });
  assert.deepEqual([a.playback.status, a.errors.length], ['failed', 1]);
});

/** All of the track is here; a seek to its end is the server's, whose connection breaks. */
async function soughtAndCut(isAnswered, isPaused = false) {
  const { server, a } = await playing();
  const { streamId, trackId } = server.state;
  send(a, { streamId, from: 10, first: 10, count: 90 });
  a.connection.emit('stream_ended', { streamId, trackId, reason: 'finished' });
  await settled();
  if (isPaused) a.transport.pause();
  await settled();
  a.connection.sent.length = 0;
  const { command } = a.connection;
  const lost = Object.assign(new Error('lost'), { code: 'timeout' });
  a.connection.command = async function (event, payload) {
    if (event !== 'seek_position') return command.call(this, event, payload);
    this.sent.push([event, payload]);
    return new Promise((_, reject) => isAnswered && setTimeout(() => reject(lost), 0));
  };
  a.transport.seek(90);
  await until(() => a.connection.commands.includes('seek_position'));
  server.offline(a.connection);
  await settled();
  await settled();
  a.connection.sent.length = 0;
  return { server, a };
}

test('a seek whose connection breaks is made when it is back, also where all of the track is here', async () => {
  for (const isAnswered of [true, false]) {
    for (const isPaused of [false, true]) {
      const { server, a } = await soughtAndCut(isAnswered, isPaused);
      assert.equal(a.transport.position, 90);
      server.online(a.connection, true);
      await settled();
      if (isPaused) a.transport.resume();
      await settled();
      assert.deepEqual(a.connection.sent.find(([event]) => event === 'queue_jump')?.[1], { item: 'i1', position: 90 });
      send(a, { streamId: server.state.streamId, from: 90, count: 5 });
      a.output.emit('started', { afterMs: 0 });
      await settled();
      assert.deepEqual([a.playback.status, a.playback.receiver.endPosition, a.errors], ['playing', 95, []]);
      a.playback.receiver.jump(92);
      assert.equal(Math.round(a.transport.position), 92);
    }
  }
});

test('it is given up where the track is over before', async () => {
  const { a } = await soughtAndCut(true);
  a.output.emit('ended');
  assert.deepEqual([a.playback.status, a.transport.position], ['ended', 100]);
});

/** The first track is sent, and of the next one a part; both are held. */
async function atTheSeam() {
  const { server, a } = await playing();
  const former = server.state.streamId;
  a.connection.emit('stream_ended', { streamId: former, reason: 'finished' });
  const next = { streamId: 'n1', trackId: 't1', itemId: server.items[1].id, follows: former };
  a.connection.emit('stream_started', { ...STREAM, ...next });
  send(a, { streamId: 'n1', count: 5 });
  await settled();
  a.connection.sent.length = 0;
  return { server, a };
}

test('a seek that the end of its track overtakes leads back into that track, not to that second of the next one', async () => {
  const { server, a } = await atTheSeam();
  a.transport.seek(90);
  a.output.emit('heard', { id: 'n1', atMs: 0 });
  assert.equal(a.playback.track.id, 't1');
  await until(() => a.connection.sent.length > 0);
  assert.deepEqual(a.connection.sent[0], ['queue_jump', { item: server.items[0].id, position: 90 }]);
});

test('so does one of which the connection broke before the server had answered', async () => {
  const { server, a } = await atTheSeam();
  server.seek_position = () => new Promise(() => {});
  a.transport.seek(90);
  await until(() => a.connection.commands.includes('seek_position'));
  a.output.emit('heard', { id: 'n1', atMs: 0 });
  server.offline(a.connection);
  server.online(a.connection, true);
  await settled();
  const jump = a.connection.sent.find(([event]) => event === 'queue_jump');
  assert.deepEqual(jump[1], { item: server.items[0].id, position: 90 });
});

test('a pause in what was heard of a stream that another has taken the place of names that other one', async () => {
  const { server, a } = await atTheSeam();
  server.index = 1;
  server.offline(a.connection);
  server.online(a.connection, true);
  await settled();
  a.transport.pause();
  await settled();
  assert.notEqual(a.connection.sent.at(-1)[1].streamId, server.state.streamId);
  a.transport.resume();
  a.output.emit('heard', { id: 'n1', atMs: 0 });
  a.transport.pause();
  await settled();
  const [event, { streamId }] = a.connection.sent.at(-1);
  assert.deepEqual([event, streamId, a.playback.stream.streamId], ['pause_track', server.state.streamId, 'n1']);
});

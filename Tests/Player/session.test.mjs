import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../Sources/WebAPI/Resources/player/js/player/session.js';
import { QueueModel } from '../../Sources/WebAPI/Resources/player/js/player/queue-model.js';
import { FakeServer } from './fake-session.mjs';

const ids = (count, from = 0) => Array.from({ length: count }, (_, at) => `t${from + at}`);

function twoDevices() {
  const server = new FakeServer();
  const [a, b] = ['a', 'b'].map((id) => {
    const connection = server.connect(id);
    const session = new Session(connection, () => server.now);
    const notices = [];
    session.on('notice', ({ message }) => notices.push(message));
    return { connection, session, notices };
  });
  for (const { connection } of [a, b]) server.online(connection);
  return { server, a, b };
}

const order = (queue) => Array.from({ length: queue.total }, (_, at) => queue.peek(at)?.trackId);

test('what one device sets, the other one sees, and who plays', async () => {
  const { server, a, b } = twoDevices();
  await a.session.set(ids(3), { index: 1, context: { kind: 'album', id: 'x', name: 'X' } });
  assert.deepEqual([a.session.role, b.session.role], ['active', 'remote']);
  for (const { session } of [a, b]) {
    assert.deepEqual(order(session.queue), ['t0', 't1', 't2']);
    assert.equal(session.queue.index, 1);
    assert.equal(session.state.trackId, 't1');
  }
  assert.equal(b.session.queue.context.name, 'X');
  server.now += 2500;
  assert.equal(b.session.position, 2.5);
  assert.equal(a.session.position, 2.5);
});

test('the position stands while paused, and ends with the track', async () => {
  const { server, a, b } = twoDevices();
  await a.session.set(ids(1));
  server.now += 1000;
  await a.connection.command('pause_track', {});
  server.now += 5000;
  assert.equal(b.session.position, 1);
  await a.connection.command('resume_track', {});
  server.now += 1_000_000;
  assert.equal(b.session.position, 100);
});

test('a remote that gives a command knows at once how it is, though nobody tells it', async () => {
  const { server, a, b } = twoDevices();
  await a.session.set(ids(3));
  server.now += 1000;
  await b.session.next();
  assert.equal(b.session.state.trackId, 't1');
  assert.equal(b.session.state.status, 'playing');
  assert.equal(b.session.position, 0);
});

test('an older version is ignored: of the queue, the state and the devices', async () => {
  const { a } = twoDevices();
  await a.session.set(ids(2));
  const { version } = a.session.queue;
  a.connection.emit('queue_update', { version: version - 1, total: 0, offset: 0, items: [], index: -1 });
  assert.equal(a.session.queue.total, 2);
  a.connection.emit('sync_state', { action: 'stop', version: 0, state: { status: 'stopped' } });
  assert.equal(a.session.state.status, 'playing');
  a.connection.emit('device_update', { devices: [], activeDeviceId: null, group: [], version: 0 });
  assert.equal(a.session.role, 'active');
});

test('two that move at once: the second is told, and shows what is', async () => {
  const { a, b } = twoDevices();
  await a.session.set(ids(4));
  const { id } = b.session.queue.peek(3);
  const moves = [a.session.move(a.session.queue.peek(0).id, 2), b.session.move(id, 1)];
  assert.deepEqual(order(b.session.queue), ['t0', 't3', 't1', 't2'], 'shown before it is confirmed');
  await Promise.all(moves);
  assert.deepEqual(order(a.session.queue), ['t1', 't2', 't0', 't3']);
  assert.deepEqual(order(b.session.queue), order(a.session.queue));
  assert.deepEqual([a.notices.length, b.notices.length], [0, 1]);
});

test('a change that fails is taken back', async () => {
  const { server, a } = twoDevices();
  await a.session.set(ids(4));
  const removed = a.session.remove([a.session.queue.peek(2).id]);
  assert.equal(a.session.queue.total, 3);
  server.offline(a.connection);
  await assert.rejects(removed, { code: 'offline' });
  assert.deepEqual(order(a.session.queue), ids(4));
});

test('of a long queue only what is looked at is fetched, each window once', async () => {
  const { a } = twoDevices();
  await a.session.set(ids(10_000));
  a.connection.sent.length = 0;
  assert.equal(a.session.queue.peek(5000), undefined);
  await Promise.all([a.session.need(5000, 5030), a.session.need(5000, 5030)]);
  await a.session.need(5010, 5040);
  assert.equal(a.session.queue.peek(5029).trackId, 't5029');
  assert.deepEqual(a.connection.commands, ['queue_get']);
});

test('a new version keeps the old rows on the screen until theirs have come', async () => {
  const { a, b } = twoDevices();
  await a.session.set(ids(300));
  await a.session.need(100, 300);
  await b.session.remove([b.session.queue.peek(0).id]);
  assert.equal(a.session.queue.total, 299);
  assert.equal(a.session.queue.peek(250).trackId, 't250', 'the row as it was');
  await a.session.need(200, 299);
  assert.equal(a.session.queue.peek(250).trackId, 't251');
});

test('after a reconnect versions may begin anew', async () => {
  const { server, a } = twoDevices();
  await a.session.set(ids(3));
  await a.session.add(ids(1), 'end');
  server.offline(a.connection);
  Object.assign(server, { version: 0, items: [], index: -1, activeDeviceId: null });
  server.online(a.connection, true);
  assert.equal(a.session.queue.total, 0);
  assert.equal(a.session.role, 'free');
});

test('a hand-over keeps the position, and the group knows its members', async () => {
  const { server, a, b } = twoDevices();
  await a.session.set(ids(2));
  server.now += 4000;
  const { position } = await b.session.transfer('b');
  assert.equal(position, 4);
  assert.deepEqual([a.session.role, b.session.role], ['remote', 'active']);
  await b.session.setGrouped('a', true);
  assert.deepEqual([a.session.role, b.session.role, a.session.isInGroup], ['member', 'active', true]);
  await a.session.setGrouped('a', false);
  assert.deepEqual([a.session.role, b.session.isInGroup], ['remote', false]);
});

test('the item behind another one: through the end and round again', () => {
  const queue = new QueueModel();
  const items = [{ id: 'x', trackId: '1' }, { id: 'y', trackId: '2' }];
  const window = { version: 1, total: 2, offset: 0, items, index: 0, shuffle: false, repeat: 'off', crossfade: 0 };
  assert.ok(queue.apply(window));
  assert.equal(queue.following('x')?.id, 'y');
  assert.equal(queue.following('y'), undefined);
  queue.apply({ ...window, version: 2, repeat: 'all' });
  assert.equal(queue.following('y')?.id, 'x');
  assert.equal(queue.following('z'), undefined);
});

test('moves shown before they are confirmed end where the server puts them', () => {
  for (const [from, to] of [[0, 4], [4, 0], [2, 3], [3, 2], [1, 1]]) {
    const queue = new QueueModel();
    const items = ids(5).map((trackId) => ({ id: trackId, trackId }));
    queue.apply({ version: 1, total: 5, offset: 0, items, index: 2, shuffle: false, repeat: 'off', crossfade: 0 });
    const undo = queue.moveForNow(from, to);
    const expected = ids(5);
    expected.splice(to, 0, ...expected.splice(from, 1));
    assert.deepEqual(order(queue), expected);
    assert.equal(queue.peek(queue.index).trackId, 't2', 'what plays is the same');
    undo();
    assert.deepEqual(order(queue), ids(5));
  }
});

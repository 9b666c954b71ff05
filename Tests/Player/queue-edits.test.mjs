import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_BY_HAND, MAX_KEPT_QUEUE, MAX_SELECTED } from '../../Sources/WebAPI/Resources/player/js/limits.js';
import { ByHand, QueueEdits } from '../../Sources/WebAPI/Resources/player/js/player/queue-edits.js';
import { Selection } from '../../Sources/WebAPI/Resources/player/js/player/selection.js';
import { Session } from '../../Sources/WebAPI/Resources/player/js/player/session.js';
import { longTime } from '../../Sources/WebAPI/Resources/player/js/ui/format.js';
import { FakeServer } from './fake-session.mjs';

const ids = (count, letter = 't') => Array.from({ length: count }, (_, at) => `${letter}${at}`);
const LIBRARY = { kind: 'library', name: 'Library', id: 'l' };
const SEARCH = { kind: 'search', name: 'Search', id: 's' };

class Storage {
  values = {};
  get(key, fallback) {
    return key in this.values ? JSON.parse(this.values[key]) : fallback;
  }
  set(key, value) {
    this.values[key] = JSON.stringify(value);
  }
}

function open() {
  const server = new FakeServer();
  const connection = server.connect('a');
  const session = new Session(connection, () => server.now);
  server.online(connection);
  const storage = new Storage();
  const said = [];
  const edits = new QueueEdits({
    session,
    say: (message, undo) => said.push({ message, undo }),
    restore: async ({ items, index, context }, position) => {
      await session.set(items.map(({ trackId }) => trackId), { index, position, context });
      return true;
    },
    byHand: new ByHand(storage),
  });
  const order = () => server.items.map(({ trackId }) => trackId).join(' ');
  return { server, session, edits, said, storage, order, undo: () => said.at(-1).undo() };
}

/** As a click on a row of another list. */
async function replace({ session, edits }, tracks, context, index = 0) {
  const settle = edits.replacing(context, 12);
  await session.set(tracks, { index, context });
  await settle();
}

test('what was queued by hand comes next in the list that replaces its queue', async () => {
  const at = open();
  await replace(at, ids(3), LIBRARY);
  await at.edits.add(['x'], 'next');
  await at.edits.add(['y'], 'end');
  assert.equal(at.order(), 't0 x t1 t2 y');
  await replace(at, ids(3, 's'), SEARCH, 1);
  assert.equal(at.order(), 's0 s1 x y s2');
  // And in the one after that, also for another page of this browser, but for what has been played.
  at.edits.byHand = new ByHand(at.storage);
  await at.session.next();
  await replace(at, ids(2), LIBRARY);
  assert.equal(at.order(), 't0 y t1');
  await at.session.next();
  await at.session.next();
  await replace(at, ids(2, 's'), SEARCH);
  assert.equal(at.order(), 's0 s1');
});

test('a queue that was changed by hand, or another list, is given back; the same list again is nothing to say', async () => {
  const at = open();
  await replace(at, ids(3), LIBRARY, 1);
  await replace(at, ids(3), LIBRARY, 2);
  assert.equal(at.said.length, 0);
  await at.edits.add(['x'], 'end');
  await replace(at, ids(2, 's'), SEARCH);
  assert.match(at.said.at(-1).message, /comes next/);
  await at.undo();
  assert.equal(at.order(), 't0 t1 t2 x');
  assert.deepEqual([at.server.index, at.server.state.position, at.server.context.kind], [2, 12, 'library']);
  // What is back is still what was queued by hand.
  await replace(at, ids(2, 's'), SEARCH);
  assert.equal(at.order(), 's0 x s1');
});

test('a long queue that nobody changed is not asked for behind a click', async () => {
  const at = open();
  await replace(at, ids(MAX_KEPT_QUEUE), LIBRARY);
  at.server.devices.get('a').connection.sent.length = 0;
  await replace(at, ids(2, 's'), SEARCH);
  assert.deepEqual(at.server.devices.get('a').connection.commands, ['queue_set']);
});

test('of a queue too long to be given back, what was queued by hand still comes next', async () => {
  const at = open();
  await replace(at, ids(MAX_KEPT_QUEUE + 1), LIBRARY);
  await at.edits.add(['x'], 'next');
  await at.edits.add(['y'], 'end');
  at.server.devices.get('a').connection.sent.length = 0;
  await replace(at, ids(2, 's'), SEARCH);
  assert.equal(at.order(), 's0 x y s1');
  assert.deepEqual(at.server.devices.get('a').connection.commands, ['queue_get', 'queue_set', 'queue_add']);
  assert.equal(at.said.length, 0);
});

test('a long queue that was changed is asked for before what replaces it', async () => {
  const at = open();
  await replace(at, ids(1200), LIBRARY);
  await at.edits.add(['x'], 'end');
  at.server.devices.get('a').connection.sent.length = 0;
  await replace(at, ids(2, 's'), SEARCH);
  assert.deepEqual(
    at.server.devices.get('a').connection.commands,
    ['queue_get', 'queue_get', 'queue_get', 'queue_set', 'queue_add'],
  );
  assert.equal(at.order(), 's0 x s1');
});

test('what was taken out is put back in its place', async () => {
  const at = open();
  await at.session.set(ids(5));
  await at.edits.remove([1, 3].map((index) => at.server.items[index].id), 'Two');
  assert.equal(at.order(), 't0 t2 t4');
  await at.undo();
  assert.equal(at.order(), 't0 t1 t2 t3 t4');
  assert.equal(at.server.index, 0);
});

test('a cleared queue is put back around what plays', async () => {
  const at = open();
  await at.session.set(ids(4), { index: 2 });
  await at.edits.add(['x'], 'next');
  await at.edits.clear();
  assert.equal(at.order(), 't2');
  await at.undo();
  assert.equal(at.order(), 't0 t1 t2 x t3');
  assert.deepEqual(at.server.items.map(({ id }) => at.edits.byHand.has(id)), [false, false, false, true, false]);
});

test('what is known of it is bounded, and what the storage has may be anything', () => {
  const storage = new Storage();
  const byHand = new ByHand(storage);
  byHand.add(ids(MAX_BY_HAND + 5));
  assert.deepEqual([byHand.has('t4'), byHand.has('t5'), new ByHand(storage).has('t5')], [false, true, true]);
  storage.set('byHand', { items: 'no list' });
  assert.equal(new ByHand(storage).isEdited, false);
});

test('rows are selected one by one, or from one to another, up to a bound', () => {
  const selection = new Selection();
  selection.toggle(7);
  selection.toggle(3);
  assert.deepEqual(selection.rows, [3, 7]);
  selection.extend(5);
  assert.deepEqual(selection.rows, [3, 4, 5]);
  selection.extend(1);
  assert.deepEqual(selection.rows, [1, 2, 3]);
  selection.toggle(2);
  assert.deepEqual([selection.rows, selection.has(2)], [[1, 3], false]);
  selection.extend(10_000);
  assert.equal(selection.size, MAX_SELECTED);
  selection.toggle(9_000);
  assert.equal(selection.has(9_000), false);
});

test('a queue says how long it is, and reckons what it does not know', async () => {
  const { session } = open();
  await session.set(ids(4));
  const tracks = { t0: { duration: 100 }, t1: null, t2: { duration: 200 }, t3: { duration: 0 } };
  assert.deepEqual(session.queue.length((id) => tracks[id]), { seconds: 300, isExact: true });
  assert.deepEqual(session.queue.length((id) => ({ t0: tracks.t0 })[id]), { seconds: 400, isExact: false });
  assert.deepEqual(session.queue.length(() => undefined), { seconds: 0, isExact: false });
  assert.deepEqual([20, 2_820, 11_100].map(longTime), ['1 min', '47 min', '3 hr 5 min']);
});

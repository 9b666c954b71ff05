import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atHand, fillPlan, fillQueue } from '../../Sources/WebAPI/Resources/player/js/player/queue-filler.js';
import { lineAt, parseLyrics } from '../../Sources/WebAPI/Resources/player/js/player/lyrics.js';
import { Session } from '../../Sources/WebAPI/Resources/player/js/player/session.js';
import { TrackList } from '../../Sources/WebAPI/Resources/player/js/player/track-list.js';
import { TrackStore } from '../../Sources/WebAPI/Resources/player/js/player/track-store.js';
import { FakeServer } from './fake-session.mjs';

const page = (total) => async ({ limit, offset }) => ({
  total,
  tracks: Array.from({ length: Math.max(Math.min(limit, total - offset), 0) }, (_, at) => ({ id: `t${offset + at}` })),
});

test('plain words stay as they are, without the blank lines around them', () => {
  const { isTimed, lines } = parseLyrics('\r\n\r\nOne\r\n\r\nTwo [live]\r\n\r\n');
  assert.equal(isTimed, false);
  assert.deepEqual(lines.map(({ text }) => text), ['One', '', 'Two [live]']);
});

test('LRC: times of any precision, several a line, tags, an offset, words', () => {
  const { isTimed, lines } = parseLyrics(
    '\uFEFF[ar:Somebody]\n[offset:+500]\n[00:10.5]Ten\n[00:01.25][1:02:50] Twice\nno time\n[00:03] <00:03.10>Word <00:04.0>by word\n[00:05.000]',
  );
  assert.equal(isTimed, true);
  assert.deepEqual(lines, [
    { at: 0.75, text: 'Twice' },
    { at: 2.5, text: 'Word by word' },
    { at: 4.5, text: '' },
    { at: 10, text: 'Ten' },
    { at: 62, text: 'Twice' },
  ]);
});

test('the line that is sung at a position', () => {
  const { lines } = parseLyrics('[00:01]a\n[00:02]b\n[00:02]c\n[00:09]d');
  assert.deepEqual([0, 1, 1.99, 2, 8.9, 9, 1e9].map((at) => lineAt(lines, at)), [-1, 0, 0, 2, 2, 3, 3]);
  assert.equal(lineAt([], 5), -1);
});

test('lyrics of any shape are read without a fault', () => {
  for (const text of ['', '[', '[00:', '[99:99.999]x', '[offset:abc]\n[00:00]x', '[00:01]'.repeat(500)]) parseLyrics(text);
});

test('tracks that are wanted together are asked for together, a hundred at a time, once', async () => {
  const asked = [];
  const store = new TrackStore(async (ids) => {
    asked.push(ids.length);
    return ids.filter((id) => id !== 't7').map((id) => ({ id, title: id }));
  });
  for (let at = 0; at < 150; at += 1) store.want(`t${at}`);
  for (let at = 0; at < 150; at += 1) store.want(`t${at}`);
  await new Promise((resolve) => {
    let changes = 0;
    store.on('change', () => (changes += 1) === 2 && resolve());
  });
  assert.deepEqual(asked, [100, 50]);
  assert.equal(store.peek('t149').title, 't149');
  assert.equal(store.peek('t7'), null, 'one that the library does not have');
});

test('tracks that could not be fetched are asked for again', async () => {
  let calls = 0;
  const store = new TrackStore(async (ids) => {
    calls += 1;
    if (calls === 1) throw new Error('offline');
    return ids.map((id) => ({ id }));
  });
  const changed = () => new Promise((resolve) => store.on('change', resolve));
  // Whoever shows it asks at each frame; what failed rests all the same.
  const drawing = setInterval(() => store.want('a'), 20);
  await changed();
  assert.equal(calls, 1);
  await changed();
  clearInterval(drawing);
  assert.equal(calls, 2);
  assert.equal(store.peek('a').id, 'a');
});

test('what is here around a track is queued at once', async () => {
  const list = new TrackList('', page(450));
  await list.get(120);
  await list.get(200);
  const { tracks, index, first, end } = atHand(list, 150);
  assert.deepEqual([tracks.length, tracks[index], first, end], [200, 't150', 100, 300]);
});

test('the rest follows in order: what comes first, then what was before; never more than a queue may have', () => {
  assert.deepEqual(fillPlan({ first: 100, end: 200 }, 900), [
    { offset: 200, limit: 500, isBefore: false },
    { offset: 700, limit: 200, isBefore: false },
    { offset: 0, limit: 100, isBefore: true },
  ]);
  const steps = fillPlan({ first: 50_000, end: 50_100 }, 1_000_000);
  assert.equal(steps.reduce((sum, { limit }) => sum + limit, 100), 10_000);
  assert.ok(steps.every(({ limit }) => limit > 0 && limit <= 500));
});

async function filling(change) {
  const server = new FakeServer();
  const connection = server.connect('a');
  const session = new Session(connection, () => server.now);
  server.online(connection);
  const list = new TrackList('', page(1200));
  await list.get(600);
  const { tracks, index, first, end } = atHand(list, 650);
  const context = { kind: 'library', id: 'mine', name: 'Library' };
  await session.set(tracks, { index, context });
  let pages = 0;
  const fetchPage = async (request) => {
    pages += 1;
    if (pages === 2) await change(server, session);
    return page(1200)(request);
  };
  await fillQueue({ session, list, part: { first, end }, contextId: 'mine', fetchPage });
  return { server, session };
}

test('a queue filled in the background is the list, and what plays stays what plays', async () => {
  const { server } = await filling(() => {});
  assert.deepEqual(server.items.map(({ trackId }) => trackId), Array.from({ length: 1200 }, (_, at) => `t${at}`));
  assert.equal(server.items[server.index].trackId, 't650');
});

test('filling goes on when somebody changed the queue meanwhile', async () => {
  const { server } = await filling((at) => {
    at.queue_add({ tracks: ['extra'], at: 'next' }, 'b');
  });
  assert.equal(server.items.length, 1201);
});

test('filling stops when somebody plays something else', async () => {
  const { server } = await filling((at) => {
    at.queue_set({ tracks: ['other'], context: { kind: 'album', id: 'theirs', name: 'Theirs' } }, 'a');
  });
  assert.deepEqual(server.items.map(({ trackId }) => trackId), ['other']);
});

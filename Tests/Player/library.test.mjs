import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrackList } from '../../Sources/WebAPI/Resources/player/js/player/track-list.js';
import { Groove, INNER_RADIUS, OUTER_RADIUS } from '../../Sources/WebAPI/Resources/player/js/ui/groove.js';
import { clock, sourceFormat, spokenTime } from '../../Sources/WebAPI/Resources/player/js/ui/format.js';

function library(total) {
  const asked = [];
  const list = new TrackList('dub', async (page) => {
    asked.push(page.offset);
    const count = Math.max(Math.min(page.limit, total - page.offset), 0);
    return { total, tracks: Array.from({ length: count }, (_, i) => ({ id: `t${page.offset + i}` })) };
  });
  return { list, asked };
}

test('a page is fetched once, however many ask for it', async () => {
  const { list, asked } = library(250);
  const [a, b] = await Promise.all([list.get(3), list.get(99)]);
  assert.deepEqual([a?.id, b?.id, list.peek(5)?.id], ['t3', 't99', 't5']);
  assert.equal((await list.get(249))?.id, 't249');
  assert.deepEqual(asked, [0, 200]);
});

test('past the end there is no track, and nobody is asked', async () => {
  const { list, asked } = library(10);
  await list.get(0);
  assert.equal(await list.get(10), undefined);
  assert.equal(await list.get(-1), undefined);
  assert.deepEqual(asked, [0]);
});

test('a list of any length keeps a bounded number of pages', async () => {
  const { list } = library(1_000_000);
  for (let page = 0; page < 200; page += 1) await list.loadPage(page);
  assert.equal(list.peek(0), undefined);
  assert.equal(list.peek(199 * 100)?.id, 't19900');
  assert.equal(Array.from({ length: 200 }, (_, page) => list.peek(page * 100)).filter(Boolean).length, 60);
});

test('a page that failed is asked for again', async () => {
  let calls = 0;
  const list = new TrackList('', async () => {
    calls += 1;
    if (calls === 1) throw new Error('offline');
    return { total: 1, tracks: [{ id: 'a' }] };
  });
  await assert.rejects(list.get(0), /offline/);
  assert.equal((await list.get(0))?.id, 'a');
});

test('the groove runs from the rim to the label, and a short track turns at 33⅓', () => {
  const groove = new Groove(60, 200);
  assert.equal(groove.turnSeconds, 1.8);
  assert.equal(groove.radiusAt(0), OUTER_RADIUS);
  assert.ok(Math.abs(groove.radiusAt(60) - INNER_RADIUS) < 1e-12);
  assert.equal(groove.arcAt(-5), 0);
  assert.equal(groove.arcAt(1e9), groove.arcs - 1);
});

test('a long track turns slower, so that its grooves still fit', () => {
  const groove = new Groove(3600, 200);
  const pitch = ((OUTER_RADIUS - INNER_RADIUS) * 200) / (3600 / groove.turnSeconds);
  assert.ok(pitch >= 1.69);
});

test('times and formats are written as people read them', () => {
  assert.deepEqual([0, 61.9, 3727, Number.NaN].map(clock), ['0:00', '1:01', '1:02:07', '0:00']);
  assert.equal(spokenTime(61), '1 minute 1 second');
  assert.equal(sourceFormat({ codec: 'flac', sampleRate: 44_100, bitsPerSample: 24, bitrate: 1 }), 'FLAC 44.1/24');
  assert.equal(sourceFormat({ codec: 'mp3', sampleRate: 44_100, bitrate: 320_000 }), 'MP3 320');
});

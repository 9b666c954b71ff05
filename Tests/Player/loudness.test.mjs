import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gainFactor, gainInDb } from '../../Sources/WebAPI/Resources/player/js/audio/loudness.js';
import { isInAlbumRun } from '../../Sources/WebAPI/Resources/player/js/player/album-run.js';
import { LoudnessChoice } from '../../Sources/WebAPI/Resources/player/js/player/loudness-choice.js';

const close = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

test('a loud track is turned down to the target', () => {
  close(gainInDb({ mode: 'track', integrated: -8.5, truePeak: 0.4 }), -5.5);
  close(gainInDb({ mode: 'track', target: -23, integrated: -8.5, truePeak: 0.4 }), -14.5);
});

test('a quiet track is turned up as far as its true peak allows', () => {
  close(gainInDb({ mode: 'track', integrated: -20, truePeak: -10 }), 6);
  close(gainInDb({ mode: 'track', integrated: -20, truePeak: -4 }), 3);
  close(gainInDb({ mode: 'track', integrated: -20, truePeak: 1 }), -2);
  close(gainInDb({ mode: 'track', integrated: -50, truePeak: -40 }), 12);
});

test('the true peak stays below the ceiling whatever is played', () => {
  for (let integrated = -40; integrated <= 0; integrated += 0.7) {
    for (let truePeak = -30; truePeak <= 3; truePeak += 0.7) {
      const gain = gainInDb({ mode: 'album', integrated, truePeak });
      assert.ok(truePeak + gain <= -1 + 1e-9 && integrated + gain <= -14 + 1e-9);
    }
  }
});

test('what is not known stays as it is, and so does everything when it is off', () => {
  close(gainInDb({ mode: 'track' }), 0);
  close(gainInDb({ mode: 'track', integrated: NaN }), 0);
  close(gainInDb({ mode: 'off', integrated: -8, truePeak: 0 }), 0);
  close(gainInDb({ mode: 'track', integrated: -20 }), -1); // a peak that nobody knows is taken for full scale
  for (const loudness of [undefined, {}, { track: {} }]) close(gainFactor('track', loudness), 1);
});

test('by album one gain goes for all its tracks; a track of no album has its own', () => {
  const loudness = { track: { integrated: -30, truePeak: -20 }, album: { integrated: -10, truePeak: 0 } };
  close(gainFactor('album', loudness), 10 ** (-4 / 20));
  close(gainFactor('track', loudness), 10 ** (12 / 20));
  close(gainFactor('off', loudness), 1);
  close(gainFactor('album', { track: { integrated: -16, truePeak: -6 } }), 10 ** (2 / 20));
});

test('a choice is asked for each stream, and goes for those that sound already', () => {
  let updates = 0;
  const receiver = { gainFor: () => 1, updateGains: () => (updates += 1) };
  const choice = new LoudnessChoice(receiver, () => false);
  const stream = { loudness: { track: { integrated: -20, truePeak: -10 }, album: { integrated: -8, truePeak: 0 } } };
  close(receiver.gainFor(stream), 10 ** (6 / 20));
  choice.set('album');
  close(receiver.gainFor(stream), 10 ** (-6 / 20));
  choice.set('off');
  close(receiver.gainFor(stream), 1);
  assert.equal(updates, 2);
});

/** What a receiver holds, and a queue of tracks that are known by their albums. */
function house(albums, loudnessOf = (album) => album && { integrated: -10 - album.length, truePeak: -1 }) {
  const streams = new Map();
  const receiver = { gainFor: () => 1, updateGains() {}, streamOf: (id) => streams.get(id) };
  const items = albums.map((album, at) => ({ itemId: `i${at}`, trackId: `t${at}` }));
  const queue = { index: 0, peek: (index) => items[index] };
  const store = { peek: (id) => id && { album: albums[Number(id.slice(1))], artist: 'A' } };
  const choice = new LoudnessChoice(receiver, (stream) => isInAlbumRun(stream, queue, store));
  /** Which gain a stream of that item gets. */
  const begin = (at, follows) => {
    const loudness = { track: { integrated: -20 - at, truePeak: -30 }, album: loudnessOf(albums[at]) };
    const stream = { streamId: `s${at}`, itemId: `i${at}`, trackId: `t${at}`, follows, loudness };
    streams.set(stream.streamId, stream);
    const gain = receiver.gainFor(stream);
    return { byAlbum: gain === gainFactor('album', loudness), byTrack: gain === gainFactor('track', loudness), stream };
  };
  return { receiver, queue, items, albums, choice, begin };
}

test('by itself, an album is heard by its own loudness, and a mix by that of its tracks', () => {
  for (const [albums, at, expected] of [
    [['x', 'x', 'x'], 1, 'byAlbum'],
    [['x', 'x'], 0, 'byAlbum'],
    [['x', 'y'], 0, 'byTrack'],
    [['y', 'x', 'x'], 1, 'byAlbum'],
    [['x'], 0, 'byTrack'],
    [[null, null], 0, 'byTrack'],
    [['x', null, 'x'], 1, 'byTrack'],
  ]) {
    const { queue, begin, choice } = house(albums);
    choice.mode = 'auto';
    queue.index = at;
    assert.ok(begin(at)[expected], `${albums} ${at}`);
  }
});

test('a stream stays as loud as it began, and the next of its album goes the same way', () => {
  const { queue, items, albums, begin, receiver, choice } = house(['x']);
  choice.mode = 'auto';
  const first = begin(0);
  assert.ok(first.byTrack);
  // The rest of the album is queued behind it.
  for (const at of [1, 2]) items.push({ itemId: `i${at}`, trackId: `t${at}` }) && albums.push('x');
  assert.equal(receiver.gainFor(first.stream), gainFactor('track', first.stream.loudness));
  assert.ok(begin(1, 's0').byTrack);
  // One that begins by itself is heard as what it's in.
  queue.index = 2;
  assert.ok(begin(2).byAlbum);
});

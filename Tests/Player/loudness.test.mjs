import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gainFactor, gainInDb } from '../../Sources/WebAPI/Resources/player/js/audio/loudness.js';
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
  const choice = new LoudnessChoice(receiver);
  const stream = { loudness: { track: { integrated: -20, truePeak: -10 }, album: { integrated: -8, truePeak: 0 } } };
  close(receiver.gainFor(stream), 10 ** (6 / 20));
  choice.set('album');
  close(receiver.gainFor(stream), 10 ** (-6 / 20));
  choice.set('off');
  close(receiver.gainFor(stream), 1);
  assert.equal(updates, 2);
});

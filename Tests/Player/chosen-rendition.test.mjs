import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAsChosen } from '../../Sources/WebAPI/Resources/player/js/player/chosen-rendition.js';

const sound = (rendition, codec, bitrate, quality = 'auto') => ({ rendition, codec, bitrate, quality });

test('a tier is what it is by its name, and what was chosen by the same word', () => {
  assert.equal(isAsChosen(sound('mp3-320', 'mp3', 320_000), { quality: 'high' }), true);
  assert.equal(isAsChosen(sound('mp3-320', 'mp3', 320_000), { quality: 'low' }), false);
  assert.equal(isAsChosen(sound('flac', 'flac', 0), { quality: 'lossless' }), true);
  // Of a lossy file, or for a device that can't decode FLAC.
  assert.equal(isAsChosen(sound('mp3-320', 'mp3', 320_000, 'lossless'), { quality: 'lossless' }), true);
  assert.equal(isAsChosen(sound('mp3-320', 'mp3', 320_000), { quality: 'lossless' }), false);
});

test("a file's own frames are what every tier comes to that takes no less", () => {
  const original = sound('original', 'mp3', 192_000);
  const tiers = ['rescue', 'low', 'medium', 'high', 'lossless'];
  assert.deepEqual(tiers.filter((quality) => isAsChosen(original, { quality })), ['medium', 'high', 'lossless']);
});

test('what the server will choose by itself is known where its codec says it', () => {
  assert.equal(isAsChosen(sound('flac', 'flac', 0, 'lossless'), { quality: 'auto', codec: 'flac' }), true);
  assert.equal(isAsChosen(sound('mp3-128', 'mp3', 128_000, 'low'), { quality: 'auto', codec: 'mp3' }), false);
  assert.equal(isAsChosen(sound('aac-192', 'aac', 192_000, 'medium'), { quality: 'auto', codec: 'flac' }), false);
  assert.equal(isAsChosen(sound('aac-192', 'aac', 192_000), { quality: '160kbps' }), false);
});

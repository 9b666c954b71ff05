import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

const CSS = new URL('../../Sources/WebAPI/Resources/player/css/', import.meta.url);
const tokens = readFileSync(new URL('tokens.css', CSS), 'utf8');

/** The tokens of each rule that has a ground: dark, light as the system has it, light by choice. */
const themes = [...tokens.matchAll(/\{([^{}]*--bg:[^{}]*)\}/g)].map(([, body]) =>
  Object.fromEntries([...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value])));

/** @returns {number[]} red, green, blue 0…255 and how much of it covers, 0…1 */
function colour(text) {
  if (text.startsWith('#')) return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)).concat(1);
  const [red, green, blue, percent] = text.match(/[\d.]+/g).map(Number);
  return [red, green, blue, percent / 100];
}

const over = (front, ground) => ground.map((value, at) => (at === 3 ? 1 : front[at] * front[3] + value * (1 - front[3])));

/** WCAG 2.2, relative luminance. */
function luminance([...rgba]) {
  const linear = rgba.slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function contrast(front, ground) {
  const [low, high] = [over(front, ground), ground].map(luminance).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test('both light themes are one', () => {
  assert.equal(themes.length, 3);
  assert.deepEqual(themes[1], themes[2]);
});

test('text can be read on every ground, also of rows that are selected, under the pointer or playing', () => {
  for (const theme of themes) {
    const plain = ['--bg', '--surface', '--raised'].map((name) => colour(theme[name]));
    const tinted = (name) => plain.map((ground) => over(colour(theme[name]), ground));
    const marked = ['--hover', '--selected', '--accent-soft'].flatMap(tinted);
    for (const ink of ['--ink', '--ink-2', '--ink-3']) {
      for (const ground of [...plain, ...marked]) {
        const ratio = contrast(colour(theme[ink]), ground);
        assert.ok(ratio >= 4.5, `${ink} on ${ground.map(Math.round)}: ${ratio.toFixed(2)}`);
      }
    }
    for (const ground of [...plain, ...tinted('--accent-soft')]) {
      const ratio = contrast(colour(theme['--accent']), ground);
      assert.ok(ratio >= 4.5, `--accent on ${ground.map(Math.round)}: ${ratio.toFixed(2)}`);
    }
    assert.ok(plain.every((ground) => contrast(colour(theme['--bad']), ground) >= 4.5));
    assert.ok(plain.every((ground) => contrast(colour(theme['--good']), ground) >= 3)); // a dot
  }
});

test('the edge of what can be written in is seen on every ground, and the chosen tab from the others', () => {
  for (const theme of themes) {
    for (const name of ['--bg', '--surface', '--raised']) {
      const ratio = contrast(colour(theme['--line-field']), colour(theme[name]));
      assert.ok(ratio >= 3, `${name}: ${ratio.toFixed(2)}`);
    }
    const bar = over(colour(theme['--hover']), colour(theme['--surface']));
    assert.notDeepEqual(colour(theme['--lifted']), colour(theme['--surface']));
    assert.ok(contrast(colour(theme['--lifted']), bar) >= 1.1);
  }
});

test('units are written as they are: nothing is put into capitals but initials', () => {
  const rules = readdirSync(CSS).flatMap((file) =>
    [...readFileSync(new URL(file, CSS), 'utf8').matchAll(/([^{}]*)\{[^{}]*text-transform: uppercase[^{}]*\}/g)]);
  assert.deepEqual(rules.map(([, selector]) => selector.trim()), ['.account']);
});

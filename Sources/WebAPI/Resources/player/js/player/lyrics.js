/**
 * @typedef {object} LyricLine
 * @property {number | null} at seconds, null in a text without times
 * @property {string} text may be empty: a pause
 *
 * @typedef {{isTimed: boolean, lines: LyricLine[]}} Lyrics
 */

/** `[mm:ss]`, `[mm:ss.x…]`, `[mm:ss:xx]`, at the beginning of a line. */
const TIME = /^\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]/;
/** `[ar:…]` and its like: what the file says of itself. */
const TAG = /^\[([a-z#]+):(.*)\]$/i;
/** `<mm:ss.xx>`: the time of a word, which isn't shown. */
const WORD_TIME = /<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>\s?/g;

/**
 * Reads lyrics as they are tagged: plain text, or LRC with a time in front of each line. A line with several times is
 * sung at each of them. `[offset:n]` (ms) moves all of them earlier when it is positive, as players have always read it.
 *
 * @param {string} text
 * @returns {Lyrics} timed lines in the order of their times
 */
export function parseLyrics(text) {
  /** @type {LyricLine[]} */
  const timed = [];
  /** @type {LyricLine[]} */
  const plain = [];
  let offset = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    let rest = raw.trim();
    const times = [];
    for (let match = TIME.exec(rest); match; match = TIME.exec(rest)) {
      times.push(seconds(match));
      rest = rest.slice(match[0].length).trimStart();
    }
    const tag = times.length === 0 ? TAG.exec(rest) : null;
    if (tag) {
      if (tag[1].toLowerCase() === 'offset') offset = (Number(tag[2]) || 0) / 1000;
      continue;
    }
    const words = rest.replace(WORD_TIME, '').trim();
    for (const at of times) timed.push({ at, text: words });
    if (times.length === 0) plain.push({ at: null, text: words });
  }
  if (timed.length === 0) return { isTimed: false, lines: trimmed(plain) };
  for (const line of timed) line.at = Math.max(/** @type {number} */ (line.at) - offset, 0);
  timed.sort((a, b) => /** @type {number} */ (a.at) - /** @type {number} */ (b.at));
  return { isTimed: true, lines: timed };
}

/**
 * @param {LyricLine[]} lines timed, in order
 * @param {number} position seconds
 * @returns {number} index of the line that is sung, −1 before the first
 */
export function lineAt(lines, position) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (lines[middle].at) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @param {RegExpExecArray} match */
function seconds([, minutes, whole, fraction = '']) {
  return Number(minutes) * 60 + Number(whole) + (fraction ? Number(fraction) / 10 ** fraction.length : 0);
}

/** @param {LyricLine[]} lines */
function trimmed(lines) {
  let first = 0;
  let end = lines.length;
  while (first < end && lines[first].text === '') first += 1;
  while (end > first && lines[end - 1].text === '') end -= 1;
  return lines.slice(first, end);
}

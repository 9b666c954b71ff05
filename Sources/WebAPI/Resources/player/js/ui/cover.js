import { coverUrl } from '../net/api.js';
import { element } from './dom.js';

/** Paper labels that `library.css` has colours for. */
const TONES = 6;

/** @param {string} text @returns {number} the same for the same text */
function toneOf(text) {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % TONES;
}

/**
 * Shows a track's cover in an element; a paper label where there is none, or where it cannot be loaded.
 *
 * @param {HTMLElement} holder
 * @param {import('../net/api.js').Track | null} track
 */
export function showCover(holder, track) {
  // What was shown of a track before all of it was known is drawn again.
  const key = track ? `${track.id}/${track.hasCover}/${track.album}` : '';
  if (holder.dataset.cover === key) return;
  holder.dataset.cover = key;
  const url = track && coverUrl(track);
  const tone = String(toneOf(track?.album ?? track?.title ?? ''));
  const label = () => element('span', { class: 'label', 'data-tone': tone });
  if (!url) {
    holder.replaceChildren(label());
    return;
  }
  const image = /** @type {HTMLImageElement} */ (element('img', { alt: '', decoding: 'async', draggable: 'false' }));
  image.addEventListener('error', () => image.replaceWith(label()));
  image.src = url;
  holder.replaceChildren(image);
}

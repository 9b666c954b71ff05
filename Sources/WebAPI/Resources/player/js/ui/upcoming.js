import { byId } from './dom.js';

/**
 * What comes next, said when the server begins to send it.
 *
 * @param {import('../player/playback.js').Playback} playback
 */
export function setUpUpcoming(playback) {
  const line = byId('upcoming');
  playback.on('change', () => {
    const { upcoming } = playback;
    line.hidden = !upcoming;
    const text = upcoming ? `Next: ${upcoming.title}${upcoming.artist ? ` · ${upcoming.artist}` : ''}` : '';
    if (line.textContent !== text) line.textContent = text;
  });
}

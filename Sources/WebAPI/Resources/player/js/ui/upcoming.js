import { language, t } from '../i18n/language.js';
import { byId } from './dom.js';

/**
 * What comes next, said when the server begins to send it.
 *
 * @param {import('../player/playback.js').Playback} playback
 */
export function setUpUpcoming(playback) {
  const line = byId('upcoming');
  const show = () => {
    const { upcoming } = playback;
    line.hidden = !upcoming;
    const what = [upcoming?.title, upcoming?.artist].filter(Boolean).join(' · ');
    const text = upcoming ? t('now.next', { what }) : '';
    if (line.textContent !== text) line.textContent = text;
  };
  playback.on('change', show);
  language.on('change', show);
}

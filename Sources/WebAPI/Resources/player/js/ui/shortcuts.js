import { SEEK_LEAP_SECONDS, SEEK_STEP_SECONDS, VOLUME_STEP } from '../limits.js';
import { byId, element } from './dom.js';

const HELP = [
  [['Space'], 'Play or pause'],
  [['←', '→'], `Back or ahead ${SEEK_STEP_SECONDS} seconds`],
  [['Shift', '←', '→'], `Back or ahead ${SEEK_LEAP_SECONDS} seconds`],
  [['↑', '↓'], 'Louder or quieter; in the list: up or down'],
  [['P', 'N'], 'Previous or next track'],
  [['M'], 'Mute'],
  [['/'], 'Search'],
  [['S'], 'Stream statistics'],
  [['Esc'], 'Back to the library'],
  [['?'], 'This help'],
];

/**
 * Keys that work everywhere but where one types.
 *
 * @param {object} parts
 * @param {import('../player/playback.js').Playback} parts.playback
 * @param {import('./library.js').Library} parts.library
 * @param {import('./stats.js').StatsPanel} parts.stats
 * @param {import('./now-playing.js').NowPlaying} parts.now
 */
export function setUpShortcuts({ playback, library, stats, now }) {
  const help = byId('shortcuts');
  byId('shortcuts-list').append(
    ...HELP.flatMap(([keys, text]) => [
      element('dt', {}, ...keys.map((key) => element('kbd', {}, key))),
      element('dd', {}, /** @type {string} */ (text)),
    ]),
  );
  byId('help-button').addEventListener('click', () => help.showModal());
  help.addEventListener('click', (event) => {
    if (event.target === help) help.close();
  });

  const leap = (event) => (event.shiftKey ? SEEK_LEAP_SECONDS : SEEK_STEP_SECONDS);
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const actions = {
    ' ': () => playback.toggle(),
    ArrowLeft: (event) => playback.seekBy(-leap(event)),
    ArrowRight: (event) => playback.seekBy(leap(event)),
    ArrowUp: () => playback.volume.set(playback.volume.level + VOLUME_STEP),
    ArrowDown: () => playback.volume.set(playback.volume.level - VOLUME_STEP),
    m: () => playback.volume.toggleMute(),
    n: () => playback.next(),
    p: () => playback.previous(),
    s: () => stats.toggle(),
    '/': () => library.focusSearch(),
    '?': () => help.showModal(),
    Escape: () => now.isExpanded && now.expand(false),
  };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (document.querySelector('dialog[open]')) return;
    if (target.matches('input, textarea')) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    // Space and Enter on a control belong to it.
    if (event.key === ' ' && target.closest('button, a, [role="slider"]')) return;
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

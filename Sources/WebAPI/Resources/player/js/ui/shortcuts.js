import { SEEK_LEAP_SECONDS, SEEK_STEP_SECONDS, VOLUME_STEP } from '../limits.js';
import { cycleRepeat, toggleShuffle } from './deck.js';
import { byId, element } from './dom.js';
import { shortcutOf } from './keys.js';

const HELP = [
  [['Space'], 'Play or pause'],
  [['←', '→'], `Back or ahead ${SEEK_STEP_SECONDS} seconds`],
  [['Shift', '←', '→'], `Back or ahead ${SEEK_LEAP_SECONDS} seconds`],
  [['↑', '↓'], 'Louder or quieter; in the list: up or down'],
  [['P', 'N'], 'Previous or next track'],
  [['M'], 'Mute'],
  [['X'], 'Shuffle'],
  [['R'], 'Repeat: off, the queue, one'],
  [['Q'], 'Queue; on a track of the library: add it'],
  [['Shift', '↑', '↓'], 'In the library: select; a click with Ctrl or Shift, too'],
  [['L'], 'Lyrics'],
  [['D'], 'Devices'],
  [['Alt', '↑', '↓'], 'In the queue: move; Del takes out'],
  [['/'], 'Search; ↓ goes on to what was found'],
  [['S'], 'Stream statistics'],
  [['Esc'], 'Back to the library'],
  [['?'], 'This help'],
];

/**
 * Keys that work everywhere but where one types.
 *
 * @param {object} parts
 * @param {import('../player/transport.js').Transport} parts.transport
 * @param {import('../player/session.js').Session} parts.session
 * @param {import('./library.js').Library} parts.library
 * @param {import('./stats.js').StatsPanel} parts.stats
 * @param {import('./side-panel.js').SidePanel} parts.panel
 * @param {import('./device-panel.js').DevicePanel} parts.devices
 */
export function setUpShortcuts({ transport, session, library, stats, panel, devices }) {
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

  /** The control that has the focus by a click: nobody sees it there. @type {Element | null} */
  let clicked = null;
  document.addEventListener('pointerdown', (event) => {
    clicked = /** @type {HTMLElement} */ (event.target).closest('button, a');
  });
  document.addEventListener('focusout', (event) => {
    if (event.target === clicked) clicked = null;
  });

  const leap = (event) => (event.shiftKey ? SEEK_LEAP_SECONDS : SEEK_STEP_SECONDS);
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const actions = {
    Space: () => transport.toggle(),
    ArrowLeft: (event) => transport.seekBy(-leap(event)),
    ArrowRight: (event) => transport.seekBy(leap(event)),
    ArrowUp: () => transport.volume.set(transport.volume.level + VOLUME_STEP),
    ArrowDown: () => transport.volume.set(transport.volume.level - VOLUME_STEP),
    m: () => transport.volume.toggleMute(),
    n: () => transport.next(),
    p: () => transport.previous(),
    s: () => stats.toggle(),
    x: () => toggleShuffle(transport, session),
    r: () => cycleRepeat(transport, session),
    q: () => panel.toggle('queue'),
    l: () => panel.toggle('lyrics'),
    d: () => devices.toggle(),
    '/': () => library.focusSearch(),
    '?': () => help.showModal(),
    Escape: () => panel.isExpanded && panel.close(),
  };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (document.querySelector('dialog[open]')) return;
    if (target.matches('input, textarea, select')) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    const key = shortcutOf(event);
    // Space is the control's whose focus is seen. (`:focus-visible` doesn't tell: a key that is pressed makes it true.)
    if (key === 'Space' && target.closest('button, a') && target !== clicked) return;
    const action = Object.hasOwn(actions, key) ? actions[key] : undefined;
    if (!action) return;
    event.preventDefault();
    // It would be seen from now on, and the next press be its own.
    if (target === clicked) target.blur();
    // A key that is held goes on seeking, and switches nothing on and off.
    if (!event.repeat || key.startsWith('Arrow')) action(event);
  });
}

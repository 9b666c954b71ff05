import { language, t } from '../i18n/language.js';
import { SEEK_LEAP_SECONDS, SEEK_STEP_SECONDS, VOLUME_STEP } from '../limits.js';
import { cycleRepeat, toggleShuffle } from './deck.js';
import { byId, element } from './dom.js';
import { shortcutOf } from './keys.js';

/** Keys, and the message that says what they do. @returns {[string[], string][]} */
const help = () => [
  [[t('help.space')], t('help.play')],
  [['←', '→'], t('help.seek', { count: SEEK_STEP_SECONDS })],
  [['Shift', '←', '→'], t('help.seek', { count: SEEK_LEAP_SECONDS })],
  [['↑', '↓'], t('help.volume')],
  [['P', 'N'], t('help.skip')],
  [['M'], t('help.mute')],
  [['X'], t('help.shuffle')],
  [['R'], t('help.repeat')],
  [['Q'], t('help.queue')],
  [['Shift', '↑', '↓'], t('help.select')],
  [['L'], t('help.lyrics')],
  [['D'], t('help.devices')],
  [['Alt', '↑', '↓'], t('help.move')],
  [['/'], t('help.search')],
  [['S'], t('help.stats')],
  [['Esc'], t('help.library')],
  [['?'], t('help.help')],
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
  const sheet = byId('shortcuts');
  const fill = () => {
    const lines = help().flatMap(([keys, text]) => [
      element('dt', {}, ...keys.map((key) => element('kbd', {}, key))),
      element('dd', {}, text),
    ]);
    byId('shortcuts-list').replaceChildren(...lines);
  };
  fill();
  language.on('change', fill);
  byId('help-button').addEventListener('click', () => sheet.showModal());
  sheet.addEventListener('click', (event) => {
    if (event.target === sheet) sheet.close();
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
    '?': () => sheet.showModal(),
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

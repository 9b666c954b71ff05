import { byId, element, icon } from './dom.js';
import { Menu } from './menu.js';
import { toast } from './toasts.js';

/** The tiers of the protocol, section 1.2. `auto` takes what plan and connection allow. */
const TIERS = [
  { id: 'auto', name: 'Auto', note: 'as it fits', isPremium: false },
  { id: 'low', name: 'Low', note: 'MP3 128', isPremium: false },
  { id: 'medium', name: 'Medium', note: 'AAC 192', isPremium: false },
  { id: 'high', name: 'High', note: 'MP3 320', isPremium: true },
  { id: 'lossless', name: 'Lossless', note: 'FLAC', isPremium: true },
];

/** @type {{mode: import('../audio/loudness.js').LoudnessMode, name: string, note: string}[]} */
const LOUDNESS = [
  { mode: 'track', name: 'Loudness by track', note: '−14 LUFS' },
  { mode: 'album', name: 'Loudness by album', note: '−14 LUFS' },
  { mode: 'off', name: 'Loudness as it is', note: 'off' },
];

/**
 * @param {import('../player/playback.js').Playback} playback
 * @param {() => import('../net/api.js').User | null} user whose plan decides what is locked
 */
export function setUpQualityMenu(playback, user) {
  const menu = new Menu(byId('quality-button'), byId('quality-menu'), () => [
    ...TIERS.map(item),
    element('div', { class: 'menu__rule', role: 'separator' }),
    ...LOUDNESS.map(loudnessItem),
  ]);

  function item(tier) {
    const isLocked = tier.isPremium && user()?.plan === 'free';
    const isChosen = tier.id === playback.quality;
    const node = element(
      'button',
      {
        class: 'menu__item',
        type: 'button',
        role: 'menuitemradio',
        'aria-checked': String(isChosen),
        'aria-disabled': isLocked ? 'true' : undefined,
        'data-quality': tier.id,
      },
      isLocked ? icon('lock') : isChosen ? icon('check') : element('span'),
      element('span', {}, tier.name),
      element('span', { class: 'menu__note' }, tier.note),
    );
    node.addEventListener('click', () => {
      menu.close();
      if (isLocked) toast(`${tier.name} quality is part of the premium plan.`, 'note');
      else playback.setQuality(tier.id);
    });
    return node;
  }

  function loudnessItem({ mode, name, note }) {
    const isChosen = mode === playback.loudnessMode;
    const node = element(
      'button',
      {
        class: 'menu__item',
        type: 'button',
        role: 'menuitemradio',
        'aria-checked': String(isChosen),
        'data-loudness': mode,
      },
      isChosen ? icon('check') : element('span'),
      element('span', {}, name),
      element('span', { class: 'menu__note' }, note),
    );
    node.addEventListener('click', () => {
      menu.close();
      playback.setLoudnessMode(mode);
    });
    return node;
  }

  const show = () => {
    const tier = TIERS.find(({ id }) => id === playback.quality);
    byId('quality-text').textContent = tier?.name ?? playback.quality;
    byId('quality-button').setAttribute('aria-label', `Quality: ${tier?.name ?? playback.quality}`);
  };
  playback.on('change', show);
  show();
}

import { preferences } from '../preferences.js';
import { byId, element, icon } from './dom.js';
import { sourceFormat } from './format.js';
import { Menu } from './menu.js';

/** The tiers of the protocol, section 1.2. `auto` takes what plan and connection allow. */
const TIERS = [
  { id: 'auto', name: 'Auto', note: 'as it fits', isPremium: false },
  { id: 'low', name: 'Low', note: 'MP3 128', isPremium: false },
  { id: 'medium', name: 'Medium', note: 'AAC 192', isPremium: false },
  { id: 'high', name: 'High', note: 'MP3 320', isPremium: true },
  { id: 'lossless', name: 'Lossless', note: 'all there is', isPremium: true },
];

/** @type {{mode: import('../player/loudness-choice.js').Choice, name: string, note: string}[]} */
const LOUDNESS = [
  { mode: 'auto', name: 'Loudness automatic', note: 'album or track' },
  { mode: 'track', name: 'Loudness by track', note: '−14 LUFS' },
  { mode: 'album', name: 'Loudness by album', note: '−14 LUFS' },
  { mode: 'off', name: 'Loudness as it is', note: 'off' },
];

/** Why a rendition was chosen (`quality_change`), in a word or two. */
const REASONS = {
  manual: 'chosen',
  startup: 'start',
  bandwidth: 'network',
  buffer: 'buffer',
  rescue: 'weak network',
  data_saver: 'data saver',
  device: 'device',
};

/**
 * @param {{codec?: string, bitrate?: number, rendition?: string} | null} stream
 * @returns {string} `AAC 192`, `FLAC`, `MP3 192, original`
 */
function renditionName(stream) {
  const codec = stream?.codec?.toUpperCase() ?? '';
  if (!codec || codec === 'FLAC' || !stream?.bitrate) return codec;
  const name = `${codec} ${Math.round(stream.bitrate / 1000)}`;
  return stream.rendition === 'original' ? `${name}, original` : name;
}

/**
 * The badge that says what is heard and why, and the menu behind it.
 *
 * @param {object} parts
 * @param {import('../player/transport.js').Transport} parts.transport
 * @param {import('../player/session.js').Session} parts.session
 * @param {import('../player/loudness-choice.js').LoudnessChoice} parts.loudness
 * @param {() => import('../net/api.js').User | null} parts.user whose plan decides what is locked
 * @param {(message: string) => void} parts.say
 */
export function setUpQualityMenu({ transport, session, loudness, user, say }) {
  const menu = new Menu(byId('quality-button'), byId('quality-menu'), () => [
    ...TIERS.map(item),
    saver(),
    element('div', { class: 'menu__rule', role: 'separator' }),
    ...LOUDNESS.map(loudnessItem),
  ]);

  function item(tier) {
    const isLocked = tier.isPremium && user()?.plan === 'free';
    const isChosen = tier.id === transport.quality;
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
      if (isLocked) say(`${tier.name} quality is part of the premium plan.`);
      else transport.setQuality(tier.id);
    });
    return node;
  }

  function saver() {
    const isOn = preferences.get('dataSaver', false);
    const node = element(
      'button',
      {
        class: 'menu__item menu__item--apart',
        type: 'button',
        role: 'menuitemcheckbox',
        'aria-checked': String(isOn),
        'data-saver': true,
      },
      isOn ? icon('check') : element('span'),
      element('span', {}, 'Data saver'),
      element('span', { class: 'menu__note' }, 'at most 128'),
    );
    node.addEventListener('click', () => {
      menu.close();
      preferences.set('dataSaver', !isOn);
      transport.attempt(session.setDevice({ dataSaver: !isOn }));
    });
    return node;
  }

  function loudnessItem({ mode, name, note }) {
    const isChosen = mode === loudness.mode;
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
      loudness.set(mode);
    });
    return node;
  }

  const show = () => {
    const { stream, quality, qualityReason } = transport;
    const tier = TIERS.find(({ id }) => id === quality);
    const name = tier?.name ?? quality;
    const rendition = renditionName(stream);
    const reason = REASONS[qualityReason ?? ''] ?? '';
    byId('quality-text').textContent = rendition || name;
    const automatic = reason ? `auto: ${reason}` : 'auto';
    byId('quality-reason').textContent = quality === 'auto' ? automatic : name.toLowerCase();
    byId('quality-reason').hidden = rendition === '';
    const why = reason ? `, because of: ${reason}` : '';
    const source = transport.track?.codec ? sourceFormat(transport.track) : '';
    byId('quality-button').title = rendition && source ? `${source}, heard as ${rendition}` : '';
    byId('quality-button').setAttribute('aria-label', `Quality: ${name}${rendition ? `, ${rendition}${why}` : ''}`);
  };
  transport.on('change', show);
  show();
}

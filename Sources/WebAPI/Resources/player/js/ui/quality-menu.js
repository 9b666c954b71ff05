import { language, t } from '../i18n/language.js';
import { preferences } from '../preferences.js';
import { byId, element } from './dom.js';
import { sourceFormat } from './format.js';
import { Menu } from './menu.js';

/** The tiers of the protocol, section 1.2. `auto` takes what plan and connection allow. */
const TIERS = [
  { id: 'auto', name: 'quality.auto', note: () => t('quality.autoNote'), isPremium: false },
  { id: 'low', name: 'quality.low', note: () => 'MP3 128', isPremium: false },
  { id: 'medium', name: 'quality.medium', note: () => 'AAC 192', isPremium: false },
  { id: 'high', name: 'quality.high', note: () => 'MP3 320', isPremium: true },
  { id: 'lossless', name: 'quality.lossless', note: () => t('quality.losslessNote'), isPremium: true },
];

/** @type {{mode: import('../player/loudness-choice.js').Choice, name: string, note: () => string}[]} */
const LOUDNESS = [
  { mode: 'auto', name: 'loudness.auto', note: () => t('loudness.autoNote') },
  { mode: 'track', name: 'loudness.track', note: () => '−14 LUFS' },
  { mode: 'album', name: 'loudness.album', note: () => '−14 LUFS' },
  { mode: 'off', name: 'loudness.off', note: () => t('loudness.offNote') },
];

/** Why a rendition was chosen (`quality_change`), in a word or two. */
const REASONS = {
  manual: 'reason.manual',
  startup: 'reason.startup',
  bandwidth: 'reason.bandwidth',
  buffer: 'reason.buffer',
  rescue: 'reason.rescue',
  data_saver: 'reason.data_saver',
  device: 'reason.device',
};

/**
 * @param {{codec?: string, bitrate?: number, rendition?: string} | null} stream
 * @returns {string} `AAC 192`, `FLAC`, `MP3 192, original`
 */
function renditionName(stream) {
  const codec = stream?.codec?.toUpperCase() ?? '';
  if (!codec || codec === 'FLAC' || !stream?.bitrate) return codec;
  const name = `${codec} ${Math.round(stream.bitrate / 1000)}`;
  return stream.rendition === 'original' ? t('quality.original', { name }) : name;
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
    const words = [element('span', { 'data-text': tier.name }), element('span', { class: 'menu__note' }, tier.note())];
    const isChosen = tier.id === transport.quality;
    return menu.choice({ isChosen, isLocked, data: { 'data-quality': tier.id } }, words, () => {
      if (isLocked) say(t('quality.locked', { name: t(tier.name) }));
      else transport.setQuality(tier.id);
    });
  }

  function saver() {
    const isOn = preferences.get('dataSaver', false);
    const words = [
      element('span', { 'data-text': 'quality.saver' }),
      element('span', { class: 'menu__note', 'data-text': 'quality.saverNote' }),
    ];
    return menu.choice({ isChosen: isOn, standsAlone: true, data: { 'data-saver': true } }, words, () => {
      preferences.set('dataSaver', !isOn);
      transport.attempt(session.setDevice({ dataSaver: !isOn }));
    });
  }

  function loudnessItem({ mode, name, note }) {
    const words = [element('span', { 'data-text': name }), element('span', { class: 'menu__note' }, note())];
    return menu.choice({ isChosen: mode === loudness.mode, data: { 'data-loudness': mode } }, words, () => loudness.set(mode));
  }

  const show = () => {
    const { stream, quality, qualityReason } = transport;
    const tier = TIERS.find(({ id }) => id === quality);
    const name = tier ? t(tier.name) : quality;
    const rendition = renditionName(stream);
    const why = REASONS[qualityReason ?? ''];
    const reason = why ? t(why) : '';
    byId('quality-text').textContent = rendition || name;
    const automatic = reason ? t('reason.autoBy', { reason }) : t('reason.auto');
    byId('quality-reason').textContent = quality === 'auto' ? automatic : name.toLowerCase();
    byId('quality-reason').hidden = rendition === '';
    const because = reason && t('quality.because', { reason });
    const label = [`${t('quality.title')}: ${name}`, rendition, rendition && because].filter(Boolean).join(', ');
    byId('quality-button').setAttribute('aria-label', label);
    const source = transport.track?.codec ? sourceFormat(transport.track) : '';
    byId('quality-button').title = rendition && source ? t('quality.heardAs', { source, rendition }) : '';
  };
  transport.on('change', show);
  language.on('change', show);
  show();
}

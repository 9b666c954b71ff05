import { language, t } from '../i18n/language.js';
import { byId, element, icon } from './dom.js';

/**
 * A line that says where it sounds when that isn't here, or not only here, with a button that brings it here.
 *
 * @param {import('../player/session.js').Session} session
 * @param {import('../player/transport.js').Transport} transport
 */
export function setUpElsewhere(session, transport) {
  let shown = '';
  byId('elsewhere-here').addEventListener('click', () => transport.transfer(session.deviceId));
  const show = () => {
    const { remote } = transport;
    const { isInGroup, group } = session;
    const others = group.filter((id) => id !== session.deviceId);
    const names = others.map((id) => session.device(id)?.name ?? t('elsewhere.unknown'));
    const together = isInGroup ? t('elsewhere.together', { names: language.wording.list(names) }) : '';
    const text = remote ? remoteText(remote.name, transport.isActive, group.length - 1) : together;
    document.body.classList.toggle('is-remote', remote !== undefined);
    byId('deck-where').textContent = remote ? t('elsewhere.on', { name: remote.name }) : '';
    if (text === shown) return;
    shown = text;
    byId('elsewhere').hidden = text === '';
    byId('elsewhere-here').hidden = !remote;
    const name = element('span', { class: 'elsewhere__name' }, text);
    byId('elsewhere-text').replaceChildren(icon(isInGroup ? 'group' : 'devices'), name);
  };
  transport.on('change', show);
  language.on('change', show);
  show();
}

/** @param {string} name @param {boolean} isPlaying @param {number} count of devices that play along */
function remoteText(name, isPlaying, count) {
  if (count > 0) return t(isPlaying ? 'elsewhere.playingMore' : 'elsewhere.pausedMore', { name, count });
  return t(isPlaying ? 'elsewhere.playing' : 'elsewhere.paused', { name });
}

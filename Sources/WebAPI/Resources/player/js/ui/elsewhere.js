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
    const more = group.length > 1 ? ` and ${group.length - 1} more` : '';
    const names = others.map((id) => session.device(id)?.name ?? 'another device').join(', ');
    const together = isInGroup ? `In sync with ${names}` : '';
    const text = remote ? `${transport.isActive ? 'Playing' : 'Paused'} on ${remote.name}${more}` : together;
    document.body.classList.toggle('is-remote', remote !== undefined);
    byId('deck-where').textContent = remote ? `on ${remote.name}` : '';
    if (text === shown) return;
    shown = text;
    byId('elsewhere').hidden = text === '';
    byId('elsewhere-here').hidden = !remote;
    const name = element('span', { class: 'elsewhere__name' }, text);
    byId('elsewhere-text').replaceChildren(icon(isInGroup ? 'group' : 'devices'), name);
  };
  transport.on('change', show);
  show();
}

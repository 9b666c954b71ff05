import { MAX_TOASTS, TOAST_MS } from '../limits.js';
import { byId, element, icon } from './dom.js';

/**
 * Shows a message for people.
 *
 * @param {string} message
 * @param {'error' | 'note'} [kind]
 */
export function toast(message, kind = 'error') {
  const holder = byId('toasts');
  if ([...holder.children].some((child) => child.dataset.message === message)) return;
  const close = element('button', { class: 'button-icon', type: 'button', 'aria-label': 'Dismiss' }, icon('close'));
  const node = element(
    'div',
    { class: `toast toast--${kind}`, role: kind === 'error' ? 'alert' : 'status', 'data-message': message },
    icon(kind === 'error' ? 'alert' : 'device'),
    element('span', {}, message),
    close,
  );
  close.addEventListener('click', () => node.remove());
  holder.append(node);
  while (holder.children.length > MAX_TOASTS) holder.firstElementChild?.remove();
  setTimeout(() => node.remove(), TOAST_MS);
}

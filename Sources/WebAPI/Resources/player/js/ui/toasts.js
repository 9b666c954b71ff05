import { MAX_TOASTS, TOAST_MS, UNDO_MS } from '../limits.js';
import { byId, element, icon } from './dom.js';

/**
 * Shows a message for people.
 *
 * @param {string} message
 * @param {'error' | 'note'} [kind]
 * @param {() => void} [undo] takes back what the message is about
 */
export function toast(message, kind = 'error', undo) {
  const holder = byId('toasts');
  const same = [...holder.children].find((child) => child.dataset.message === message);
  if (same && !undo) return;
  same?.remove(); // its way back is an older one's
  const close = element('button', { class: 'button-icon', type: 'button', 'data-label': 'messages.dismiss' }, icon('close'));
  const node = element(
    'div',
    { class: `toast toast--${kind}`, role: kind === 'error' ? 'alert' : 'status', 'data-message': message },
    ...(kind === 'error' ? [icon('alert')] : []),
    element('span', {}, message),
    ...(undo ? [undoButton(() => (node.remove(), undo()))] : []),
    close,
  );
  close.addEventListener('click', () => node.remove());
  holder.append(node);
  while (holder.children.length > MAX_TOASTS) holder.firstElementChild?.remove();
  setTimeout(() => node.remove(), undo ? UNDO_MS : TOAST_MS);
}

/** @param {() => void} undo */
function undoButton(undo) {
  const button = element('button', { class: 'toast__undo', type: 'button', 'data-text': 'messages.undo' });
  button.addEventListener('click', undo);
  return button;
}

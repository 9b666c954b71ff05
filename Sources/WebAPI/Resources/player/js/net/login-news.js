const CHANNEL = 'dubplate.login';

/**
 * The pages of one browser share a log-in, so what one does with it the others have to know. Where pages can't speak to
 * each other each finds out for itself, when it is refused.
 *
 * @param {object} parts
 * @param {() => void} parts.onLogOut somebody has logged out on another page
 * @param {() => void} parts.onLogIn somebody has logged in on another page
 * @returns {{tell: (news: 'out' | 'in') => void}}
 */
export function shareLogin({ onLogOut, onLogIn }) {
  if (typeof BroadcastChannel !== 'function') return { tell() {} };
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener('message', ({ data }) => {
    if (data === 'out') onLogOut();
    else if (data === 'in') onLogIn();
  });
  return { tell: (news) => channel.postMessage(news) };
}

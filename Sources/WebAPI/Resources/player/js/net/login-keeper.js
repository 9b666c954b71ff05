import { RENEW_LOGIN_MS } from '../limits.js';

/**
 * Renews the log-in while the page is open, since a token lives for minutes: every now and then, and when the page is
 * looked at again or the network is back after a while.
 *
 * @param {object} parts
 * @param {() => Promise<import('./api.js').User>} parts.renew
 * @param {(user: import('./api.js').User) => void} parts.onRenewed
 * @returns {{start: () => void, stop: () => void}} from log-in to log-out
 */
export function keepLogin({ renew, onRenewed }) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let askedAt = 0;

  async function attempt() {
    askedAt = Date.now();
    const mine = timer;
    try {
      const user = await renew();
      if (mine === timer) onRenewed(user);
    } catch {
      // Without a connection it is tried again; a log-in that has run out is said by whoever is refused.
    }
  }

  const look = () => {
    const isDue = Date.now() - askedAt > RENEW_LOGIN_MS / 5;
    if (timer !== undefined && isDue && document.visibilityState === 'visible') attempt();
  };
  document.addEventListener('visibilitychange', look);
  addEventListener('online', look);

  return {
    start() {
      clearInterval(timer);
      timer = setInterval(attempt, RENEW_LOGIN_MS);
      attempt();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

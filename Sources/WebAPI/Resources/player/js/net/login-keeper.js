import { RENEW_LOGIN_MS, REQUEST_TIMEOUT_MS } from '../limits.js';

/**
 * Renews the log-in while the page is open, since a token lives for minutes: every now and then, and when the page is
 * looked at again or the network is back after a while.
 *
 * @param {object} parts
 * @param {(signal: AbortSignal) => Promise<import('./api.js').User>} parts.renew
 * @param {(user: import('./api.js').User) => void} parts.onRenewed
 * @returns {{start: () => void, stop: () => Promise<void>}} from log-in to log-out; `stop` resolves when no answer can
 *   come any more that would undo it
 */
export function keepLogin({ renew, onRenewed }) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let askedAt = 0;
  let current = new AbortController();
  /** @type {Promise<void>} */
  let pending = Promise.resolve();

  async function ask() {
    askedAt = Date.now();
    current.abort();
    const mine = (current = new AbortController());
    const patience = setTimeout(() => mine.abort(), REQUEST_TIMEOUT_MS);
    try {
      const user = await renew(mine.signal);
      if (!mine.signal.aborted) onRenewed(user);
    } catch {
      // Without a connection it is tried again; a log-in that has run out is said by whoever is refused.
    } finally {
      clearTimeout(patience);
    }
  }

  const attempt = () => (pending = ask());

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
      current.abort();
      return pending;
    },
  };
}

/** @typedef {import('../player/session.js').Device} Device */

/**
 * The devices in the order in which they are shown: this one, the others that are there by their names, and behind them
 * those that have left, the latest first.
 *
 * @param {Device[]} devices
 * @param {string} myId
 * @param {string} language BCP 47, whose alphabet it is
 * @returns {Device[]}
 */
export function inOrder(devices, myId, language) {
  const rank = ({ deviceId, online }) => (deviceId === myId ? 0 : online ? 1 : 2);
  // Nobody knows when those left that an older server has kept: they come last.
  const left = ({ online, lastUsed }) => (online ? 0 : (lastUsed ?? 0));
  return [...devices].sort(
    (a, b) => rank(a) - rank(b) || left(b) - left(a) || a.name.localeCompare(b.name, language),
  );
}

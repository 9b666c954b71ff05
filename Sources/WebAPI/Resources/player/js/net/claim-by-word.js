/** For how long other pages are asked, ms: each answers as soon as it comes to it, and a page that sleeps has no sound. */
const PATIENCE_MS = 200;

/**
 * Takes a name until this page ends, if no other page of this browser has it. Of two that ask at once, the one with the
 * greater number has it.
 *
 * @param {string} name
 * @param {BroadcastChannel} channel on which pages ask and answer
 * @param {number} [patienceMs]
 * @param {number} [number] this page's
 * @returns {Promise<boolean>}
 */
export function claimByWord(name, channel, patienceMs = PATIENCE_MS, number = Math.random()) {
  return new Promise((resolve) => {
    let isMine = false;
    const timer = setTimeout(() => {
      isMine = true;
      resolve(true);
    }, patienceMs);
    channel.addEventListener('message', ({ data: { name: other, asks, refused } }) => {
      if (other !== name) return;
      if (asks !== undefined && (isMine || number > asks)) channel.postMessage({ name, refused: asks });
      // The other's question may be all that one hears of the other: it may have come too late for one's own.
      const isLost = refused === number || asks > number;
      if (isMine || !isLost) return;
      clearTimeout(timer);
      channel.close();
      resolve(false);
    });
    channel.postMessage({ name, asks: number });
  });
}

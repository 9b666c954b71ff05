/** A page younger than this, ms, may load anew without anybody having begun something in it. */
const YOUNG_MS = 15_000;

/**
 * Registers the service worker that opens the player from this device, with or without a network. When the server has
 * another player than the page is of, the page loads anew, unless somebody would notice.
 *
 * @param {import('../net/connection.js').Connection} connection
 * @param {() => boolean} isAtRest whether nothing sounds
 */
export function setUpServiceWorker(connection, isAtRest) {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  let { controller } = serviceWorker;
  serviceWorker.addEventListener('controllerchange', () => {
    const isOther = controller !== null;
    controller = serviceWorker.controller;
    if (isOther && isAtRest() && (document.hidden || performance.now() < YOUNG_MS)) location.reload();
  });
  // A page that cannot have one (private window, plain HTTP) plays all the same.
  const registered = serviceWorker.register('/sw.js').catch(() => null);
  let hasBeenOnline = false;
  connection.on('online', async () => {
    // The server that is back may be a newer one.
    if (hasBeenOnline) await (await registered)?.update().catch(() => {});
    hasBeenOnline = true;
  });
}

/** Registers the service worker that lets an installed player open without a network. */
export function setUpServiceWorker() {
  if (!('serviceWorker' in navigator)) return;
  // A page that cannot have one (private window, plain HTTP) plays all the same.
  navigator.serviceWorker.register('/sw.js').catch(() => {});
}

/**
 * Keeps the player's own files, so that an installed player opens without a network and says so itself.
 *
 * Network first: a page that comes from the server is always the server's present one, and all of its files with it; the
 * kept ones are for when there is none. The API, the sound and the socket are never touched.
 */
const CACHE = 'dubplate-shell-1';
/** Paths that are never answered from here: they are a listener's, or grow without bound. */
const LIVE = ['/api/', '/audio/', '/socket.io/', '/healthz', '/readyz', '/metrics'];
/** The client library is a file like the player's own. */
const CLIENT = '/socket.io/socket.io.js';
/** Files kept at most; the player has some eighty. */
const MAX_FILES = 200;

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith('dubplate-') && name !== CACHE) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const isOurs = url.origin === self.location.origin && request.method === 'GET';
  const isLive = url.pathname !== CLIENT && LIVE.some((path) => url.pathname.startsWith(path));
  if (!isOurs || isLive || request.headers.has('range')) return;
  event.respondWith(fromNetwork(event));
});

async function fromNetwork(event) {
  const { request } = event;
  const cache = await caches.open(CACHE);
  // The page's address may carry options; it is one page.
  const key = request.mode === 'navigate' ? '/' : request;
  try {
    const response = await fetch(request);
    if (response.ok && response.type === 'basic') event.waitUntil(keep(cache, key, response.clone()));
    return response;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
}

async function keep(cache, key, response) {
  await cache.put(key, response);
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(keys.length - MAX_FILES, 0))) await cache.delete(old);
}

/**
 * Keeps the player's own files, so that it opens at once, and without a network too, and says so itself.
 *
 * The server writes in which version they are of and which a page needs. All of them are fetched when that is new, and
 * answered from here from then on: a page and its files are always of one version. The API, the sound and the socket are
 * never touched.
 */
const VERSION = '';
const SHELL = [];

const CACHE = `dubplate-shell-${VERSION}`;
/** Paths that are never answered from here: they are a listener's, or grow without bound. */
const LIVE = ['/api/', '/audio/', '/socket.io/', '/healthz', '/readyz', '/metrics'];
/** The client library is a file like the player's own; but it isn't of their version. */
const CLIENT = '/socket.io/socket.io.js';

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      // What has no version in its address is asked for, whatever a cache says.
      const fresh = (path) => new Request(path, path.startsWith('/assets/') ? {} : { cache: 'no-cache' });
      await cache.addAll(SHELL.map(fresh));
      await self.skipWaiting();
    })(),
  );
});

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
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin || request.method !== 'GET' || request.headers.has('range')) return;
  if (pathname === CLIENT) event.respondWith(keptAndRenewed(event));
  else if (LIVE.some((path) => pathname.startsWith(path))) return;
  else if (SHELL.includes(pathname)) event.respondWith(kept(pathname, request));
  // All of the page's addresses are one page.
  else if (request.mode === 'navigate') event.respondWith(kept('/', request));
});

async function kept(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

async function keptAndRenewed(event) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(CLIENT);
  const renewal = (async () => {
    const answer = await fetch(event.request);
    if (answer.ok) await cache.put(CLIENT, answer.clone());
    return answer;
  })();
  if (!known) return renewal;
  // A network that is away is no news to who has what he asked for.
  event.waitUntil(renewal.catch(() => {}));
  return known;
}

const KEY = 'dubplate.device';

/**
 * @returns {Promise<string>} this device's id. Two tabs are two devices, since both can make sound: the first one is this
 *   browser's own, the same for ever; another has one for as long as it lives. A lock says which ids are taken
 */
export async function claimDeviceId() {
  const mine = read(sessionStorage);
  if (mine && (await isFree(mine))) return mine;
  const known = read(localStorage);
  const id = known && (await isFree(known)) ? known : newId();
  if (id !== known) await isFree(id);
  write(sessionStorage, id);
  if (!known) write(localStorage, id);
  return id;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Takes the id until this page ends, if no other page has it. @param {string} id @returns {Promise<boolean>} */
function isFree(id) {
  const { locks } = navigator;
  // Without locks (a page that isn't secure) two tabs of one browser are told apart by their tabs' own storage.
  if (!locks) return Promise.resolve(sessionStorage.getItem(KEY) === id || localStorage.getItem(KEY) !== id);
  return new Promise((resolve) => {
    locks
      .request(`${KEY}.${id}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      })
      .catch(() => resolve(true)); // a browser that forbids locks has nobody to share the id with
  });
}

/** @param {Storage} storage */
function read(storage) {
  try {
    return storage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {Storage} storage @param {string} id */
function write(storage, id) {
  try {
    storage.setItem(KEY, id);
  } catch {
    // Storage is forbidden: the id lasts as long as the page.
  }
}

/** @returns {'mobile' | 'web'} */
export function deviceKind() {
  return /Android|iPhone|iPad|Mobile/.test(navigator.userAgent) ? 'mobile' : 'web';
}

/** @returns {string} "Firefox on Linux": what people call this device */
export function deviceName() {
  const agent = navigator.userAgent;
  const browser = [
    ['Edg/', 'Edge'],
    ['OPR/', 'Opera'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark]) => agent.includes(mark));
  const system = [
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Android', 'Android'],
    ['Windows', 'Windows'],
    ['Mac OS', 'Mac'],
    ['Linux', 'Linux'],
  ].find(([mark]) => agent.includes(mark));
  return `${browser?.[1] ?? 'Browser'} on ${system?.[1] ?? 'a device'}`;
}

import { t } from '../i18n/language.js';
import { claimByWord } from './claim-by-word.js';

const KEY = 'dubplate.device';

/**
 * This device's id. Two tabs are two devices, since both can make sound: the first one is this browser's own, the same
 * for ever; another has one for as long as it lives. A lock says which ids are taken.
 *
 * @returns {Promise<{id: string, isTemporary: boolean}>} temporary: the id ends with the tab, or with the page where
 *   storage is forbidden. (A private window's seems to last as any other's: no browser tells.)
 */
export async function claimDeviceId() {
  const mine = read('sessionStorage');
  if (mine && (await isFree(mine))) return { id: mine, isTemporary: read('localStorage') !== mine };
  const known = read('localStorage');
  const id = known && (await isFree(known)) ? known : newId();
  if (id !== known) await isFree(id);
  write('sessionStorage', id);
  if (!known) write('localStorage', id);
  return { id, isTemporary: read('localStorage') !== id };
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Takes the id until this page ends, if no other page has it. @param {string} id @returns {Promise<boolean>} */
function isFree(id) {
  const { locks } = navigator;
  // A page that isn't secure has none.
  if (!locks) return claimByWord(id, new BroadcastChannel(KEY));
  return new Promise((resolve) => {
    locks
      .request(`${KEY}.${id}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      })
      .catch(() => resolve(true)); // a browser that forbids locks has nobody to share the id with
  });
}

/** @typedef {'localStorage' | 'sessionStorage'} StorageName a storage that is forbidden throws where it is named */

/** @param {StorageName} name */
function read(name) {
  try {
    return globalThis[name].getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {StorageName} name @param {string} id */
function write(name, id) {
  try {
    globalThis[name].setItem(KEY, id);
  } catch {
    // Storage is forbidden: the id lasts as long as the page.
  }
}

/**
 * What a browser says of itself and the machine it runs on.
 *
 * @typedef {object} Machine
 * @property {string} agent the User-Agent
 * @property {number} touchPoints how many fingers its screen can tell apart
 * @property {string} [model] of a phone, where it is told
 */

/** @returns {Promise<Machine>} */
export async function thisMachine() {
  const { userAgent: agent, maxTouchPoints: touchPoints = 0 } = navigator;
  // A request for what a browser doesn't tell everybody; most have no such thing.
  const data = /** @type {any} */ (navigator).userAgentData;
  const hints = await data?.getHighEntropyValues?.(['model']).catch(() => undefined);
  return { agent, touchPoints, model: hints?.model || undefined };
}

/** A tablet of Apple's says that it is a Mac, which has no screen to touch. @param {Machine} machine */
function isTablet({ agent, touchPoints }) {
  return agent.includes('iPad') || (agent.includes('Macintosh') && touchPoints > 1);
}

/** @param {Machine} machine @returns {'mobile' | 'web'} */
export function deviceKind(machine) {
  return isTablet(machine) || /Android|iPhone|Mobile/.test(machine.agent) ? 'mobile' : 'web';
}

/** @param {Machine} machine @returns {string} "Firefox on Linux", "Chrome on Pixel 8": what people call this device */
export function deviceName(machine) {
  const { agent, model } = machine;
  const browser = [
    // Those that are built on another one say so, and themselves as well: they come first.
    ['Edg', 'Edge'],
    ['OPR/', 'Opera'],
    ['YaBrowser/', 'Yandex'],
    ['Vivaldi/', 'Vivaldi'],
    ['SamsungBrowser/', 'Samsung Internet'],
    ['Firefox/', 'Firefox'],
    ['FxiOS/', 'Firefox'],
    ['CriOS/', 'Chrome'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark]) => agent.includes(mark));
  const system = [
    ['iPhone', 'iPhone'],
    ['Android', 'Android'],
    ['CrOS', 'Chromebook'],
    ['Windows', 'Windows'],
    ['Mac OS', 'Mac'],
    ['Linux', 'Linux'],
  ].find(([mark]) => agent.includes(mark));
  const machineName = model ?? (isTablet(machine) ? 'iPad' : system?.[1]);
  return t('device.name', {
    browser: browser?.[1] ?? t('device.aBrowser'),
    system: machineName ?? t('device.aSystem'),
  });
}

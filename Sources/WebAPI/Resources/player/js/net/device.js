const KEY = 'dubplate.device';

/**
 * @returns {string} this tab's id, the same over reloads and reconnects. Two tabs are two devices: both can make sound
 */
export function deviceId() {
  const known = sessionStorage.getItem(KEY);
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const id = `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  sessionStorage.setItem(KEY, id);
  return id;
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

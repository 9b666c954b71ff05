/** @param {number} seconds @returns {string} `3:07`, or `1:02:07` */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const s = String(whole % 60).padStart(2, '0');
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** @param {number} seconds @returns {string} `3:07.482`: to the millisecond */
export function preciseClock(seconds) {
  const thousandths = Math.max(0, Math.floor((Number.isFinite(seconds) ? seconds : 0) * 1000));
  return `${clock(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, '0')}`;
}

/** @param {number} seconds @returns {string} of many tracks: `47 min`, `3 h 5 min` */
export function longTime(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${Math.max(minutes, 1)} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} seconds @returns {string} for a screen reader: `3 minutes 7 seconds` */
export function spokenTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  const s = `${rest} second${rest === 1 ? '' : 's'}`;
  return minutes > 0 ? `${minutes} minute${minutes === 1 ? '' : 's'} ${s}` : s;
}

/** @param {number} bitsPerSecond @returns {string} `192 kbit/s` */
export function bitrate(bitsPerSecond) {
  return bitsPerSecond > 0 ? `${Math.round(bitsPerSecond / 1000)} kbit/s` : '–';
}

/**
 * @param {Pick<import('../net/api.js').Track, 'codec' | 'sampleRate' | 'bitsPerSample' | 'bitrate'>} track
 * @returns {string} `FLAC 44.1/24`, `MP3 320`
 */
export function sourceFormat({ codec = '', sampleRate, bitsPerSample, bitrate: rate }) {
  const name = codec.toUpperCase();
  const isLossless = /^(FLAC|ALAC|WAV|PCM|APE|WAVPACK)/.test(name);
  if (isLossless && sampleRate) return `${name} ${sampleRate / 1000}${bitsPerSample ? `/${bitsPerSample}` : ''}`;
  return rate ? `${name} ${Math.round(rate / 1000)}` : name;
}

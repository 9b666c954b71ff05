import { language, t } from '../i18n/language.js';

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

/** @param {number} seconds @returns {string} of many tracks: `47 min`, `3 hr 5 min` */
export function longTime(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return duration(Math.max(minutes, 1), 'minute', 'short');
  const hours = duration(Math.floor(minutes / 60), 'hour', 'short');
  return minutes % 60 === 0 ? hours : `${hours} ${duration(minutes % 60, 'minute', 'short')}`;
}

/** @param {number} seconds @returns {string} for a screen reader: `3 minutes 7 seconds` */
export function spokenTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const s = duration(whole % 60, 'second', 'long');
  return minutes > 0 ? `${duration(minutes, 'minute', 'long')} ${s}` : s;
}

/** @param {number} ms since then @returns {string} `5 minutes ago`, `3 days ago`; at least a minute */
export function ago(ms) {
  const minutes = Math.max(1, Math.floor(ms / 60_000));
  if (minutes < 60) return language.wording.relative(-minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return language.wording.relative(-hours, 'hour');
  const days = Math.floor(hours / 24);
  return days < 60 ? language.wording.relative(-days, 'day') : language.wording.relative(-Math.floor(days / 30), 'month');
}

/** @param {number} value @param {'second' | 'minute' | 'hour'} unit @param {'short' | 'long'} width */
function duration(value, unit, width) {
  return language.wording.duration(value, unit, width);
}

/** @param {number} value @param {number} [digits] behind the decimal point; as many as it needs */
export function number(value, digits) {
  return language.wording.number(value, digits);
}

/** @param {number} hertz @returns {string} `44.1 kHz` */
export function sampleRate(hertz) {
  return t('unit.kilohertz', { value: hertz / 1000 });
}

/** @param {number} bitsPerSecond @returns {string} `192 kbit/s` */
export function bitrate(bitsPerSecond) {
  return bitsPerSecond > 0 ? t('unit.kilobits', { value: Math.round(bitsPerSecond / 1000) }) : '–';
}

/**
 * @param {Pick<import('../net/api.js').Track, 'codec' | 'sampleRate' | 'bitsPerSample' | 'bitrate'>} track
 * @returns {string} `FLAC 44.1/24`, `MP3 320`
 */
export function sourceFormat({ codec = '', sampleRate: hertz, bitsPerSample, bitrate: rate }) {
  const name = codec.toUpperCase();
  const isLossless = /^(FLAC|ALAC|WAV|PCM|APE|WAVPACK)/.test(name);
  if (isLossless && hertz) return `${name} ${number(hertz / 1000)}${bitsPerSample ? `/${bitsPerSample}` : ''}`;
  return rate ? `${name} ${Math.round(rate / 1000)}` : name;
}

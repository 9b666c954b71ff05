import { t } from '../i18n/language.js';
import { preferences } from '../preferences.js';
import { byId, element } from './dom.js';
import { bitrate, number, preciseClock, sampleRate } from './format.js';

/** Time between two updates: figures that flicker cannot be read. */
const UPDATE_MS = 250;

/** The panel with the figures behind the sound. */
export class StatsPanel {
  #read;
  #panel = byId('stats');
  #button = byId('stats-button');
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();
  #updatedAt = 0;

  #onOpen;

  /**
   * @param {() => import('../diagnostics.js').Stats} read
   * @param {() => void} onOpen brings the panel's place into view
   */
  constructor(read, onOpen) {
    this.#read = read;
    this.#onOpen = onOpen;
    this.#button.addEventListener('click', () => this.toggle());
    this.#open(preferences.get('stats', false));
  }

  toggle() {
    const isOpen = this.#panel.hidden || this.#panel.offsetParent === null;
    preferences.set('stats', isOpen);
    this.#open(isOpen);
    if (!isOpen) return;
    this.#onOpen();
    // With its figures it is as high as it will be.
    this.#show();
    this.#panel.scrollIntoView({ block: 'nearest' });
  }

  /** Called each frame. @param {number} now ms */
  tick(now) {
    if (this.#panel.hidden || now - this.#updatedAt < UPDATE_MS) return;
    this.#updatedAt = now;
    this.#show();
  }

  #show() {
    const s = this.#read();
    this.#put('stats.heard', preciseClock(s.heardSeconds));
    this.#put('stats.buffer', t('unit.seconds', { value: number(s.bufferSeconds, 1) }));
    this.#put('stats.firstSound', milliseconds(s.firstSoundMs, 0));
    this.#put('stats.roundTrip', milliseconds(s.rttMs, 1));
    this.#put('stats.codec', s.codec ?? '–');
    this.#put('stats.bitrate', s.bitrate ? bitrate(s.bitrate) : '–');
    this.#put('stats.sampleRate', s.sampleRate ? sampleRate(s.sampleRate) : '–');
    this.#put('stats.chunks', number(s.chunks));
    this.#put('stats.received', t('unit.megabytes', { value: number(s.bytes / 1e6, 2) }));
    this.#put('stats.underruns', String(s.underruns));
    this.#put('stats.decoder', s.decoder ?? '–');
    this.#put('stats.transport', s.transport ?? '–');
    this.#put('stats.epoch', String(s.epoch));
  }

  #open(isOpen) {
    this.#panel.hidden = !isOpen;
    this.#button.setAttribute('aria-expanded', String(isOpen));
  }

  /** @param {string} key of the figure's name @param {string} value */
  #put(key, value) {
    let cell = this.#cells.get(key);
    if (!cell) {
      cell = element('dd');
      this.#cells.set(key, cell);
      byId('stats-list').append(element('div', {}, element('dt', { 'data-text': key }), cell));
    }
    if (cell.textContent !== value) cell.textContent = value;
  }
}

/** @param {number | null} value @param {number} digits */
function milliseconds(value, digits) {
  return value === null ? '–' : t('unit.milliseconds', { value: number(value, digits) });
}

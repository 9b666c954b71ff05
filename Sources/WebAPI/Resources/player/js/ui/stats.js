import { preferences } from '../preferences.js';
import { byId, element } from './dom.js';
import { bitrate, preciseClock } from './format.js';

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
    this.#panel.scrollIntoView({ block: 'nearest' });
  }

  /** Called each frame. @param {number} now ms */
  tick(now) {
    if (this.#panel.hidden || now - this.#updatedAt < UPDATE_MS) return;
    this.#updatedAt = now;
    const s = this.#read();
    this.#put('Heard', preciseClock(s.heardSeconds));
    this.#put('Buffer', `${s.bufferSeconds.toFixed(1)} s`);
    this.#put('First sound', s.firstSoundMs === null ? '–' : `${Math.round(s.firstSoundMs)} ms`);
    this.#put('Round trip', s.rttMs === null ? '–' : `${s.rttMs.toFixed(1)} ms`);
    this.#put('Codec', s.codec ?? '–');
    this.#put('Bitrate', s.bitrate ? bitrate(s.bitrate) : '–');
    this.#put('Sample rate', s.sampleRate ? `${s.sampleRate / 1000} kHz` : '–');
    this.#put('Chunks', s.chunks.toLocaleString('en'));
    this.#put('Received', `${(s.bytes / 1e6).toFixed(2)} MB`);
    this.#put('Underruns', String(s.underruns));
    this.#put('Decoder', s.decoder ?? '–');
    this.#put('Transport', s.transport ?? '–');
    this.#put('Epoch', String(s.epoch));
  }

  #open(isOpen) {
    this.#panel.hidden = !isOpen;
    this.#button.setAttribute('aria-expanded', String(isOpen));
  }

  #put(name, value) {
    let cell = this.#cells.get(name);
    if (!cell) {
      cell = element('dd');
      this.#cells.set(name, cell);
      byId('stats-list').append(element('div', {}, element('dt', {}, name), cell));
    }
    if (cell.textContent !== value) cell.textContent = value;
  }
}

import { language, t } from '../i18n/language.js';
import { byId } from './dom.js';
import { bitrate, sampleRate } from './format.js';
import { Plate } from './plate.js';
import { Spectrum } from './spectrum.js';

/** The record and what is written beside it. */
export class NowPlaying {
  #transport;
  #playback;
  #plate = new Plate();
  #spectrum = new Spectrum(byId('spectrum'));
  #shown = '';

  /**
   * @param {import('../player/transport.js').Transport} transport what is shown
   * @param {import('../player/playback.js').Playback} playback this device's sound, for the eye
   */
  constructor(transport, playback) {
    this.#transport = transport;
    this.#playback = playback;
    transport.on('change', () => this.#show());
    language.on('change', () => this.#show());
    this.#show();
  }

  /** Called each frame. */
  tick() {
    const { position } = this.#transport;
    const { receiver, status } = this.#playback;
    const analyser = status === 'playing' ? receiver.output.spectrum : null;
    this.#spectrum.update(analyser);
    // Loudness for the eye: music's RMS is mostly below 0.3.
    const level = analyser ? Math.min(this.#spectrum.level(analyser) * 3, 1) : null;
    this.#plate.update(position, level);
  }

  #show() {
    const { track, stream, duration, status, remote } = this.#transport;
    this.#plate.show(track, duration);
    const etching = track ? etchingOf({ status, stream, isHere: !remote }) : '';
    const title = track?.title ?? t('now.nothing');
    const artist = track
      ? [track.artist ?? t('track.unknownArtist'), track.album].filter(Boolean).join(' — ')
      : t('now.choose');
    const text = [title, artist, etching].join('\n');
    if (text === this.#shown) return;
    this.#shown = text;
    byId('now-title').textContent = title;
    byId('now-artist').textContent = artist;
    byId('now-etching').textContent = etching;
  }
}

/** What a cutter would scratch beside the label: codec, bitrate, rate; or how far it is. */
function etchingOf({ status, stream, isHere }) {
  if (status === 'failed') return t('now.stopped');
  if (!stream) return status === 'loading' && isHere ? t('now.loading') : '';
  const { codec, bitrate: rate, sampleRate: hertz } = stream;
  return [codec?.toUpperCase(), rate > 0 && bitrate(rate), hertz && sampleRate(hertz)].filter(Boolean).join(' · ');
}

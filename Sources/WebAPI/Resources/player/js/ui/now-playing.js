import { byId } from './dom.js';
import { bitrate } from './format.js';
import { Plate } from './plate.js';
import { Spectrum } from './spectrum.js';

/** The panel with the record; on a phone a sheet over the library. */
export class NowPlaying {
  #playback;
  #plate = new Plate();
  #spectrum = new Spectrum(byId('spectrum'));
  #shown = '';

  /** @param {import('../player/playback.js').Playback} playback */
  constructor(playback) {
    this.#playback = playback;
    byId('deck-track').addEventListener('click', () => this.expand(true));
    byId('now-close').addEventListener('click', () => this.expand(false));
    playback.on('change', () => this.#show());
    this.#show();
  }

  get isExpanded() {
    return document.body.classList.contains('is-expanded');
  }

  /** @param {boolean} isExpanded has no effect where the panel stands beside the library anyway */
  expand(isExpanded) {
    const isNarrow = matchMedia('(max-width: 959px)').matches;
    document.body.classList.toggle('is-expanded', isExpanded && isNarrow);
    byId('deck-track').setAttribute('aria-expanded', String(isExpanded && isNarrow));
    if (isNarrow) byId(isExpanded ? 'now-close' : 'deck-track').focus();
  }

  /** Called each frame. */
  tick() {
    const { receiver, status, position } = this.#playback;
    const analyser = status === 'playing' ? receiver.output.spectrum : null;
    this.#spectrum.update(analyser);
    // Loudness for the eye: music's RMS is mostly below 0.3.
    const level = analyser ? Math.min(this.#spectrum.level(analyser) * 3, 1) : null;
    this.#plate.update(position, level);
  }

  #show() {
    const { track, stream, duration, status } = this.#playback;
    this.#plate.show(track, duration);
    const etching = !track
      ? ''
      : status === 'failed'
        ? 'stopped'
        : stream
          ? [stream.codec, stream.bitrate > 0 && bitrate(stream.bitrate), `${stream.sampleRate / 1000} kHz`]
              .filter(Boolean)
              .join(' · ')
          : 'cutting …';
    const text = [track?.title ?? '', track?.artist ?? '', track?.album ?? '', etching].join('\n');
    if (text === this.#shown) return;
    this.#shown = text;
    byId('now-title').textContent = track?.title ?? 'Nothing on the plate';
    byId('now-artist').textContent = track
      ? [track.artist ?? 'Unknown artist', track.album].filter(Boolean).join(' — ')
      : 'Choose a track: it is cut while you listen.';
    byId('now-etching').textContent = etching;
  }
}

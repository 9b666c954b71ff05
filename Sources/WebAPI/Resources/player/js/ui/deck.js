import { SEEK_LEAP_SECONDS, SEEK_STEP_SECONDS, VOLUME_STEP } from '../limits.js';
import { preferences } from '../preferences.js';
import { showCover } from './cover.js';
import { byId, setIcon } from './dom.js';
import { clock, spokenTime } from './format.js';
import { Slider } from './slider.js';

/** The bar at the bottom: transport, timeline, volume. */
export class Deck {
  #playback;
  #progress;
  #volume;
  #showsRemaining = preferences.get('remaining', true);
  #elapsedText = '';
  #remainingText = '';
  /** @type {number | null} where the hand is, while it drags */
  #handPosition = null;

  /** @param {import('../player/playback.js').Playback} playback */
  constructor(playback) {
    this.#playback = playback;
    this.#progress = new Slider(byId('progress'), {
      describe: (value) => `${spokenTime(value)} of ${spokenTime(playback.duration)}`,
      onStep: (direction, isLeap) => playback.seekBy(direction * (isLeap ? SEEK_LEAP_SECONDS : SEEK_STEP_SECONDS)),
      onInput: (value) => {
        this.#handPosition = value;
      },
      onCommit: (value) => {
        this.#handPosition = null;
        playback.seek(value);
      },
    });
    this.#volume = new Slider(byId('volume'), {
      describe: (value) => `${Math.round(value)} %`,
      onStep: (direction, isLeap) => {
        playback.volume.set(playback.volume.level + direction * VOLUME_STEP * (isLeap ? 4 : 1));
      },
      onInput: (value) => playback.volume.set(value / 100),
      onCommit: (value) => playback.volume.set(value / 100),
    });
    this.#volume.setMax(100);
    byId('play-button').addEventListener('click', () => playback.toggle());
    byId('next-button').addEventListener('click', () => playback.next());
    byId('previous-button').addEventListener('click', () => playback.previous());
    byId('mute-button').addEventListener('click', () => playback.volume.toggleMute());
    byId('remaining').addEventListener('click', () => {
      this.#showsRemaining = !this.#showsRemaining;
      preferences.set('remaining', this.#showsRemaining);
    });
    playback.on('change', () => this.#show());
    this.#show();
    const deck = /** @type {HTMLElement} */ (document.querySelector('.deck'));
    new ResizeObserver(() => {
      document.documentElement.style.setProperty('--deck-height', `${deck.offsetHeight}px`);
    }).observe(deck);
  }

  /** Called each frame. */
  tick() {
    const { position, duration, receiver } = this.#playback;
    this.#progress.set(position, position + receiver.bufferedSeconds);
    const shown = this.#handPosition ?? position;
    const elapsed = clock(shown);
    const rest = Math.max(Math.ceil(duration) - Math.floor(shown), 0);
    const remaining = this.#showsRemaining && duration > 0 ? `−${clock(rest)}` : clock(duration);
    if (elapsed !== this.#elapsedText) byId('elapsed').textContent = this.#elapsedText = elapsed;
    if (remaining !== this.#remainingText) byId('remaining').textContent = this.#remainingText = remaining;
  }

  #show() {
    const { track, status, isActive, duration, volume, list, index } = this.#playback;
    document.body.dataset.status = status;
    byId('play-button').disabled = !track;
    byId('play-button').setAttribute('aria-label', isActive ? 'Pause' : 'Play');
    byId('play-button').title = isActive ? 'Pause (Space)' : 'Play (Space)';
    setIcon(byId('play-icon'), isActive ? 'pause' : 'play');
    byId('previous-button').disabled = !track;
    byId('next-button').disabled = !track || !list || index + 1 >= (list.total ?? 0);
    byId('deck-title').textContent = track?.title ?? '';
    byId('deck-artist').textContent = track ? (track.artist ?? 'Unknown artist') : '';
    showCover(byId('deck-thumb'), track);
    this.#progress.setMax(track ? duration : 0);
    this.#volume.set(volume.isMuted ? 0 : volume.level * 100);
    const isSilent = volume.isMuted || volume.level === 0;
    setIcon(byId('mute-icon'), isSilent ? 'muted' : 'volume');
    byId('mute-button').setAttribute('aria-pressed', String(volume.isMuted));
    document.title = track ? `${isActive ? '' : '❚❚ '}${track.title} · ${track.artist ?? 'Dubplate'}` : 'Dubplate';
  }
}

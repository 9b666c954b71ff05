import { language, t } from '../i18n/language.js';
import { SEEK_LEAP_SECONDS, SEEK_STEP_SECONDS, VOLUME_STEP } from '../limits.js';
import { preferences } from '../preferences.js';
import { showCover } from './cover.js';
import { byId, setIcon } from './dom.js';
import { clock, spokenTime } from './format.js';
import { Slider } from './slider.js';
import { setLabel } from './texts.js';

const REPEAT_NAMES = { off: 'deck.repeatOff', all: 'deck.repeatAll', one: 'deck.repeatOne' };
const REPEATS = /** @type {const} */ (['off', 'all', 'one']);

/**
 * @param {import('../player/transport.js').Transport} transport
 * @param {import('../player/session.js').Session} session
 */
export function toggleShuffle(transport, session) {
  return transport.attempt(session.setShuffle(!session.queue.shuffle));
}

/**
 * Off, the whole queue, this track, off …
 *
 * @param {import('../player/transport.js').Transport} transport
 * @param {import('../player/session.js').Session} session
 */
export function cycleRepeat(transport, session) {
  const next = REPEATS[(REPEATS.indexOf(session.queue.repeat) + 1) % REPEATS.length];
  return transport.attempt(session.setRepeat(next));
}

/** The bar at the bottom: transport, timeline, volume. */
export class Deck {
  #transport;
  #session;
  #progress;
  #volume;
  #showsRemaining = preferences.get('remaining', true);
  #elapsedText = '';
  #remainingText = '';
  /** @type {number | null} where the hand is, while it drags */
  #handPosition = null;

  /**
   * @param {import('../player/transport.js').Transport} transport
   * @param {import('../player/session.js').Session} session
   */
  constructor(transport, session) {
    this.#transport = transport;
    this.#session = session;
    this.#progress = new Slider(byId('progress'), {
      describe: (value) => {
        const [position, duration] = [value, transport.duration].map(spokenTime);
        return t('deck.positionOf', { position, duration });
      },
      onStep: (direction, isLeap) => transport.seekBy(direction * (isLeap ? SEEK_LEAP_SECONDS : SEEK_STEP_SECONDS)),
      onInput: (value) => {
        this.#handPosition = value;
      },
      onCommit: (value) => {
        this.#handPosition = null;
        transport.seek(value);
      },
      onCancel: () => {
        this.#handPosition = null;
      },
    });
    this.#volume = new Slider(byId('volume'), {
      describe: (value) => `${Math.round(value)} %`,
      onStep: (direction, isLeap) => {
        transport.volume.set(transport.volume.level + direction * VOLUME_STEP * (isLeap ? 4 : 1));
      },
      onInput: (value) => transport.volume.set(value / 100),
      onCommit: (value) => transport.volume.set(value / 100),
    });
    this.#volume.setMax(100);
    byId('play-button').addEventListener('click', () => transport.toggle());
    byId('next-button').addEventListener('click', () => transport.next());
    byId('previous-button').addEventListener('click', () => transport.previous());
    byId('mute-button').addEventListener('click', () => transport.volume.toggleMute());
    byId('remaining').addEventListener('click', () => {
      this.#showsRemaining = !this.#showsRemaining;
      preferences.set('remaining', this.#showsRemaining);
    });
    byId('shuffle-button').addEventListener('click', () => toggleShuffle(transport, session));
    byId('repeat-button').addEventListener('click', () => cycleRepeat(transport, session));
    transport.on('change', () => this.#show());
    language.on('change', () => {
      this.#progress.describeAnew();
      this.#show();
    });
    this.#show();
    const deck = /** @type {HTMLElement} */ (document.querySelector('.deck'));
    new ResizeObserver(() => {
      document.documentElement.style.setProperty('--deck-height', `${deck.offsetHeight}px`);
    }).observe(deck);
  }

  /** Called each frame. */
  tick() {
    const { position, duration, bufferedSeconds } = this.#transport;
    this.#progress.set(position, position + bufferedSeconds);
    const shown = this.#handPosition ?? position;
    const elapsed = clock(shown);
    const rest = Math.max(Math.ceil(duration) - Math.floor(shown), 0);
    const remaining = this.#showsRemaining && duration > 0 ? `−${clock(rest)}` : clock(duration);
    if (elapsed !== this.#elapsedText) byId('elapsed').textContent = this.#elapsedText = elapsed;
    if (remaining !== this.#remainingText) byId('remaining').textContent = this.#remainingText = remaining;
  }

  #show() {
    const { track, status, isActive, duration, volume, canSkip } = this.#transport;
    const { shuffle, repeat } = this.#session.queue;
    document.body.dataset.status = status;
    byId('play-button').disabled = !track;
    setLabel(byId('play-button'), isActive ? 'deck.pause' : 'deck.play', isActive ? 'deck.pauseHint' : 'deck.playHint');
    setIcon(byId('play-icon'), isActive ? 'pause' : 'play');
    byId('previous-button').disabled = !track;
    byId('next-button').disabled = !track || !canSkip;
    byId('shuffle-button').setAttribute('aria-pressed', String(shuffle));
    byId('repeat-button').setAttribute('aria-pressed', String(repeat !== 'off'));
    setLabel(byId('repeat-button'), REPEAT_NAMES[repeat], 'deck.repeatHint');
    setIcon(byId('repeat-icon'), repeat === 'one' ? 'repeat-one' : 'repeat');
    byId('deck-title').textContent = track?.title ?? '';
    byId('deck-artist').textContent = track ? (track.artist ?? t('track.unknownArtist')) : '';
    showCover(byId('deck-thumb'), track);
    this.#progress.setMax(track ? duration : 0);
    this.#volume.set(volume.isMuted ? 0 : volume.level * 100);
    const isSilent = volume.isMuted || volume.level === 0;
    setIcon(byId('mute-icon'), isSilent ? 'muted' : 'volume');
    byId('mute-button').setAttribute('aria-pressed', String(volume.isMuted));
    document.title = track ? `${isActive ? '' : '❚❚ '}${track.title} · ${track.artist ?? 'Dubplate'}` : 'Dubplate';
  }
}

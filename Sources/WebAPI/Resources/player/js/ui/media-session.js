import { SEEK_STEP_SECONDS } from '../limits.js';
import { coverUrl } from '../net/api.js';

/**
 * The keys of a keyboard, a headset and a lock screen (Media Session API). Nothing where the browser has none.
 *
 * @param {import('../player/playback.js').Playback} playback
 */
export function setUpMediaSession(playback) {
  const session = navigator.mediaSession;
  if (!session) return;
  /** @type {Record<string, (details: MediaSessionActionDetails) => void>} */
  const handlers = {
    play: () => playback.resume(),
    pause: () => playback.pause(),
    stop: () => playback.pause(),
    nexttrack: () => playback.next(),
    previoustrack: () => playback.previous(),
    seekto: ({ seekTime }) => seekTime !== undefined && seekTime !== null && playback.seek(seekTime),
    seekforward: ({ seekOffset }) => playback.seekBy(seekOffset || SEEK_STEP_SECONDS),
    seekbackward: ({ seekOffset }) => playback.seekBy(-(seekOffset || SEEK_STEP_SECONDS)),
  };
  for (const [action, handler] of Object.entries(handlers)) {
    try {
      session.setActionHandler(/** @type {MediaSessionAction} */ (action), handler);
    } catch {
      // An action that this browser does not know: its key does nothing here.
    }
  }
  let shown = null;
  playback.on('change', () => {
    const { track, isActive, duration, position } = playback;
    session.playbackState = !track ? 'none' : isActive ? 'playing' : 'paused';
    if (track && track !== shown) {
      shown = track;
      const cover = coverUrl(track);
      session.metadata = new MediaMetadata({
        title: track.title,
        artist: track.artist ?? '',
        album: track.album ?? '',
        artwork: cover ? [{ src: cover }] : [],
      });
    }
    if (!track || duration <= 0) return;
    session.setPositionState?.({ duration, position: Math.min(position, duration), playbackRate: 1 });
  });
}

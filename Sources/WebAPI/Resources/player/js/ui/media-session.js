import { SEEK_STEP_SECONDS } from '../limits.js';
import { coverUrl } from '../net/api.js';

/**
 * The keys of a keyboard, a headset and a lock screen (Media Session API). Nothing where the browser has none.
 *
 * @param {import('../player/transport.js').Transport} transport
 */
export function setUpMediaSession(transport) {
  const session = navigator.mediaSession;
  if (!session) return;
  /** @type {Record<string, (details: MediaSessionActionDetails) => void>} */
  const handlers = {
    play: () => transport.resume(),
    pause: () => transport.pause(),
    stop: () => transport.pause(),
    nexttrack: () => transport.next(),
    previoustrack: () => transport.previous(),
    seekto: ({ seekTime }) => seekTime !== undefined && seekTime !== null && transport.seek(seekTime),
    seekforward: ({ seekOffset }) => transport.seekBy(seekOffset || SEEK_STEP_SECONDS),
    seekbackward: ({ seekOffset }) => transport.seekBy(-(seekOffset || SEEK_STEP_SECONDS)),
  };
  for (const [action, handler] of Object.entries(handlers)) {
    try {
      session.setActionHandler(/** @type {MediaSessionAction} */ (action), handler);
    } catch {
      // An action that this browser does not know: its key does nothing here.
    }
  }
  let shown = null;
  transport.on('change', () => {
    const { track, isActive, duration, position } = transport;
    // A remote's keys belong to whatever sounds on that device; the browser gives them to the tab that plays.
    session.playbackState = !track ? 'none' : isActive ? 'playing' : 'paused';
    if (track && (track.id !== shown?.id || track.title !== shown.title)) {
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

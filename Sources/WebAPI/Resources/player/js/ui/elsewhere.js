import { api } from '../net/api.js';
import { byId, icon } from './dom.js';

/**
 * What another device of this user does, as far as it has told.
 *
 * @typedef {object} OtherDevice
 * @property {string} deviceId
 * @property {string} name for people
 * @property {string} trackId
 * @property {string} title empty until it is known
 * @property {number} duration seconds, 0 until it is known
 * @property {boolean} isPlaying
 * @property {number} position seconds, when it was told
 * @property {number} toldAt ms of this page's clock
 */

/**
 * A line that says what another device of this user plays, from `sync_state` and `seek_update` (protocol, section 1.3).
 *
 * @param {import('../net/connection.js').Connection} connection
 */
export function setUpElsewhere(connection) {
  const line = byId('elsewhere');
  /** @type {OtherDevice | null} */
  let other = null;
  let endTimer = 0;

  const show = () => {
    clearTimeout(endTimer);
    line.hidden = !other;
    if (!other) return;
    const what = other.title ? ` · ${other.title}` : '';
    line.replaceChildren(icon('device'), `${other.isPlaying ? 'Playing' : 'Paused'} on ${other.name}${what}`);
    if (!other.isPlaying || other.duration === 0) return;
    // Nobody tells when a track has run out over there.
    const playedMs = performance.now() - other.toldAt;
    endTimer = setTimeout(forget, Math.max((other.duration - other.position) * 1000 - playedMs, 0));
  };

  const forget = () => {
    other = null;
    show();
  };

  const place = (position) => {
    if (!other || !Number.isFinite(position)) return;
    other.position = position;
    other.toldAt = performance.now();
  };

  connection.on('sync_state', async ({ action, payload = {}, deviceId }) => {
    const isKnown = other?.deviceId === deviceId;
    if (action === 'play') {
      other = {
        deviceId,
        name: payload.deviceName ?? 'another device',
        trackId: payload.trackId,
        title: '',
        duration: 0,
        isPlaying: true,
        position: payload.position ?? 0,
        toldAt: performance.now(),
      };
    } else if (!isKnown || !other) {
      return; // what goes on there began before this page listened
    } else if (action === 'stop') {
      other = null;
    } else {
      if (action === 'pause' || action === 'resume') other.isPlaying = action === 'resume';
      place(payload.position);
    }
    show();
    if (action !== 'play' || !payload.trackId) return;
    const mine = other;
    const track = await api.track(payload.trackId).catch(() => null); // without it the line is shorter, and still true
    if (!track || !mine || mine !== other) return;
    mine.title = track.title;
    mine.duration = track.duration;
    show();
  });

  connection.on('seek_update', ({ deviceId, position }) => {
    if (other?.deviceId !== deviceId) return;
    place(position);
    show();
  });

  connection.on('state', (state) => {
    if (state !== 'online') forget();
  });
}

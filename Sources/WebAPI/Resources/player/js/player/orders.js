/**
 * What a remote, or the group, does to the session, and this device's sound has to do.
 *
 * @param {object} parts
 * @param {import('./playback.js').Playback} parts.playback
 * @param {import('./session.js').Session} parts.session
 * @param {import('../net/connection.js').Connection} parts.connection
 */
export function followOrders({ playback, session, connection }) {
  session.on('command', ({ action, payload, deviceId }) => {
    if (action === 'volume') {
      const whose = payload.deviceId ?? deviceId;
      if (whose === session.deviceId && Number.isFinite(payload.volume)) playback.volume.follow(payload.volume);
      return;
    }
    if (!playback.track || session.role !== 'active') return;
    const isOurs = !payload.streamId || payload.streamId === playback.stream?.streamId;
    switch (action) {
      case 'pause':
        playback.hold();
        break;
      case 'resume':
        playback.release();
        break;
      case 'stop':
        playback.stop(false);
        break;
      case 'seek':
        if (isOurs && Number.isFinite(payload.position)) playback.follow(payload);
        break;
      case 'quality':
        if (payload.quality) playback.choice.remember(payload.quality);
        break;
      case 'transfer':
        if (session.state?.status === 'paused') playback.hold();
        break;
      default: // what else happens brings a stream, or is shown only
    }
  });

  // What a group's output does is the group's timeline's; the status follows it.
  connection.on('group_sync', ({ playing, at }) => {
    if (!playback.track || at === null || at === undefined) return;
    playback.followGroup(playing === true);
  });
}

/**
 * What a remote, or the group, does to the session, and this device's sound has to do.
 *
 * @param {object} parts
 * @param {import('./playback.js').Playback} parts.playback
 * @param {import('./session.js').Session} parts.session
 * @param {import('../sync/group-play.js').GroupPlay} parts.group
 */
export function followOrders({ playback, session, group }) {
  session.on('command', ({ action, payload, deviceId }) => {
    if (action === 'volume') {
      const whose = payload.deviceId ?? deviceId;
      if (whose === session.deviceId && Number.isFinite(payload.volume)) playback.volume.follow(payload.volume);
      return;
    }
    // A group's moments are agreed on; what they are comes with `group_sync`.
    if (!playback.track || session.role !== 'active' || session.isInGroup) return;
    const { receiver, stream } = playback;
    const isOurs = !payload.streamId || payload.streamId === receiver.latest(stream?.streamId)?.streamId;
    switch (action) {
      case 'pause':
        playback.hold();
        break;
      case 'resume':
        playback.release();
        break;
      case 'stop':
        // It's what became of a command of this device: that is given again, and what is held is heard meanwhile.
        if (deviceId === session.deviceId && playback.isAskingAgain) break;
        playback.stop(false);
        break;
      case 'seek':
        if (isOurs && Number.isFinite(payload.position)) playback.follow(payload);
        break;
      case 'quality':
        // What was chosen here, by the listener or the server, is no order.
        if (!payload.quality || deviceId === session.deviceId) break;
        playback.choice.remember(payload.quality);
        playback.requalify(payload);
        break;
      case 'transfer':
        if (session.state?.status === 'paused') playback.hold();
        break;
      default: // what else happens brings a stream, or is shown only
    }
  });

  // What a group's output does is the group's timeline's; the status follows it.
  group.on('playing', () => playback.followGroup(true));
  group.on('paused', () => playback.followGroup(false));
}

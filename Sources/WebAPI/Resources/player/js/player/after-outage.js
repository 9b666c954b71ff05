/**
 * What this device's sound does when the server is back and has said who plays.
 *
 * - The stream died with its connection: it is asked for anew, and goes on at the end of what is buffered.
 * - Another device has taken over: this one falls silent. Unless they played together: then it joins them again.
 * - The queue ran on meanwhile, what was buffered was heard to its end, and the server could not send what follows: the
 *   next item begins, if this device is still the one that plays.
 *
 * @param {object} parts
 * @param {import('./playback.js').Playback} parts.playback
 * @param {import('./session.js').Session} parts.session
 * @param {import('./track-store.js').TrackStore} parts.store
 * @param {import('../net/connection.js').Connection} parts.connection
 */
export function goOnAfterOutage({ playback, session, store, connection }) {
  /** @type {import('./queue-model.js').QueueItem | undefined} */
  let next;
  playback.on('ended', ({ itemId }) => {
    const isServersTurn = session.isSettled && connection.state === 'online';
    next = isServersTurn ? undefined : session.queue.following(itemId);
  });
  session.on('settled', () => {
    const item = next;
    next = undefined;
    if (!playback.track) return;
    if (session.role === 'remote' && !session.isParted) {
      playback.stop(false);
    } else if (item && playback.status === 'ended' && session.role === 'active') {
      playback.begin(store.peek(item.trackId) ?? playback.track, 0, () => session.jump(item.id, 0));
    } else {
      playback.goOn();
    }
  });
}

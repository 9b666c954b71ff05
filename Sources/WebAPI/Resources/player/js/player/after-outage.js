/**
 * A queue that ran on while there was no connection: what was buffered is heard to its end, and the server could not
 * send what follows. When it is back, the next item begins, if this device is still the one that plays.
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
    if (!item || playback.status !== 'ended' || session.role !== 'active') return;
    playback.begin(store.peek(item.trackId) ?? playback.track, 0, () => session.jump(item.id, 0));
  });
}

/**
 * Whether a stream's neighbours in the queue are of its album: then it's an album that is heard, and not a mix.
 *
 * @param {{itemId?: string, trackId: string}} stream
 * @param {import('./queue-model.js').QueueModel} queue
 * @param {import('./track-store.js').TrackStore} store
 * @returns {boolean}
 */
export function isInAlbumRun({ itemId, trackId }, queue, store) {
  const album = albumOf(store.peek(trackId));
  if (!album || !itemId) return false;
  // What is heard, and what was prepared behind it.
  const at = [queue.index, queue.index + 1].find((index) => queue.peek(index)?.itemId === itemId);
  if (at === undefined) return false;
  return [at - 1, at + 1].some((index) => albumOf(store.peek(queue.peek(index)?.trackId)) === album);
}

/** Gets to know what `isInAlbumRun` will ask for. */
export function wantNeighbours(queue, store) {
  for (let index = queue.index - 1; index <= queue.index + 2; index += 1) store.want(queue.peek(index)?.trackId);
}

/** @param {import('../net/api.js').Track | null | undefined} track @returns {string | null} what an album is known by */
function albumOf(track) {
  return track?.album ? JSON.stringify([track.albumArtist ?? track.artist, track.album]) : null;
}

import { FILL_PAGE, MAX_QUEUE } from '../limits.js';

/**
 * The tracks of a list that are here already, in one piece around one of them: enough to play at once.
 *
 * @param {import('./track-list.js').TrackList} list
 * @param {number} index
 * @returns {{tracks: string[], index: number, first: number, end: number}} `index` within `tracks`; `first` and `end`
 *   (behind the last) within the list
 */
export function atHand(list, index) {
  let first = index;
  let end = index;
  while (end - first < FILL_PAGE && list.peek(end)) end += 1;
  while (end - first < FILL_PAGE && first > 0 && list.peek(first - 1)) first -= 1;
  const tracks = [];
  for (let at = first; at < end; at += 1) tracks.push(/** @type {{id: string}} */ (list.peek(at)).id);
  return { tracks, index: index - first, first, end };
}

/**
 * The requests that bring the rest of a list into a queue: what follows first, then what is before.
 *
 * @param {{first: number, end: number}} part of the list that the queue has already
 * @param {number} total of the list
 * @returns {{offset: number, limit: number, isBefore: boolean}[]} in this order; no more than a queue may have
 */
export function fillPlan({ first, end }, total) {
  const steps = [];
  let room = MAX_QUEUE - (end - first);
  for (let offset = end; offset < total && room > 0; ) {
    const limit = Math.min(FILL_PAGE, total - offset, room);
    steps.push({ offset, limit, isBefore: false });
    offset += limit;
    room -= limit;
  }
  for (let edge = first; edge > 0 && room > 0; ) {
    const limit = Math.min(FILL_PAGE, edge, room);
    steps.push({ offset: edge - limit, limit, isBefore: true });
    edge -= limit;
    room -= limit;
  }
  return steps;
}

/**
 * Brings the rest of a list into the queue in the background, as long as the queue is still about it.
 *
 * @param {object} parts
 * @param {import('./session.js').Session} parts.session
 * @param {import('./track-list.js').TrackList} parts.list
 * @param {{first: number, end: number}} parts.part that the queue has already
 * @param {string} parts.contextId of the queue: another one means that somebody wants something else
 * @param {(page: {query: string, limit: number, offset: number}) => Promise<{tracks: {id: string}[]}>} parts.fetchPage
 */
export async function fillQueue({ session, list, part, contextId, fetchPage }) {
  for (const { offset, limit, isBefore } of fillPlan(part, list.total ?? 0)) {
    const { tracks } = await fetchPage({ query: list.query, limit, offset });
    const isOurs = () => session.queue.context?.id === contextId;
    let isIn = tracks.length === 0;
    while (!isIn && isOurs()) {
      // In a shuffled order there is no "before".
      const at = isBefore && !session.queue.shuffle ? 0 : 'end';
      isIn = await session.fill(tracks.map(({ id }) => id), at);
    }
    if (!isIn) return;
  }
}

import { BUFFER_SECONDS, LITTLE_MEMORY_GB, SAVING_BUFFER_SECONDS, SMALL_BUFFER_SECONDS } from '../limits.js';

/**
 * How far ahead of the ear the server is asked to keep this device, for `bufferSeconds` of CONNECT.
 *
 * @param {object} means
 * @param {boolean} means.savesData whether the listener wants that
 * @param {{saveData?: boolean, type?: string}} [means.link] what the browser says of the network (`navigator.connection`)
 * @param {number} [means.memoryGb] `navigator.deviceMemory`
 * @returns {number} seconds
 */
export function wantedBuffer({ savesData, link, memoryGb = Infinity }) {
  if (savesData || link?.saveData) return SAVING_BUFFER_SECONDS;
  return link?.type === 'cellular' || memoryGb <= LITTLE_MEMORY_GB ? SMALL_BUFFER_SECONDS : BUFFER_SECONDS;
}

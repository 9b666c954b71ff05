import { LOGIN_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from '../limits.js';

/**
 * @typedef {object} User
 * @property {string} id
 * @property {string} username
 * @property {string} plan `free` or `premium`
 */

/**
 * @typedef {object} Track see the protocol, section 2; what is unknown is absent
 * @property {string} id
 * @property {string} title
 * @property {string} [artist]
 * @property {string} [album]
 * @property {number} duration seconds
 * @property {string} [codec]
 * @property {number} [bitrate] bit/s
 * @property {number} [sampleRate] Hz
 * @property {number} [bitsPerSample]
 * @property {boolean} [hasCover]
 * @property {string} [lyrics] plain, or LRC
 */

/** An answer that is not what was asked for; `code` is from the protocol's section 3, or `offline`. */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} [status] HTTP status, 0 when there was no answer
   * @param {number} [retryAfterMs] when it may be tried again
   */
  constructor(code, message, status = 0, retryAfterMs = undefined) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Where a 401 is an answer, and does not mean that a session has run out. */
const OPEN_PATHS = new Set(['/api/v1/me', '/api/v1/auth/login', '/api/v1/auth/logout']);

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @param {number} [timeoutMs]
 * @returns {Promise<any>} the JSON of the answer, null when it has none
 * @throws {ApiError}
 */
async function request(path, init = {}, timeoutMs = REQUEST_TIMEOUT_MS) {
  let response;
  const signal = AbortSignal.timeout(timeoutMs);
  const ask = () => fetch(path, { credentials: 'same-origin', signal, ...init });
  // A question may be asked twice: on a network that has just changed the second one gets through.
  const askAgain = (error) => {
    if (init.method || error.name !== 'TypeError') throw error;
    return ask();
  };
  try {
    response = await ask().catch(askAgain);
  } catch {
    throw new ApiError('offline', 'The server cannot be reached. Check the connection.');
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  const code = body?.error?.code ?? 'internal';
  if (response.status === 401 && !OPEN_PATHS.has(path)) api.onSessionEnd();
  const { message = `The server answered ${response.status}.`, retryAfterMs } = body?.error ?? {};
  throw new ApiError(code, message, response.status, retryAfterMs);
}

/** @param {unknown} value @returns {RequestInit} */
function json(value) {
  return { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

export const api = {
  /** Called when a request is refused because the session has run out. */
  onSessionEnd() {},

  /** @param {string} username @param {string} password @returns {Promise<User>} */
  async logIn(username, password) {
    return (await request('/api/v1/auth/login', json({ username, password }), LOGIN_TIMEOUT_MS)).user;
  },

  /**
   * A new token for the one in the cookie, while that is good.
   *
   * @param {AbortSignal} signal ends it, also when it takes too long
   * @returns {Promise<User>} as they are now
   */
  async renew(signal) {
    return (await request('/api/v1/auth/refresh', { method: 'POST', signal })).user;
  },

  async logOut() {
    await request('/api/v1/auth/logout', { method: 'POST' });
  },

  /** @returns {Promise<User>} whoever the cookie belongs to */
  async me() {
    return request('/api/v1/me');
  },

  /**
   * @param {{query: string, limit: number, offset: number}} page
   * @returns {Promise<{tracks: Track[], total: number}>}
   */
  async tracks({ query, limit, offset }) {
    // Not URLSearchParams: it writes a space as a plus sign, which only forms understand.
    const search = query ? `q=${encodeURIComponent(query)}&` : '';
    return request(`/api/v1/tracks?${search}limit=${limit}&offset=${offset}`);
  },

  /** @returns {Promise<import('../ui/library-watch.js').LibraryState>} how it stands with the library */
  async library() {
    return request('/api/v1/library');
  },

  /** Has the library looked through. @returns {Promise<import('../ui/library-watch.js').LibraryState>} */
  async lookAgain() {
    return request('/api/v1/library/scan', { method: 'POST' });
  },

  /** @param {string[]} ids at most 100 @returns {Promise<Track[]>} those that the library has */
  async tracksById(ids) {
    return (await request(`/api/v1/tracks?ids=${ids.map(encodeURIComponent).join(',')}`)).tracks;
  },

  /** @param {string} trackId @returns {Promise<Track>} */
  async track(trackId) {
    return request(`/api/v1/tracks/${encodeURIComponent(trackId)}`);
  },
};

/** @param {Pick<Track, 'id' | 'hasCover'>} track @returns {string | null} address of the embedded picture */
export function coverUrl(track) {
  return track.hasCover ? `/api/v1/tracks/${encodeURIComponent(track.id)}/cover` : null;
}

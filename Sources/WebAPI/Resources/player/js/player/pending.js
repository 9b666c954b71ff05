/**
 * A stream that a click asked for: `isTaken` once the server has said yes, `isLost` when the connection broke before it
 * came.
 *
 * @typedef {object} Request
 * @property {import('../net/api.js').Track | null} track
 * @property {number} position seconds
 * @property {(quality: string) => Promise<unknown>} ask the command
 * @property {boolean} isTaken
 * @property {boolean} isLost
 */

/** What was asked of the server and isn't seen yet: a stream that is still to come, and what was pressed last. */
export class Pending {
  /** @type {Request | null} */
  request = null;
  /** Until the server has taken it, a stream that comes doesn't know of it. @type {{isPaused: boolean} | null} */
  #press = null;

  /** Nothing is pending any more. */
  clear() {
    this.request = null;
    this.#press = null;
  }

  /** @param {Pick<Request, 'track' | 'position' | 'ask'>} what @returns {Request} */
  expect(what) {
    this.request = { ...what, isTaken: false, isLost: false };
    return this.request;
  }

  /** The connection was lost, and with it what it was to bring. */
  lost() {
    this.#press = null;
    if (this.request) this.request.isLost = true;
  }

  /**
   * Pause or play was pressed.
   *
   * @param {boolean} isPaused
   * @param {() => Promise<boolean>} tell says it to the server; whether that took it
   */
  async press(isPaused, tell) {
    const press = { isPaused };
    this.#press = press;
    if ((await tell()) && this.#press === press) this.#press = null;
  }

  /** A stream has come. @param {{paused?: boolean}} stream @returns {boolean} whether it waits for a press of "play" */
  holds({ paused = false }) {
    const isPaused = this.#press?.isPaused ?? paused;
    this.#press = null;
    return isPaused;
  }
}

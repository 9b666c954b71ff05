/** Refusals of a command about a stream that the server does not have (any more): ours to mend, nobody's to read. */
const GONE = new Set(['no_stream', 'unknown_stream', 'offline', 'timeout']);

/** @param {{code?: string}} error @returns {boolean} whether it only says that stream or connection are gone */
export function isGone(error) {
  return GONE.has(error.code ?? '');
}

/** The commands of this device's own sound. */
export class Requests {
  #connection;
  #session;
  #report;

  /**
   * @param {import('../net/connection.js').Connection} connection
   * @param {import('./session.js').Session} session
   * @param {(error: {code: string, message: string}) => void} report
   */
  constructor(connection, session, report) {
    this.#connection = connection;
    this.#session = session;
    this.#report = report;
  }

  /** Whether this device moves together with others, by what the server says. */
  get isInGroup() {
    return this.#session.isInGroup;
  }

  /** Whether sound comes here by (again) playing along with others: what, and from where, is theirs to say. */
  get joinsOthers() {
    return this.#session.role === 'member' || this.#session.isParted;
  }

  /**
   * Makes this item sound here from there: by the queue if the item is one of it, else as a track alone.
   *
   * @param {{trackId?: string, itemId?: string | null}} what
   * @param {number} position seconds
   * @param {string} quality
   */
  async play({ trackId, itemId }, position, quality) {
    const session = this.#session;
    if (this.joinsOthers) await session.setGrouped(session.deviceId, true);
    else if (itemId) await session.jump(itemId, position);
    else await this.#connection.command('play_track', { trackId, position, quality });
  }

  /** @param {string} event @param {object} payload @returns {Promise<any>} the ack */
  async send(event, payload) {
    return this.#connection.command(event, payload);
  }

  /**
   * Sends what only informs the server: where it has no such stream there is nothing to inform it about.
   *
   * @param {string} event @param {object} payload
   * @returns {Promise<boolean>} whether the server took it
   */
  async tell(event, payload) {
    try {
      await this.#connection.command(event, payload);
      return true;
    } catch (error) {
      if (!isGone(error)) this.#report(error);
      return false;
    }
  }
}

/** Exchanges that are remembered: at one every five seconds, the last minute. */
const WINDOW = 12;

/**
 * The server's clock as four timestamps tell it (RFC 5905, section 8): of the last exchanges the one with the shortest
 * round trip is believed, since what a delay can hide is at most half of it. Good enough for a display; playing
 * together has a finer one.
 */
export class ClockEstimate {
  /** @type {{offsetMs: number, rttMs: number}[]} */
  #exchanges = [];

  /** @param {{t0: number, t1: number, t2: number, t3: number}} times Unix ms; t1 and t2 are the server's */
  add({ t0, t1, t2, t3 }) {
    const offsetMs = (t1 - t0 + (t2 - t3)) / 2;
    if (!Number.isFinite(offsetMs)) return;
    this.#exchanges.push({ offsetMs, rttMs: Math.max(t3 - t0 - (t2 - t1), 0) });
    if (this.#exchanges.length > WINDOW) this.#exchanges.shift();
  }

  /** What the server's clock is ahead of this one, ms; 0 until known. */
  get offsetMs() {
    return this.#best?.offsetMs ?? 0;
  }

  /** The most that the offset can be wrong by, ms; null until known. */
  get errorMs() {
    return this.#best ? this.#best.rttMs / 2 : null;
  }

  /** The server's clock now, Unix ms. */
  now() {
    return Date.now() + this.offsetMs;
  }

  get #best() {
    return this.#exchanges.reduce((best, one) => (best && best.rttMs <= one.rttMs ? best : one), this.#exchanges[0]);
  }
}

import * as limits from './limits.js';

/**
 * One exchange: `t0` sent and `t3` received by the local monotonic clock, `t1` received and `t2` answered by the
 * server's (Unix ms). All in ms.
 * @typedef {{t0: number, t1: number, t2: number, t3: number}} Exchange
 */

/**
 * An exchange as bounds of the offset, and the drift that was believed when it came.
 * @typedef {{t0: number, t3: number, up: number, low: number, drift: number}} Point
 */

/**
 * What the server's clock says at a local moment, from `clock_sync` exchanges.
 *
 * **What an exchange says.** Let θ be the server's clock less ours. The request can't have come before it was sent, nor
 * the reply been sent after it came, so `t2 − t3 ≤ θ ≤ t1 − t0` (F. Cristian, "Probabilistic clock synchronization",
 * 1989). The middle of it is NTP's offset (RFC 5905, section 8), half its width the bound of the error.
 *
 * **What many say.** NTP's clock filter (RFC 5905, section 10) keeps the exchange with the shortest round trip;
 * Snapcast takes the median of a few hundred. Both need a request *and* its reply to be quick. But the delay of each
 * way has a floor of its own, so each way is filtered by itself: with a straight line θ(t) = a + b·t (offset and drift)
 * every `t1 − t0` lies above the line by at least the request's shortest delay, every `t2 − t3` below it by at least
 * the reply's. Where delays above the floor are exponentially distributed, the most likely line is the one that leaves
 * the widest free strip between both clouds of points (the linear program of S. Moon, P. Skelly, D. Towsley,
 * "Estimation and removal of clock skew from network delay measurements", INFOCOM 1999, for both ways at a time; its
 * solution touches both convex hulls). The strip's width is concave in b, so a ternary search finds it; a prior on b
 * (crystals are some 50 ppm off) keeps short windows from guessing. The estimate is the middle of the strip. Lost
 * exchanges are simply not there, slow ones change nothing.
 *
 * **What cannot be seen** is asymmetry: a request that takes d longer than its reply, always, looks like an offset of
 * d/2. No method sees it without a second path. `boundMs`, half the strip, is the most that can be wrong by that, never
 * more than half the shortest round trip. Devices with the same asymmetry are off together and still in step.
 *
 * **Jumps.** A clock that was set, or stood still while the computer slept, makes an exchange that contradicts the
 * estimate by more than drift can explain; several in a row that agree among themselves start the estimate anew.
 * A jump that hides within the round trip is found by comparing the strip's both edges of late with those before: both
 * have moved the same way. Whole numbers from the server (a clock of 1 ms) widen each interval by that ms.
 *
 * No I/O, no clock of its own: `ClockSync` does the exchanges.
 */
export class ServerClock {
  /** How often it had to start anew because a clock jumped. */
  restarts = 0;
  /** @type {Point[]} oldest first */
  #points = [];
  /** The latest ones, also those that were not believed. @type {Point[]} */
  #recent = [];
  /** Those that contradict the estimate. @type {Point[]} */
  #suspects = [];
  /** θ(t) = #offset + #drift · (t − #epoch) */
  #epoch = 0;
  #offset = 0;
  #drift = 0;
  #width = Infinity;
  #rtt = Infinity;

  /** Whether there is an estimate. */
  get isReady() {
    return this.#points.length > 0;
  }

  /** Whether the first burst is in, so that devices may play together by it. */
  get isSettled() {
    return this.#points.length >= limits.BURST_EXCHANGES;
  }

  /** How far the estimate can be off by asymmetry, ms. */
  get boundMs() {
    return Math.max(this.#width, 0) / 2;
  }

  /** The server's clock runs faster than ours by this, parts per million. */
  get driftPpm() {
    return this.#drift * 1e6;
  }

  /** Shortest round trip of the window, ms. */
  get rttMs() {
    return this.#rtt;
  }

  /** @param {number} localMs @returns {number} the server's clock then, Unix ms with fractions; NaN while unknown */
  serverAt(localMs) {
    if (!this.isReady) return NaN;
    return localMs + this.#offset + this.#drift * (localMs - this.#epoch);
  }

  /** @param {number} serverMs @returns {number} the local clock then, ms; NaN while unknown */
  localAt(serverMs) {
    if (!this.isReady) return NaN;
    return this.#epoch + (serverMs - this.#epoch - this.#offset) / (1 + this.#drift);
  }

  /** Forgets everything, as after a reconnect to what may be another server. */
  reset() {
    this.#points = [];
    this.#recent = [];
    this.#suspects = [];
    this.#drift = 0;
  }

  /**
   * @param {Exchange} exchange
   * @returns {'used' | 'refused' | 'jumped'} `refused`: no exchange at all, too slow, or doubtful until others confirm
   *   it; `jumped`: a clock jumped, the estimate starts anew
   */
  observe({ t0, t1, t2, t3 }) {
    const isSane = [t0, t1, t2, t3].every(Number.isFinite) && t3 >= t0 && t2 >= t1;
    if (!isSane || t3 - t0 > limits.MAX_ROUND_TRIP_MS) return 'refused';
    const quantum = Number.isInteger(t1) && Number.isInteger(t2) ? 1 : 0;
    const point = { t0, t3, up: t1 + quantum - t0, low: t2 - t3, drift: this.#drift };
    const last = this.#points.at(-1);
    if (last && t0 < last.t0) {
      // The local clock went backwards: it is no longer the one that we knew.
      this.#restart([point]);
      return 'jumped';
    }
    this.#recent.push(point);
    if (this.#recent.length > limits.RECENT_EXCHANGES) this.#recent.shift();
    if (this.#hasShifted()) {
      this.#restart(this.#recent);
      return 'jumped';
    }
    if (this.isReady && this.#contradicts(point)) {
      this.#suspects.push(point);
      if (!agree(this.#suspects)) this.#suspects = [point];
      if (this.#suspects.length < limits.JUMP_CONFIRMATIONS) return 'refused';
      this.#restart(this.#suspects);
      return 'jumped';
    }
    this.#suspects = [];
    this.#points.push(point);
    if (this.#points.length > limits.WINDOW_EXCHANGES) this.#points.shift();
    while (this.#points[0].t0 < t0 - limits.WINDOW_MS) this.#points.shift();
    this.#estimate();
    return 'used';
  }

  #contradicts({ t0, t3, up, low }) {
    const last = this.#points[this.#points.length - 1];
    const slack = limits.JUMP_SLACK_MS + (t0 - last.t0) * 2 * limits.MAX_DRIFT;
    return low - this.#thetaAt(t3) > slack || this.#thetaAt(t0) - up > slack;
  }

  #thetaAt(localMs) {
    return this.#offset + this.#drift * (localMs - this.#epoch);
  }

  /** @param {Point[]} points */
  #restart(points) {
    this.restarts += 1;
    this.#points = [...points];
    this.#recent = [];
    this.#suspects = [];
    this.#drift = 0;
    this.#estimate();
  }

  /** Whether both edges of the strip moved the same way, by more than luck and what is unknown of the drift. */
  #hasShifted() {
    const recent = this.#recent;
    if (recent.length < limits.RECENT_EXCHANGES) return false;
    const earlier = this.#points.filter(({ t0 }) => t0 < recent[0].t0);
    if (earlier.length < limits.RECENT_EXCHANGES) return false;
    // The drift as it was believed before the latest came: a jump among them looks like drift.
    const { drift, t0: since } = recent[0];
    const now = edges(recent, drift, since);
    const before = edges(earlier, drift, since);
    const slack = limits.SMALL_JUMP_MS + (since - earlier[0].t0) * limits.DRIFT_UNCERTAINTY;
    const forward = Math.min(now.top - before.top, now.bottom - before.bottom);
    const back = Math.max(now.top - before.top, now.bottom - before.bottom);
    return forward > slack || back < -slack;
  }

  #estimate() {
    const points = this.#points;
    this.#epoch = points[points.length - 1].t3;
    this.#rtt = Math.min(...points.map(({ up, low }) => up - low));
    const meanGap = points.reduce((sum, { up, low }) => sum + up - low, 0) / points.length;
    const width = (drift) => {
      const { top, bottom } = edges(points, drift, this.#epoch);
      return top - bottom;
    };
    // Mean delay above the floor, of one way; never so small that a handful of points looks certain.
    const scale = Math.max((meanGap - width(this.#drift)) / 2, 0.05);
    const likelihood = (drift) =>
      (points.length * width(drift)) / scale - drift ** 2 / (2 * limits.DRIFT_PRIOR ** 2);
    let low = -limits.MAX_DRIFT;
    let high = limits.MAX_DRIFT;
    while (high - low > 1e-8) {
      const third = (high - low) / 3;
      if (likelihood(low + third) < likelihood(high - third)) low += third;
      else high -= third;
    }
    this.#drift = (low + high) / 2;
    const { top, bottom } = edges(points, this.#drift, this.#epoch);
    this.#offset = (top + bottom) / 2;
    this.#width = top - bottom;
  }
}

/** The free strip's edges at `epoch`, for a line of this slope. */
function edges(points, drift, epoch) {
  let top = Infinity;
  let bottom = -Infinity;
  for (const { t0, t3, up, low } of points) {
    top = Math.min(top, up - drift * (t0 - epoch));
    bottom = Math.max(bottom, low - drift * (t3 - epoch));
  }
  return { top, bottom };
}

/** Whether one offset could explain all of them. */
function agree(points) {
  const { top, bottom } = edges(points, 0, 0);
  return top - bottom > -limits.JUMP_SLACK_MS;
}

import * as limits from './limits.js';
import { ServerClock } from './server-clock.js';

/**
 * Does the `clock_sync` exchanges that a `ServerClock` lives on: a burst, then more of them while devices play together,
 * then one every few seconds. One at a time; a lost one is given up when the next is due.
 */
export class ClockSync {
  clock = new ServerClock();
  #send;
  #now;
  #timer;
  #count = 0;
  #isGrouped = false;
  #isRunning = false;
  #run = 0;

  /**
   * @param {(payload: {t0: number}) => Promise<{t1: number, t2: number}>} send sends `clock_sync` and gives its ack
   * @param {() => number} [now] the local monotonic clock, ms
   */
  constructor(send, now = () => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  /** Begins with a burst; call it at each connect. */
  start() {
    this.stop();
    this.#isRunning = true;
    this.#count = 0;
    this.#next(0);
  }

  stop() {
    this.#isRunning = false;
    this.#run += 1;
    clearTimeout(this.#timer);
  }

  /** Whether devices play together by this clock: it is asked more often then. @param {boolean} on */
  setGrouped(on) {
    if (on === this.#isGrouped) return;
    this.#isGrouped = on;
    if (on && this.#isRunning) this.start();
  }

  #next(delayMs) {
    const run = this.#run;
    this.#timer = setTimeout(() => {
      if (run !== this.#run) return;
      this.#exchange(run);
      this.#next(this.#interval);
    }, delayMs);
  }

  get #interval() {
    if (this.#count < limits.BURST_EXCHANGES) return limits.BURST_INTERVAL_MS;
    if (!this.#isGrouped) return limits.IDLE_INTERVAL_MS;
    const isSettling = this.#count < limits.BURST_EXCHANGES + limits.SETTLE_EXCHANGES;
    return isSettling ? limits.SETTLE_INTERVAL_MS : limits.GROUP_INTERVAL_MS;
  }

  async #exchange(run) {
    this.#count += 1;
    const t0 = this.#now();
    try {
      const { t1, t2 } = await this.#send({ t0 });
      if (run !== this.#run) return;
      if (this.clock.observe({ t0, t1, t2, t3: this.#now() }) === 'jumped') this.#count = 0;
    } catch {
      // Offline, or too slow: one exchange less. The connection's own heartbeat decides what that means.
    }
  }
}

import { preferences } from '../preferences.js';

/** Refusals after which the choice is one for what plays next. */
const NOTHING_PLAYS = new Set(['no_stream', 'unknown_stream']);

/** The quality that a listener chose on this device, and why the present rendition is what it is. */
export class QualityChoice {
  /** A tier of the protocol. */
  value = preferences.get('quality', 'auto');
  /** `reason` of the last `quality_change`, null until the server said so. @type {string | null} */
  reason = null;
  #onChange;
  #report;

  /** @param {() => void} onChange @param {(error: {code: string, message: string}) => void} report a refusal */
  constructor(onChange, report) {
    this.#onChange = onChange;
    this.#report = report;
  }

  /** @param {string} value kept for every track from now on */
  remember(value) {
    this.value = value;
    preferences.set('quality', value);
    this.#onChange();
  }

  /**
   * Chooses, and tells the server; a refusal takes it back, unless it only says that nothing plays.
   *
   * @param {string} value
   * @param {(quality: string) => Promise<unknown>} tell
   */
  async choose(value, tell) {
    const before = this.value;
    this.remember(value);
    try {
      await tell(value);
    } catch (error) {
      if (NOTHING_PLAYS.has(error.code)) return;
      if (this.value === value) this.remember(before);
      this.#report(error);
    }
  }

  /** @param {string | null} reason */
  explain(reason) {
    this.reason = reason;
    this.#onChange();
  }

  /**
   * Asks at the chosen quality, or at what the plan has when that isn't part of it.
   *
   * @param {(quality: string) => Promise<unknown>} ask
   */
  async within(ask) {
    try {
      await ask(this.value);
    } catch (error) {
      if (error.code !== 'not_entitled' || this.value === 'auto') throw error;
      this.#report(error);
      this.remember('auto');
      await ask(this.value);
    }
  }
}

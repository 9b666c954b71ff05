/**
 * A message: text with `{placeholders}`, or one for each category of plurals that the language has, of which the number
 * in `{count}` chooses.
 *
 * @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Message
 */

/** Messages in one language, and how it writes numbers and lists. */
export class Wording {
  /** BCP 47. */
  language;
  #messages;
  #plurals;
  #numbers;
  #list;
  #relative;
  /** @type {Map<string, Intl.NumberFormat>} */
  #units = new Map();

  /** @param {string} language @param {Record<string, Message>} messages */
  constructor(language, messages) {
    this.language = language;
    this.#messages = messages;
    this.#plurals = new Intl.PluralRules(language);
    this.#numbers = new Intl.NumberFormat(language);
    this.#list = new Intl.ListFormat(language);
    this.#relative = new Intl.RelativeTimeFormat(language);
  }

  /** @param {string} key */
  has(key) {
    return Object.hasOwn(this.#messages, key);
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values] of the placeholders; numbers are written as the language does
   * @returns {string}
   * @throws {RangeError} where there is no such message, or a value is missing: a test sees to that
   */
  text(key, values = {}) {
    if (!this.has(key)) throw new RangeError(`there is no message "${key}"`);
    const message = this.#messages[key];
    const text = typeof message === 'string' ? message : message[this.#plurals.select(Number(values.count))];
    return /** @type {string} */ (text).replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      if (value === undefined) throw new RangeError(`the message "${key}" has no ${name}`);
      return typeof value === 'number' ? this.number(value) : value;
    });
  }

  /** @param {number} value @param {number} [digits] behind the decimal point; as many as it needs, up to three */
  number(value, digits) {
    if (digits === undefined) return this.#numbers.format(value);
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.language, options).format(value);
  }

  /** @param {string[]} parts @returns {string} `a, b and c` */
  list(parts) {
    return this.#list.format(parts);
  }

  /**
   * @param {number} value below zero for what has been
   * @param {'minute' | 'hour' | 'day' | 'month'} unit
   * @returns {string} `3 days ago`
   */
  relative(value, unit) {
    return this.#relative.format(value, unit);
  }

  /**
   * @param {number} value
   * @param {'second' | 'minute' | 'hour'} unit
   * @param {'short' | 'long'} width `3 min`, or `3 minutes`
   */
  duration(value, unit, width) {
    const key = `${unit}/${width}`;
    let format = this.#units.get(key);
    if (!format) {
      format = new Intl.NumberFormat(this.language, { style: 'unit', unit, unitDisplay: width });
      this.#units.set(key, format);
    }
    return format.format(value);
  }
}

import { Emitter } from '../events.js';
import { preferences } from '../preferences.js';
import { en } from './en.js';
import { ru } from './ru.js';
import { Wording } from './wording.js';

/** @typedef {'auto' | 'en' | 'ru'} Choice `auto`: as the browser has it */

/** What there is, by its name in itself. */
export const LANGUAGES = /** @type {const} */ ({ en: 'English', ru: 'Русский' });

const WORDINGS = { en: new Wording('en', en), ru: new Wording('ru', ru) };

/**
 * `boot.js` does the same before the first paint, when no module is there yet.
 *
 * @param {unknown} choice of the listener
 * @param {readonly string[]} preferred of the browser, best first
 * @returns {keyof typeof LANGUAGES}
 */
export function languageFor(choice, preferred) {
  const known = [choice, ...preferred].map((name) => String(name).toLowerCase().split('-')[0]);
  return /** @type {keyof typeof LANGUAGES} */ (known.find((name) => Object.hasOwn(LANGUAGES, name)) ?? 'en');
}

/**
 * The page's language. Emits `change` when the listener has chosen another one: what is shown is to be written anew.
 *
 * @extends {Emitter<{change: undefined}>}
 */
class Language extends Emitter {
  /** @type {Choice} */
  choice = preferences.get('language', 'auto');
  wording = WORDINGS[languageFor(globalThis.document?.documentElement?.lang, [])];

  constructor() {
    super();
    preferences.onElsewhere('language', () => this.#follow(preferences.get('language', 'auto')));
  }

  /** @param {Choice} choice the other pages of this browser follow */
  choose(choice) {
    preferences.set('language', choice);
    this.#follow(choice);
  }

  /** @param {Choice} choice */
  #follow(choice) {
    if (choice === this.choice) return;
    this.choice = choice;
    this.wording = WORDINGS[languageFor(choice, navigator.languages)];
    document.documentElement.lang = this.wording.language;
    this.emit('change');
  }
}

export const language = new Language();

/**
 * A message in the page's language.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values] of its placeholders
 */
export function t(key, values) {
  return language.wording.text(key, values);
}

/**
 * A fault in words for people: by its code, or as it was said where that is none of ours.
 *
 * @param {{code?: string, message?: string}} fault
 */
export function faultText({ code, message = '' }) {
  const key = `fault.${code}`;
  return language.wording.has(key) ? t(key) : message;
}

const PREFIX = 'dubplate.';

/** What a listener chose on this device. Storage that is full or forbidden costs the memory, not the player. */
export const preferences = {
  /**
   * @template Value
   * @param {string} key
   * @param {Value} fallback
   * @returns {Value}
   */
  get(key, fallback) {
    try {
      const text = localStorage.getItem(PREFIX + key);
      return text === null ? fallback : JSON.parse(text);
    } catch {
      return fallback;
    }
  },

  /** @param {string} key @param {unknown} value */
  set(key, value) {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // Private windows may forbid it: the choice then lasts as long as the page.
    }
  },

  /** Calls back when another page of this browser has chosen. @param {string} key @param {() => void} listener */
  onElsewhere(key, listener) {
    globalThis.addEventListener?.('storage', (event) => {
      // Without a key all of it was forgotten.
      if (event.key === PREFIX + key || event.key === null) listener();
    });
  },
};

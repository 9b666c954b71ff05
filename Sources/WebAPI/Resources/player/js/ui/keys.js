/**
 * The key of a shortcut, whatever alphabet the keyboard writes: `a` … `z`, `/`, `?`, `Space`, `Escape`, `ArrowUp` …
 *
 * A key that writes a Latin letter is that letter, wherever it lies. One of another alphabet (Russian, Greek, Hebrew) is
 * the letter of a Latin keyboard in its place, and so is the slash, which most of them write elsewhere.
 *
 * @param {Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>} event
 * @returns {string}
 */
export function shortcutOf({ key, code, shiftKey }) {
  if (code === 'Space' || key === ' ') return 'Space';
  if (key.length > 1 || key === '/' || key === '?') return key;
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  if (code === 'Slash') return shiftKey ? '?' : '/';
  const isOfAnotherAlphabet = (key.codePointAt(0) ?? 0) > 0x7f;
  return isOfAnotherAlphabet && /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key;
}

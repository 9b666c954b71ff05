import { language, t } from '../i18n/language.js';

/** Attributes that name an element's message, and where it goes: an attribute of the element, or null for its text. */
const PLACES = {
  'data-text': null,
  'data-label': 'aria-label',
  'data-title': 'title',
  'data-placeholder': 'placeholder',
};
const MARKED = Object.keys(PLACES).map((mark) => `[${mark}]`).join();

/** Writes what an element's marks name. @param {Element} node */
export function fillText(node) {
  for (const [mark, attribute] of Object.entries(PLACES)) {
    const key = node.getAttribute(mark);
    if (key === null) continue;
    if (attribute) node.setAttribute(attribute, t(key));
    else node.textContent = t(key);
  }
}

/** Writes a message that stays what it is in every language. @param {HTMLElement} node @param {string} key */
export function setText(node, key) {
  if (node.dataset.text === key) return;
  node.dataset.text = key;
  fillText(node);
}

/**
 * The same for what a screen reader is told, and who rests on it with a pointer.
 *
 * @param {HTMLElement} node @param {string} label @param {string} title
 */
export function setLabel(node, label, title) {
  if (node.dataset.label === label && node.dataset.title === title) return;
  node.dataset.label = label;
  node.dataset.title = title;
  fillText(node);
}

/** Puts the page into its language, now and whenever another one is chosen. */
export function setUpTexts() {
  const fill = () => {
    for (const node of document.querySelectorAll(MARKED)) fillText(node);
  };
  fill();
  delete document.documentElement.dataset.awaits;
  language.on('change', fill);
}

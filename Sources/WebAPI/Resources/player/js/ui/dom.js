import { fillText } from './texts.js';

/**
 * @template {HTMLElement} [Element=HTMLElement]
 * @param {string} id
 * @returns {any} the element of the page; the page has it, or this throws at the start
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean | undefined>} [attributes] `class`, `role` …; true sets an empty one, false
 *   and undefined none. `data-text` and its kind name a message (see `texts.js`)
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  fillText(node);
  node.append(...children);
  return node;
}

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} name of the sprite in index.html @returns {SVGElement} */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** @param {Element} use a `<use>` of the page @param {string} name */
export function setIcon(use, name) {
  use.setAttribute('href', `#icon-${name}`);
}

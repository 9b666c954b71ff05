import { Emitter } from './events.js';

/**
 * @typedef {'library' | 'playing' | 'queue' | 'lyrics' | 'devices' | 'account'} View
 *
 * @typedef {object} Route where a listener is
 * @property {View} view
 * @property {string} query what the library is searched for, whatever lies before it; empty: all of it
 * @property {'library' | 'playing' | 'queue' | 'lyrics'} under what lies behind `devices` and `account`; else `view`
 */

const SHEETS = /** @type {const} */ (['library', 'playing', 'queue', 'lyrics']);
const OVERLAYS = /** @type {const} */ (['devices', 'account']);
const VIEWS = /** @type {readonly string[]} */ ([...SHEETS, ...OVERLAYS]);

/**
 * What an address says. `/` is the library, `/search?q=` what a search left of it; the other views have their names.
 *
 * @param {string} path @param {string} search with its question mark
 * @param {unknown} [under] what the entry of the history remembers
 * @returns {Route & {isKnown: boolean}} the library where the path names nothing
 */
export function routeOf(path, search, under) {
  const name = path.replace(/^\/|\/$/g, '');
  const query = (new URLSearchParams(search).get('q') ?? '').trim();
  if (name === '' || name === 'index.html' || name === 'search') return { ...sheet('library', query), isKnown: true };
  if (!VIEWS.includes(name)) return { ...sheet('library', query), isKnown: false };
  const view = /** @type {View} */ (name);
  if (!isOverlay(view)) return { ...sheet(view, query), isKnown: true };
  const behind = SHEETS.find((each) => each === under) ?? 'library';
  return { view, query, under: behind, isKnown: true };
}

/**
 * The address of a route.
 *
 * @param {Pick<Route, 'view' | 'query'>} route
 * @param {string} search of the present address: fields that are none of ours stay
 */
export function addressOf({ view, query }, search = '') {
  const fields = new URLSearchParams(search);
  fields.delete('q');
  if (query) fields.set('q', query);
  const text = fields.toString();
  const name = view === 'library' ? (query ? 'search' : '') : view;
  return `/${name}${text ? `?${text}` : ''}`;
}

/** @param {Route['under']} view @param {string} query @returns {Route} */
function sheet(view, query) {
  return { view, query, under: view };
}

/** @param {View} view @returns {view is 'devices' | 'account'} */
function isOverlay(view) {
  return OVERLAYS.some((each) => each === view);
}

/**
 * Where the listener is, as the browser's history has it: a new view is a new entry, and Back leads to the one before.
 * Nothing is loaded for it, so that what plays goes on.
 *
 * Each entry keeps what its address doesn't say: what lies behind a panel, how far the library is scrolled, and which
 * address it was come to from. Who closes a view is led back where that was the one wanted, and on to a new entry where
 * not, so that a view opened and closed leaves no trace.
 *
 * Emits `change` with the route, however it came about.
 *
 * @extends {Emitter<{change: Route}>}
 */
export class Navigation extends Emitter {
  #window;
  /** @type {Route} */
  #route;
  /** What to do once the browser has gone back, which it does in its own time. @type {(() => void)[] | null} */
  #afterBack = null;

  /** Whether the page was asked for by an address that names nothing. */
  isLost;

  /** @param {Pick<Window, 'history' | 'location' | 'addEventListener'>} window the page's, or one like it */
  constructor(window) {
    super();
    this.#window = window;
    const { isKnown, ...route } = this.#read();
    this.isLost = !isKnown;
    this.#route = route;
    // The spelling of the address, and an address that names nothing.
    this.#write('replaceState', route, window.history.state ?? {});
    window.addEventListener('popstate', () => this.#moved());
  }

  get route() {
    return this.#route;
  }

  /** How far the library is scrolled at this entry, pixels. @returns {number} */
  get scroll() {
    const kept = this.#window.history.state?.scroll;
    return Number.isFinite(kept) ? kept : 0;
  }

  /** @param {number} scroll pixels, for when this entry is come back to */
  keepScroll(scroll) {
    if (this.#afterBack || scroll === this.scroll) return;
    this.#write('replaceState', this.#route, { ...this.#window.history.state, scroll });
  }

  /** Opens a view. @param {View} view */
  show(view) {
    this.#inOrder(() => this.#push(this.#to(view)));
  }

  /** Closes the present view for another one. @param {View} view */
  leaveFor(view) {
    this.#inOrder(() => this.#leave(this.#to(view)));
  }

  /** Closes what lies over the others, if that is what is shown. @param {'devices' | 'account'} view */
  close(view) {
    this.#inOrder(() => this.#route.view === view && this.#leave(sheet(this.#route.under, this.#route.query)));
  }

  /** Goes to the library as it is without a search. */
  home() {
    this.#inOrder(() => this.#push(sheet('library', '')));
  }

  /** Begins anew, for somebody else. */
  restart() {
    this.#inOrder(() => {
      this.#write('replaceState', sheet('library', ''), {});
      this.#set(sheet('library', ''));
    });
  }

  /** A search: one entry, whatever is typed until it is over. @param {string} query empty ends it */
  search(query) {
    this.#inOrder(() => {
      const route = { ...this.#route, query };
      if (query === this.#route.query) return;
      if (query === '') this.#leave(route);
      else if (this.#route.query === '') this.#push(route);
      else {
        this.#write('replaceState', route, { ...this.#window.history.state, scroll: 0 });
        this.#set(route);
      }
    });
  }

  /** @param {View} view @returns {Route} */
  #to(view) {
    const { query, under } = this.#route;
    return isOverlay(view) ? { view, query, under } : sheet(/** @type {Route['under']} */ (view), query);
  }

  /** @param {Route} route */
  #push(route) {
    if (this.#addressOf(route) === this.#addressOf(this.#route)) return;
    const { history } = this.#window;
    // An entry that shows the same list is scrolled alike.
    const scroll = route.query === this.#route.query ? history.state?.scroll : 0;
    this.#write('pushState', route, { from: this.#addressOf(this.#route), scroll });
    this.#set(route);
  }

  /** @param {Route} route */
  #leave(route) {
    const { history } = this.#window;
    if (history.state?.from !== this.#addressOf(route)) return this.#push(route);
    this.#afterBack = [];
    history.back();
  }

  /** The browser's way back is asynchronous; what is wanted meanwhile comes behind it. @param {() => void} step */
  #inOrder(step) {
    if (this.#afterBack) this.#afterBack.push(step);
    else step();
  }

  #moved() {
    const { isKnown, ...route } = this.#read();
    this.#set(route);
    const steps = this.#afterBack ?? [];
    this.#afterBack = null;
    for (const step of steps) this.#inOrder(step);
  }

  #read() {
    const { location, history } = this.#window;
    return routeOf(location.pathname, location.search, history.state?.under);
  }

  /** @param {Route} route */
  #addressOf(route) {
    return addressOf(route, this.#window.location.search);
  }

  /** @param {'pushState' | 'replaceState'} how @param {Route} route @param {object} state */
  #write(how, route, state) {
    this.#window.history[how]({ ...state, under: route.under }, '', this.#addressOf(route));
  }

  /** @param {Route} route */
  #set(route) {
    this.#route = route;
    this.emit('change', route);
  }
}

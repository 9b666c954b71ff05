import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Navigation, addressOf, routeOf } from '../../Sources/WebAPI/Resources/player/js/navigation.js';
import { shortcutOf } from '../../Sources/WebAPI/Resources/player/js/ui/keys.js';

/** A browser's history: entries with state and address; going back takes until `settle`. */
class FakeWindow {
  entries;
  at = 0;
  #listeners = [];
  #isGoing = false;

  constructor(address) {
    this.entries = [{ address, state: null }];
    this.history = {
      pushState: (state, _, address) => {
        this.entries.splice(this.at + 1, Infinity, { address, state });
        this.at += 1;
      },
      replaceState: (state, _, address) => (this.entries[this.at] = { address, state }),
      back: () => (this.#isGoing = true),
    };
    const window = this;
    Object.defineProperty(this.history, 'state', { get: () => window.entries[window.at].state });
  }

  get location() {
    return new URL(`http://x${this.entries[this.at].address}`);
  }

  get address() {
    return this.entries[this.at].address;
  }

  addEventListener(_, listener) {
    this.#listeners.push(listener);
  }

  /** As by the browser's own buttons. */
  go(steps) {
    this.at += steps;
    for (const listener of this.#listeners) listener({});
  }

  settle() {
    if (!this.#isGoing) return;
    this.#isGoing = false;
    this.go(-1);
  }
}

function open(address) {
  const window = new FakeWindow(address);
  return { window, navigation: new Navigation(window) };
}

test('every view has an address, and an address its view', () => {
  for (const view of ['library', 'playing', 'queue', 'lyrics', 'devices', 'account']) {
    for (const query of ['', 'a b', 'ключ & замок?', '100%']) {
      const { pathname, search } = new URL(addressOf({ view, query }), 'http://x');
      const route = routeOf(pathname, search);
      assert.deepEqual([route.view, route.query, route.isKnown], [view, query, true]);
    }
  }
  assert.equal(addressOf({ view: 'library', query: '' }), '/');
  assert.equal(addressOf({ view: 'library', query: 'dub' }), '/search?q=dub');
  assert.equal(addressOf({ view: 'queue', query: 'dub' }, '?decoder=x&q=old'), '/queue?decoder=x&q=dub');
});

test('an address that names nothing is the library, and is put right', () => {
  for (const path of ['/nothing', '/queue/7', '/a/b', '//', '/QUEUE', '/__proto__', '/constructor']) {
    assert.equal(routeOf(path, '').view, 'library', path);
    const { window, navigation } = open(path);
    assert.equal(window.address, '/');
    assert.equal(navigation.isLost, path !== '//', path);
  }
  assert.equal(open('/queue/').window.address, '/queue');
  assert.equal(open('/queue').navigation.isLost, false);
});

test('back and forward lead through the views, one entry each', () => {
  const { window, navigation } = open('/');
  const seen = [];
  navigation.on('change', ({ view, query }) => seen.push(query ? `${view} ${query}` : view));
  navigation.show('queue');
  navigation.show('queue');
  navigation.show('lyrics');
  assert.deepEqual(window.entries.map(({ address }) => address), ['/', '/queue', '/lyrics']);
  window.go(-1);
  window.go(-1);
  window.go(1);
  assert.deepEqual(seen, ['queue', 'lyrics', 'queue', 'library', 'queue']);
});

test('a search is one entry however long it is typed, and clearing it leads back', () => {
  const { window, navigation } = open('/');
  for (const query of ['d', 'du', 'dub']) navigation.search(query);
  assert.deepEqual(window.entries.map(({ address }) => address), ['/', '/search?q=dub']);
  navigation.search('');
  window.settle();
  assert.equal(window.address, '/');
  assert.equal(window.at, 0);
  // Come to by its address there is nowhere to lead back to.
  const other = open('/search?q=dub');
  other.navigation.search('');
  other.window.settle();
  assert.deepEqual(other.window.entries.map(({ address }) => address), ['/search?q=dub', '/']);
});

test('what lies over a view gives way to it again, also after a reload', () => {
  const { window, navigation } = open('/queue?q=dub');
  navigation.show('devices');
  assert.equal(window.address, '/devices?q=dub');
  assert.equal(new Navigation(window).route.under, 'queue');
  navigation.close('account');
  assert.equal(window.address, '/devices?q=dub');
  navigation.close('devices');
  window.settle();
  assert.deepEqual([window.address, window.at, navigation.route.view], ['/queue?q=dub', 0, 'queue']);
  // Where it was opened by its address, what lies behind it is a new entry.
  const other = open('/devices');
  other.navigation.close('devices');
  assert.deepEqual([other.window.address, other.window.at], ['/', 1]);
});

test('what is opened while the browser still goes back comes behind that', () => {
  const { window, navigation } = open('/');
  navigation.show('devices');
  navigation.close('devices');
  navigation.show('queue');
  navigation.keepScroll(5);
  assert.equal(window.address, '/devices');
  window.settle();
  assert.deepEqual(window.entries.map(({ address }) => address), ['/', '/queue']);
  assert.equal(navigation.route.view, 'queue');
});

test('each entry keeps how far the library is scrolled', () => {
  const { window, navigation } = open('/');
  navigation.keepScroll(1200);
  navigation.show('queue');
  assert.equal(navigation.scroll, 1200);
  navigation.search('dub');
  assert.equal(navigation.scroll, 0);
  navigation.keepScroll(60);
  navigation.search('dubp');
  assert.equal(navigation.scroll, 0);
  window.go(-1);
  assert.equal(navigation.scroll, 1200);
  navigation.restart();
  assert.deepEqual([window.address, navigation.scroll], ['/', 0]);
});

test('a shortcut is its letter, or its place on keyboards of another alphabet', () => {
  const press = (key, code, shiftKey = false) => shortcutOf({ key, code, shiftKey });
  assert.deepEqual(
    [press('q', 'KeyQ'), press('Q', 'KeyQ', true), press('й', 'KeyQ'), press('ь', 'KeyM'), press('μ', 'KeyM')],
    ['q', 'q', 'q', 'm', 'm'],
  );
  assert.deepEqual([press('a', 'KeyQ'), press('m', 'Semicolon'), press(',', 'KeyM')], ['a', 'm', ',']);
  assert.deepEqual([press('.', 'Slash'), press(',', 'Slash', true), press('/', 'Digit7', true)], ['/', '?', '/']);
  assert.deepEqual([press(' ', 'Space'), press('\u00a0', 'Space'), press('ArrowUp', 'ArrowUp')], ['Space', 'Space', 'ArrowUp']);
});

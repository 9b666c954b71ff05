import assert from 'node:assert/strict';
import test from 'node:test';
import { en } from '../../Sources/WebAPI/Resources/player/js/i18n/en.js';
import { ru } from '../../Sources/WebAPI/Resources/player/js/i18n/ru.js';
import { language } from '../../Sources/WebAPI/Resources/player/js/i18n/language.js';
import { Wording } from '../../Sources/WebAPI/Resources/player/js/i18n/wording.js';
import { claimByWord } from '../../Sources/WebAPI/Resources/player/js/net/claim-by-word.js';
import { claimDeviceId } from '../../Sources/WebAPI/Resources/player/js/net/device.js';
import { Session } from '../../Sources/WebAPI/Resources/player/js/player/session.js';
import { inOrder } from '../../Sources/WebAPI/Resources/player/js/ui/device-list.js';
import { ago } from '../../Sources/WebAPI/Resources/player/js/ui/format.js';
import { SecondPress } from '../../Sources/WebAPI/Resources/player/js/ui/second-press.js';
import { FakeServer } from './fake-session.mjs';

test('this device comes first, then who is there by name, then who has left, the latest first', () => {
  const device = (deviceId, name, lastUsed, online = false) => ({ deviceId, name, lastUsed, online });
  const devices = [
    device('old', 'A', 1_000),
    device('kept', 'B'),
    device('new', 'C', 2_000),
    device('zebra', 'ёж', undefined, true),
    device('bear', 'жук', undefined, true),
    device('me', 'Я', undefined, true),
  ];
  const before = [...devices];
  assert.deepEqual(inOrder(devices, 'me', 'ru').map(({ deviceId }) => deviceId), ['me', 'zebra', 'bear', 'new', 'old', 'kept']);
  assert.deepEqual(devices, before, 'the list itself is left as it is');
});

test('how long ago is said in the unit that fits, in either language', () => {
  const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
  const wanted = [
    [-hour, '1 minute ago', '1 минуту назад'],
    [0, '1 minute ago', '1 минуту назад'],
    [hour - 1, '59 minutes ago', '59 минут назад'],
    [hour, '1 hour ago', '1 час назад'],
    [day - minute, '23 hours ago', '23 часа назад'],
    [day, '1 day ago', '1 день назад'],
    [3 * day, '3 days ago', '3 дня назад'],
    [59 * day, '59 days ago', '59 дней назад'],
    [60 * day, '2 months ago', '2 месяца назад'],
  ];
  const before = language.wording;
  try {
    for (const [at, messages] of Object.entries([en, ru])) {
      language.wording = new Wording(['en', 'ru'][at], messages);
      for (const [ms, ...texts] of wanted) assert.equal(ago(ms).replace(/\s/g, ' '), texts[at]);
    }
  } finally {
    language.wording = before;
  }
});

test('what can not be undone takes a second press, soon, and not that of a double click', async () => {
  let changes = 0;
  const press = new SecondPress(30, () => (changes += 1));
  assert.equal(press.press(1), false);
  assert.equal(press.press(2), false, 'the second half of a double click');
  assert.ok(press.isAsking);
  assert.equal(press.press(0), true, 'by the keyboard');
  assert.deepEqual([press.isAsking, changes], [false, 2]);
  press.press(1);
  press.cancel();
  assert.equal(press.press(1), false, 'it was taken back');
  while (press.isAsking) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(press.press(1), false, 'nobody answered');
  press.cancel();
  const before = changes;
  press.cancel();
  assert.equal(changes, before);
});

/** Runs with the storage and the locks of a browser; `locks` undefined: of a page that has none. */
async function inBrowser({ local, tab, locks, pages = new Pages() }, body) {
  const BroadcastChannel = pages.newChannel;
  const globals = { localStorage: local, sessionStorage: tab, navigator: { locks }, BroadcastChannel: () => BroadcastChannel };
  const before = Object.fromEntries(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  try {
    for (const [name, value] of Object.entries(globals)) {
      const get = () => (typeof value === 'function' ? value() : value);
      Object.defineProperty(globalThis, name, { get, configurable: true });
    }
    return await body();
  } finally {
    for (const [name, descriptor] of Object.entries(before)) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
}

/** What pages of one browser say to each other. */
class Pages {
  #channels = new Set();
  /** As `new BroadcastChannel(…)`. */
  newChannel = ((pages) =>
    class {
      constructor() {
        this.heard = [];
        pages.#channels.add(this);
      }
      addEventListener(_name, handler) {
        this.heard.push(handler);
      }
      postMessage(data) {
        for (const other of pages.#channels) {
          if (other !== this) setTimeout(() => pages.#channels.has(other) && other.heard.forEach((each) => each({ data })));
        }
      }
      close() {
        pages.#channels.delete(this);
      }
    })(this);

  /** All pages have ended. */
  end() {
    this.#channels.clear();
  }
}

const storage = () => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
};
/** To name it is forbidden already. */
const forbidden = () => {
  throw new Error('forbidden');
};

test('the id of a browser lasts; that of a second tab, and of a page that may keep nothing, is temporary', async () => {
  const taken = new Set();
  const locks = {
    async request(name, _options, body) {
      const isFree = !taken.has(name);
      taken.add(name);
      await body(isFree ? {} : null);
    },
  };
  const local = storage();
  const [one, other] = [storage(), storage()];
  const first = await inBrowser({ local, tab: one, locks }, claimDeviceId);
  const second = await inBrowser({ local, tab: other, locks }, claimDeviceId);
  assert.deepEqual([first.isTemporary, second.isTemporary], [false, true]);
  assert.notEqual(first.id, second.id);
  taken.clear(); // both are loaded again
  assert.deepEqual(await inBrowser({ local, tab: other, locks }, claimDeviceId), second);
  assert.deepEqual(await inBrowser({ local, tab: one, locks }, claimDeviceId), first);
  for (const each of [locks, undefined]) {
    const nowhere = await inBrowser({ local: forbidden, tab: forbidden, locks: each }, claimDeviceId);
    assert.ok(nowhere.isTemporary && nowhere.id);
  }
});

test('pages without locks ask each other whose the id is', async () => {
  const [local, pages] = [storage(), new Pages()];
  const page = (tab = storage()) => inBrowser({ local, tab, pages, locks: undefined }, claimDeviceId);
  const first = await page();
  assert.equal(first.isTemporary, false);
  const second = await page();
  assert.ok(second.isTemporary && second.id !== first.id);
  pages.end();
  const copied = storage();
  assert.deepEqual(await page(copied), first, 'the only tab, opened anew, is the device that it was');
  // A tab that is doubled takes its own storage with it.
  const doubled = await page(copied);
  assert.ok(doubled.isTemporary && doubled.id !== first.id);
});

test('of pages that ask at once, one has the id', async () => {
  for (let count = 2; count <= 4; count += 1) {
    const pages = new Pages();
    const claims = Array.from({ length: count }, () => claimByWord('x', new pages.newChannel(), 50));
    const isMine = await Promise.all(claims);
    assert.equal(isMine.filter(Boolean).length, 1, `of ${count}`);
    assert.equal(await claimByWord('x', new pages.newChannel(), 50), false, 'and keeps it');
    assert.equal(await claimByWord('y', new pages.newChannel(), 50), true);
  }
});

test('a device that has left is forgotten, and everybody sees that', async () => {
  const server = new FakeServer();
  const [a, b, c] = ['a', 'b', 'c'].map((id) => server.connect(id));
  const [session, other] = [a, b].map((connection) => new Session(connection, () => server.now));
  for (const connection of [a, b, c]) server.online(connection);
  await assert.rejects(session.forget('c'), { code: 'device_online' });
  server.offline(c);
  await session.forget('c');
  for (const { devices } of [session, other]) assert.deepEqual(devices.map(({ deviceId }) => deviceId), ['a', 'b']);
});

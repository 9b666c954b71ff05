import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';
import { en } from '../../Sources/WebAPI/Resources/player/js/i18n/en.js';
import { LANGUAGES, faultText, language, languageFor, t } from '../../Sources/WebAPI/Resources/player/js/i18n/language.js';
import { ru } from '../../Sources/WebAPI/Resources/player/js/i18n/ru.js';
import { Wording } from '../../Sources/WebAPI/Resources/player/js/i18n/wording.js';
import { longTime, sourceFormat, spokenTime } from '../../Sources/WebAPI/Resources/player/js/ui/format.js';

const PLAYER = new URL('../../Sources/WebAPI/Resources/player/', import.meta.url);
const read = (path) => readFileSync(new URL(path, PLAYER), 'utf8');
const page = read('index.html');
const sources = readdirSync(new URL('js/', PLAYER), { recursive: true })
  .filter((path) => path.endsWith('.js') && !/^i18n.(en|ru)\.js$/.test(path))
  .map((path) => ({ path, text: read(`js/${path}`) }));
const catalogues = { en, ru };

const forms = (message) => (typeof message === 'string' ? [message] : Object.values(message));
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('every language has the same messages with the same placeholders', () => {
  assert.deepEqual(Object.keys(catalogues), Object.keys(LANGUAGES));
  for (const [name, messages] of Object.entries(catalogues)) {
    assert.deepEqual(Object.keys(messages), Object.keys(en), name);
    for (const [key, message] of Object.entries(messages)) {
      for (const text of forms(message)) {
        assert.deepEqual(placeholders(text), placeholders(forms(en[key])[0]), `${name} ${key}`);
        assert.equal(text, text.trim(), `${name} ${key}`);
      }
    }
  }
});

test('a message that counts has a form for each category of its language', () => {
  for (const [name, messages] of Object.entries(catalogues)) {
    const rules = new Intl.PluralRules(name);
    const categories = [...new Set(Array.from({ length: 200 }, (_, count) => rules.select(count)))].sort();
    for (const [key, message] of Object.entries(messages)) {
      if (typeof message === 'string') continue;
      assert.deepEqual(Object.keys(message).sort(), categories, `${name} ${key}`);
      for (const text of forms(message)) assert.ok(placeholders(text).includes('count'), `${name} ${key}`);
    }
  }
});

test('every message that is used exists, and every one that exists is used', () => {
  const isKey = (text) => /^[a-z]+\.\w+$/.test(text) && Object.keys(en).some((key) => key.split('.')[0] === text.split('.')[0]);
  const used = new Set([...page.matchAll(/ data-(?:text|label|title|placeholder)="([^"]+)"/g)].map(([, key]) => key));
  for (const { path, text } of sources) {
    for (const [, literal] of text.matchAll(/'([^'\n]+)'/g)) if (isKey(literal) && !literal.endsWith('.js')) used.add(literal);
    assert.doesNotMatch(text, /\bt\(`/, `${path}: a key that is put together can't be found`);
  }
  for (const key of used) assert.ok(Object.hasOwn(en, key), `there is no ${key}`);
  for (const key of Object.keys(en)) assert.ok(used.has(key) || key.startsWith('fault.'), `nobody uses ${key}`);
});

test('every fault that has a code is said in words', () => {
  const protocol = readFileSync(new URL('../../Docs/protocol.md', import.meta.url), 'utf8');
  const table = protocol.split('## 4. Codes')[1].split('\n## ')[0];
  const ours = sources.flatMap(({ text }) => [
    ...text.matchAll(/(?:code: |(?:ApiError|CommandError)\()'(\w+)'/g),
  ].map(([, code]) => code));
  const servers = table.split('\n').flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code));
  assert.ok(servers.length > 25 && ours.includes('stalled') && ours.includes('timeout'));
  const known = Object.keys(en).filter((key) => key.startsWith('fault.')).map((key) => key.slice('fault.'.length));
  assert.deepEqual(known.sort(), [...new Set([...servers, ...ours])].sort());
  assert.equal(faultText({ code: 'busy', message: 'no slot' }), en['fault.busy']);
  assert.equal(faultText({ code: 'of_another_version', message: 'no slot' }), 'no slot');
});

test('the page is written in the words of the English catalogue', () => {
  const marks = { label: 'aria-label', title: 'title', placeholder: 'placeholder' };
  let count = 0;
  for (const [tag, name, attributes, text] of page.matchAll(/<(\w+)((?: [\w-]+(?:="[^"]*")?)*)>([^<]*)/g)) {
    const value = (mark) => attributes.match(new RegExp(` ${mark}="([^"]*)"`))?.[1];
    for (const [mark, attribute] of Object.entries(marks)) {
      const key = value(`data-${mark}`);
      assert.equal(value(attribute), key && en[key], tag);
    }
    const key = value('data-text');
    const isText = !['title', 'p', 'noscript', 'kbd', 'span'].includes(name) && /[A-Za-z]{2}/.test(text);
    if (key || isText) assert.equal(text.trim(), en[key], tag);
    count += key ? 1 : 0;
  }
  assert.ok(count > 20);
});

test('before any module is there the language is chosen by the same rule', () => {
  const preferred = [['en-US'], ['ru'], ['ru-RU', 'en'], ['RU-by'], ['de-DE', 'ru', 'en'], ['uk', 'de'], [], ['constructor', 'ru']];
  for (const choice of ['auto', 'en', 'ru', 'de', 7, null]) {
    for (const languages of preferred) {
      const root = { dataset: {}, lang: 'en' };
      const storage = { getItem: (key) => (key === 'dubplate.language' ? JSON.stringify(choice) : null) };
      vm.runInNewContext(read('js/boot.js'), {
        document: { documentElement: root },
        localStorage: storage,
        navigator: { languages },
      });
      assert.equal(root.lang, languageFor(choice, languages), `${choice} ${languages}`);
      assert.equal(root.dataset.awaits, root.lang === 'en' ? undefined : 'texts');
    }
  }
  assert.deepEqual(['auto', 'en', 'ru'].map((choice) => languageFor(choice, ['de', 'ru-RU', 'en'])), ['ru', 'en', 'ru']);
});

test('numbers, lists and lengths of time are written as the language does', () => {
  const [english, russian] = [new Wording('en', en), new Wording('ru', ru)];
  const tracks = (wording) => [1, 2, 5, 11, 21, 1_234].map((count) => wording.text('library.count', { count }));
  assert.deepEqual(tracks(english), ['1 track', '2 tracks', '5 tracks', '11 tracks', '21 tracks', '1,234 tracks']);
  const wanted = ['1 трек', '2 трека', '5 треков', '11 треков', '21 трек', '1 234 трека'];
  assert.deepEqual(tracks(russian).map((text) => text.replace(/\s/g, ' ')), wanted);
  assert.deepEqual([english, russian].map((wording) => wording.number(2.5, 2)), ['2.50', '2,50']);
  assert.deepEqual([english, russian].map((wording) => wording.list(['a', 'b'])), ['a and b', 'a и b']);
  assert.deepEqual([english, russian].map((wording) => wording.duration(3, 'minute', 'long')), ['3 minutes', '3 минуты']);
  assert.throws(() => english.text('library.selected'), /has no count/);
  assert.throws(() => english.text('library.nothing'), /no message/);
});

test('another language takes effect at once, and is kept', () => {
  const kept = new Map();
  const root = { lang: 'en' };
  const globals = {
    document: { documentElement: root },
    localStorage: { setItem: (key, text) => kept.set(key, text) },
    navigator: { languages: ['de'] },
  };
  const before = Object.fromEntries(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  let changes = 0;
  const stop = language.on('change', () => (changes += 1));
  try {
    for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });
    assert.equal(spokenTime(61), '1 minute 1 second');
    language.choose('ru');
    assert.deepEqual([t('library.title'), root.lang, changes], ['Медиатека', 'ru', 1]);
    assert.deepEqual([spokenTime(61), longTime(3_720)].map((text) => text.replace(/\s/g, ' ')), ['1 минута 1 секунда', '1 ч 2 мин']);
    assert.equal(sourceFormat({ codec: 'flac', sampleRate: 44_100, bitsPerSample: 16 }), 'FLAC 44,1/16');
    language.choose('en');
    assert.equal(sourceFormat({ codec: 'flac', sampleRate: 44_100, bitsPerSample: 16 }), 'FLAC 44.1/16');
    assert.deepEqual([t('library.title'), root.lang, kept.get('dubplate.language')], ['Library', 'en', '"en"']);
  } finally {
    stop();
    for (const [name, descriptor] of Object.entries(before)) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
});

test('a language that is chosen on another page is this page\u2019s as well, and nothing is written', async () => {
  const kept = new Map();
  const listeners = [];
  const root = { lang: 'en' };
  const globals = {
    document: { documentElement: root },
    localStorage: { getItem: (key) => kept.get(key) ?? null, setItem: () => assert.fail('it was written') },
    navigator: { languages: ['en'] },
    addEventListener: (name, listener) => listeners.push([name, listener]),
  };
  const before = Object.fromEntries(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  const choose = (text, key = 'dubplate.language') => {
    if (text === null) kept.clear();
    else kept.set(key, text);
    for (const [name, listener] of listeners) if (name === 'storage') listener({ key: text === null ? null : key });
  };
  try {
    for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });
    const page = await import('../../Sources/WebAPI/Resources/player/js/i18n/language.js?another-page');
    let changes = 0;
    page.language.on('change', () => (changes += 1));
    choose('"ru"');
    assert.deepEqual([page.t('library.title'), root.lang, page.language.choice, changes], ['Медиатека', 'ru', 'ru', 1]);
    choose('"light"', 'dubplate.theme');
    choose('"ru"');
    assert.equal(changes, 1);
    choose(null);
    assert.deepEqual([page.t('library.title'), root.lang, page.language.choice, changes], ['Library', 'en', 'auto', 2]);
  } finally {
    for (const [name, descriptor] of Object.entries(before)) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
});

test('a player that did not load says so in either language, without its catalogues', () => {
  class HTMLScriptElement {
    getAttribute() {
      return 'js/main.js';
    }
  }
  for (const [lang, title] of [['en', /could not be loaded/], ['ru', /не загрузился/]]) {
    const nodes = Object.fromEntries(['.blank__title', '.blank__text', 'button'].map((place) => [place, { addEventListener() {} }]));
    const blank = { hidden: true, querySelector: (place) => nodes[place] };
    const root = { lang, dataset: { awaits: 'texts' } };
    const listeners = {};
    vm.runInNewContext(read('js/load-guard.js'), {
      document: { documentElement: root, body: null, readyState: 'complete', getElementById: () => blank },
      sessionStorage: { getItem: () => '1', setItem() {} },
      addEventListener: (name, listener) => (listeners[name] = listener),
      setTimeout() {},
      HTMLScriptElement,
      HTMLLinkElement: class {},
    });
    listeners.error({ target: new HTMLScriptElement() });
    assert.match(nodes['.blank__title'].textContent, title);
    assert.ok(nodes['.blank__text'].textContent && nodes.button.textContent);
    assert.deepEqual([blank.hidden, root.dataset], [false, {}]);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LibraryWatch, emptyLibrary, stateLine } from '../../Sources/WebAPI/Resources/player/js/ui/library-watch.js';

const state = (more = {}) => ({ isScanning: false, found: 0, added: 0, updated: 0, missing: 0, failed: 0, ...more });
const missing = { code: 'library_unavailable', message: "the music folder can't be read: No such file or directory" };

/** A watch over a server that gives these answers, one after the other. */
function watching(answers) {
  const seen = { states: [], changes: 0, waits: [] };
  const answer = async () => {
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  const watch = new LibraryWatch({
    api: { library: answer, lookAgain: answer },
    onState: (now) => seen.states.push(now),
    onChange: () => (seen.changes += 1),
    wait: (work) => seen.waits.push(work),
  });
  const goOn = async () => {
    await seen.waits.shift()();
  };
  return { watch, seen, goOn };
}

test('a scan is followed until it is over, and a changed list is said once', async () => {
  const { watch, seen, goOn } = watching([
    state({ isScanning: true }),
    state({ isScanning: true, found: 200 }),
    new Error('offline'),
    state({ found: 300, added: 3 }),
  ]);
  await watch.lookAgain();
  await goOn();
  await goOn();
  assert.equal(seen.changes, 0);
  await goOn();
  assert.deepEqual([seen.changes, seen.waits.length, seen.states.length], [1, 0, 3]);
  assert.equal(stateLine(watch.state, watch.hasSeenScan), '3 new');
});

test('nothing is asked again where nothing is scanned, and an unchanged list stays', async () => {
  const { watch, seen, goOn } = watching([state({ added: 5 }), state({ isScanning: true }), state({ found: 9 })]);
  await watch.refresh();
  assert.deepEqual([seen.waits.length, stateLine(watch.state, watch.hasSeenScan)], [0, '']);
  await watch.lookAgain();
  await goOn();
  assert.deepEqual([seen.changes, stateLine(watch.state, watch.hasSeenScan)], [0, 'Nothing new']);
});

test('what is still on its way when somebody logs out says nothing any more', async () => {
  const { watch, seen } = watching([state({ isScanning: true })]);
  const asked = watch.refresh();
  watch.stop();
  await asked;
  assert.deepEqual([seen.states.length, seen.waits.length], [0, 0]);
});

test('a session that has ended is not asked in', async () => {
  const { watch, seen, goOn } = watching([
    state({ isScanning: true }),
    Object.assign(new Error('token_expired'), { status: 401 }),
  ]);
  await watch.refresh();
  await goOn();
  assert.equal(seen.waits.length, 0);
});

test('a refusal reaches whoever asked', async () => {
  const { watch } = watching([new Error('rate_limited')]);
  await assert.rejects(watch.lookAgain(), /rate_limited/);
});

test('an empty list says why it is empty', () => {
  assert.match(emptyLibrary(null).text, /is asked why/);
  assert.match(emptyLibrary(state()).title, /empty/);
  assert.match(emptyLibrary(state({ failed: 2 })).text, /2 files there could not be used/);
  assert.match(emptyLibrary(state({ isScanning: true, found: 1_234 })).text, /1,234 files so far/);
  const { title, text } = emptyLibrary(state({ problem: missing }));
  assert.match(title, /not there/);
  assert.match(text, /^The music folder can’t be read: No such file or directory\. Perhaps a disk/);
  assert.equal(stateLine(state({ problem: missing }), false), 'The music folder can’t be read: No such file or directory.');
  assert.match(stateLine(state({ isScanning: true, found: 1, problem: missing }), true), /: 1 file$/);
});

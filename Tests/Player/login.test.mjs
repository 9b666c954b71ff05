import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { keepLogin } from '../../Sources/WebAPI/Resources/player/js/net/login-keeper.js';

/** What the keeper has of the browser. */
const listeners = new Map();
globalThis.document = { visibilityState: 'visible', addEventListener: (name, listener) => listeners.set(name, listener) };
globalThis.addEventListener = (name, listener) => listeners.set(name, listener);
after(() => {
  delete globalThis.document;
  delete globalThis.addEventListener;
});

/** A server whose answers come when the test says so. */
function keeperOf() {
  const asked = [];
  const renewed = [];
  const renew = (signal) =>
    new Promise((resolve, reject) => {
      asked.push({ signal, answer: resolve });
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  return { asked, renewed, keeper: keepLogin({ renew, onRenewed: (user) => renewed.push(user) }) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a log-in is renewed at once and says who it is', async () => {
  const { asked, renewed, keeper } = keeperOf();
  keeper.start();
  asked[0].answer('anna');
  await settled();
  assert.deepEqual(renewed, ['anna']);
  await keeper.stop();
});

test('a renewal that is out when the listener logs out is called off before that goes on', async () => {
  const { asked, renewed, keeper } = keeperOf();
  keeper.start();
  await keeper.stop();
  assert.equal(asked[0].signal.aborted, true);
  asked[0].answer('anna');
  await settled();
  assert.deepEqual(renewed, []);
  listeners.get('online')();
  assert.equal(asked.length, 1);
});

test('of two renewals only the newer one counts', async () => {
  const { asked, renewed, keeper } = keeperOf();
  keeper.start();
  keeper.start();
  assert.deepEqual(asked.map(({ signal }) => signal.aborted), [true, false]);
  asked[1].answer('berta');
  await settled();
  assert.deepEqual(renewed, ['berta']);
  await keeper.stop();
});

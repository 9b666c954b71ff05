import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deviceKind, deviceName } from '../../Sources/WebAPI/Resources/player/js/net/device.js';
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

test('a device is called by its browser and its machine, whatever else they claim to be', () => {
  const ofApple = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';
  const onAndroid = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36';
  const names = [
    [{ agent: `${ofApple} Version/17.0 Safari/605.1.15`, touchPoints: 0 }, 'Safari on Mac', 'web'],
    [{ agent: `${ofApple} Version/17.0 Safari/605.1.15`, touchPoints: 5 }, 'Safari on iPad', 'mobile'],
    [{ agent: onAndroid, touchPoints: 5, model: 'Pixel 8' }, 'Chrome on Pixel 8', 'mobile'],
    [{ agent: `${onAndroid} EdgA/130.0`, touchPoints: 5 }, 'Edge on Android', 'mobile'],
    [{ agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) CriOS/130 Mobile Safari/604.1', touchPoints: 5 }, 'Chrome on iPhone', 'mobile'],
    [{ agent: 'Mozilla/5.0 (X11; CrOS x86_64) Chrome/130 Safari/537.36', touchPoints: 0 }, 'Chrome on Chromebook', 'web'],
    [{ agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0', touchPoints: 0 }, 'Firefox on Linux', 'web'],
    [{ agent: '', touchPoints: 0 }, 'Browser on a device', 'web'],
  ];
  for (const [machine, name, kind] of names) {
    assert.deepEqual([deviceName(machine), deviceKind(machine)], [name, kind]);
    assert.ok(name.length <= 64);
  }
});

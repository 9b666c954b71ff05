import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockSync } from '../../Sources/WebAPI/Resources/player/js/sync/clock-sync.js';
import { ServerClock } from '../../Sources/WebAPI/Resources/player/js/sync/server-clock.js';
import { random } from './support.mjs';

const HOUR = 3_600_000;

/**
 * A link of a random delay each way, and two clocks that drift apart. `jump(t)` is added to the server's clock.
 * Delays are uniform in [from, to] ms.
 */
function simulate({ seed, up = [20, 40], down = up, drift = 0, loss = 0.01, whole = false, minutes = 5, jump = () => 0 }) {
  const next = random(seed);
  const clock = new ServerClock();
  const offset = 1.7e12 + next() * 1e6;
  const server = (t) => offset + t * (1 + drift) + jump(t);
  const delay = ([from, to]) => from + next() * (to - from);
  const said = whole ? Math.floor : (ms) => ms;
  const errors = [];
  let t = 1000 * next();
  for (let n = 0; t < minutes * 60_000; n += 1) {
    const there = t + delay(up);
    const answered = there + 0.2 * next();
    const back = answered + delay(down);
    if (next() >= loss) clock.observe({ t0: t, t1: said(server(there)), t2: said(server(answered)), t3: back });
    const wait = n < 8 ? 50 : n < 32 ? 250 : 1000;
    for (const share of [0.2, 0.5, 0.8]) {
      const at = t + 150 + wait * share;
      errors.push({ at, error: clock.serverAt(at) - server(at) });
    }
    t += wait;
  }
  return { clock, errors, server };
}

const after = (errors, from, to = Infinity) =>
  errors.filter(({ at }) => at >= from && at < to).map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
const quantile = (sorted, share) => sorted[Math.floor(share * (sorted.length - 1))];

/** All errors of many links, ms, from 15 s on. */
function manyLinks(options, count = 24) {
  const all = [];
  for (let seed = 1; seed <= count; seed += 1) all.push(...after(simulate({ seed, ...options }).errors, 15_000));
  return all.sort((a, b) => a - b);
}

for (const drift of [0, 100e-6, -100e-6]) {
  test(`30 ± 10 ms each way, 1 % lost, ${drift * 1e6} ppm: within 2 ms at the 99th percentile`, () => {
    const errors = manyLinks({ up: [20, 40], drift });
    assert.ok(quantile(errors, 0.99) <= 2, `${quantile(errors, 0.99)}`);
    assert.ok(quantile(errors, 0.5) <= 0.4, `${quantile(errors, 0.5)}`);
  });
}

test('half a second after the start the error is a few ms, and known to be no more than the bound', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { clock, errors } = simulate({ seed, minutes: 0.05 });
    assert.ok(clock.isSettled);
    assert.ok(after(errors, 1600).every((error) => error <= clock.boundMs && error < 10));
    assert.ok(clock.boundMs <= clock.rttMs / 2 && clock.boundMs > 15);
  }
});

test('a quick link gives a tenth of a millisecond, and half of one where the server counts whole ones', () => {
  assert.ok(quantile(manyLinks({ up: [0.1, 0.3] }, 20), 0.99) < 0.1);
  assert.ok(quantile(manyLinks({ up: [0.1, 0.3], whole: true, drift: 50e-6 }, 20), 0.99) < 0.5);
});

test('asymmetry cannot be seen, and is no more than the bound says', () => {
  const { clock, errors } = simulate({ seed: 5, up: [18, 22], down: [38, 42] });
  const error = quantile(after(errors, 15_000), 0.5);
  assert.ok(Math.abs(error - 10) < 1, `${error}`);
  assert.ok(error <= clock.boundMs);
});

test('drift is learnt', () => {
  const { clock } = simulate({ seed: 3, drift: 80e-6 });
  assert.ok(Math.abs(clock.driftPpm - 80) < 25, `${clock.driftPpm}`);
});

for (const [what, size, withinMs] of [
  ['three hours ahead', 3 * HOUR, 15_000],
  ['three hours back', -3 * HOUR, 15_000],
  // Hidden within the round trip: at the latest when what came before has left the window.
  ['by 40 ms', 40, 152_000],
  ['by −15 ms', -15, 152_000],
]) {
  test(`a clock that jumps ${what} is found again`, () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const { clock, errors } = simulate({ seed, minutes: 5, jump: (t) => (t > 120_000 ? size : 0) });
      assert.ok(Math.abs(size) < 100 || clock.restarts >= 1, `seed ${seed}`);
      const found = after(errors, 120_000 + withinMs);
      assert.ok(quantile(found, 0.99) < 3, `seed ${seed}: ${quantile(found, 0.99)}`);
    }
  });
}

test('without a jump there is none', () => {
  let restarts = 0;
  for (let seed = 1; seed <= 20; seed += 1) restarts += simulate({ seed, drift: 100e-6 }).clock.restarts;
  assert.ok(restarts <= 1, `${restarts}`);
});

test('a computer that slept for an hour: the local clock stood still', () => {
  const { clock, server } = simulate({ seed: 8, minutes: 2 });
  for (let i = 0; i < 8; i += 1) {
    const t = 120_000 + i * 1000;
    clock.observe({ t0: t, t1: server(t + 25) + HOUR, t2: server(t + 25) + HOUR, t3: t + 50 });
  }
  assert.ok(Math.abs(clock.serverAt(130_000) - server(130_000) - HOUR) < 2);
});

test('one slow or mad exchange changes nothing', () => {
  const { clock, server } = simulate({ seed: 2, minutes: 2 });
  const before = clock.serverAt(200_000);
  const t = 121_000;
  assert.equal(clock.observe({ t0: t, t1: server(t), t2: server(t), t3: t + 5000 }), 'refused');
  assert.equal(clock.observe({ t0: t, t1: 5, t2: 6, t3: t + 50 }), 'refused');
  assert.equal(clock.observe({ t0: t, t1: NaN, t2: 6, t3: t + 50 }), 'refused');
  assert.equal(clock.observe({ t0: t, t1: server(t + 700), t2: server(t + 700), t3: t + 1400 }), 'used');
  assert.ok(Math.abs(clock.serverAt(200_000) - before) < 0.1);
});

test('there and back is the same moment', () => {
  const { clock } = simulate({ seed: 4, drift: 90e-6 });
  for (const ms of [0, 123_456.789, 9e6]) assert.ok(Math.abs(clock.localAt(clock.serverAt(ms)) - ms) < 1e-3);
});

/** Puts timers in place that pass when told to: gives what lets that many ms pass. */
function heldTimers(context) {
  const { setTimeout, clearTimeout } = globalThis;
  context.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  const waiting = new Map();
  let now = 0;
  let count = 0;
  globalThis.setTimeout = (body, ms) => {
    count += 1;
    waiting.set(count, { at: now + ms, body });
    return count;
  };
  globalThis.clearTimeout = (id) => waiting.delete(id);
  return (ms) => {
    now += ms;
    for (const [id, { at, body }] of [...waiting]) {
      if (at <= now && waiting.delete(id)) body();
    }
  };
}

test('a burst, then one every five seconds; in a group more of them', async (context) => {
  const tick = heldTimers(context);
  let now = 0;
  const sent = [];
  const sync = new ClockSync(async ({ t0 }) => {
    sent.push(t0);
    return { t1: 1e6 + now + 1, t2: 1e6 + now + 1 };
  }, () => now);
  const pass = (ms) => {
    for (let i = 0; i < ms; i += 10) {
      now += 10;
      tick(10);
    }
  };
  sync.start();
  pass(500);
  assert.equal(sent.length, 8);
  pass(20_000);
  assert.equal(sent.length, 12);
  sync.setGrouped(true);
  pass(6_500);
  assert.equal(sent.length, 12 + 8 + 24);
  pass(10_000);
  assert.ok(sent.length >= 12 + 32 + 9);
  const before = sent.length;
  sync.stop();
  pass(10_000);
  assert.equal(sent.length, before);
});

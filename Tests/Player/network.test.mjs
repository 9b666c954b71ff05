import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { NetworkMeter, bandwidthOfFiles } from '../../Sources/WebAPI/Resources/player/js/player/network-meter.js';
import { NetworkReports } from '../../Sources/WebAPI/Resources/player/js/player/network-reports.js';
import { random } from './support.mjs';

/** Chunks of this many ms, as the server cuts them: two short ones, then half a segment. */
const CHUNK_MS = (46_080 / 44_100) * 1000;

/**
 * A link of one queue, as long as it takes: what is sent is carried one behind the other, and arrives after the
 * latency.
 */
class Link {
  #freeMs = 0;

  constructor(bandwidth, latencyMs = 20) {
    Object.assign(this, { bandwidth, latencyMs });
  }

  /** @returns {number} ms when it is there */
  carry(bytes, sentMs) {
    this.#freeMs = Math.max(this.#freeMs, sentMs) + (bytes * 8000) / this.bandwidth;
    return this.#freeMs + this.latencyMs;
  }
}

/** What the server sends to keep a device `bufferMs` ahead: [ms, bytes]. */
function* paced(kbps, bufferMs, seconds, fromMs = 0) {
  let ahead = 0;
  for (let at = 0; ahead < seconds * 1000; at += 1) {
    const ms = at < 2 ? 250 : CHUNK_MS;
    yield [fromMs + Math.max(ahead - bufferMs, 0), Math.round((kbps * ms) / 8)];
    ahead += ms;
  }
}

/** What a meter says after a rendition of that bitrate has been listened to over a link. */
function measure(link, kbps, { bufferMs = 10_000, seconds = 30, isTimed = true, fromMs = 0, meter = new NetworkMeter() } = {}) {
  for (const [sentMs, bytes] of paced(kbps, bufferMs, seconds, fromMs)) {
    const nowMs = link.carry(bytes, sentMs);
    meter.arrived(bytes, nowMs, isTimed ? nowMs - sentMs - link.latencyMs : null);
  }
  return meter;
}

test('a link is measured at its rate, be it narrow or wide, near or far, and whatever is sent over it', () => {
  for (const kbps of [64, 100, 250, 400, 1600, 8000]) {
    for (const latencyMs of [5, 50, 500]) {
      for (const rendition of [52, 130, 200, 323, 900].filter((each) => each < kbps * 1.3)) {
        const { bandwidth } = measure(new Link(kbps * 1000, latencyMs), rendition);
        assert.ok(Math.abs(bandwidth / (kbps * 1000) - 1) < 0.05, `${bandwidth} of ${kbps} kbit/s with ${rendition}`);
      }
    }
  }
});

test('a link that becomes slow is seen within seconds, and one that becomes fast with the next sample but one', () => {
  const link = new Link(8_000_000);
  const meter = measure(link, 323);
  link.bandwidth = 100_000;
  measure(link, 52, { meter, seconds: 4, bufferMs: 1000, fromMs: 60_000 });
  assert.ok(meter.bandwidth < 200_000, `${meter.bandwidth}`);
  link.bandwidth = 8_000_000;
  measure(link, 52, { meter, seconds: 9, bufferMs: 1000, fromMs: 90_000 });
  assert.ok(meter.bandwidth > 2_000_000, `${meter.bandwidth}`);
});

test('pauses of the server are no part of it, and a page that was busy for a moment is no slow network', () => {
  const link = new Link(8_000_000);
  const meter = measure(link, 200, { seconds: 120 });
  assert.ok(Math.abs(meter.bandwidth / 8e6 - 1) < 0.05);
  meter.arrived(26_000, 200_000, 700);
  assert.ok(meter.bandwidth > 1_000_000, `${meter.bandwidth}`);
});

test('where nobody knows when a chunk was sent, only what comes at a stroke counts', () => {
  const meter = new NetworkMeter();
  // A quarter of a second of 192 kbit/s every quarter second says nothing.
  for (let at = 0; at < 20; at += 1) meter.arrived(6000, at * 250);
  assert.equal(meter.bandwidth, null);
  for (let at = 0; at < 10; at += 1) meter.arrived(25_000, 10_000 + at * 20);
  assert.ok(Math.abs(meter.bandwidth / 10e6 - 1) < 0.01);
});

test('no order of nonsense makes a measure that is none', () => {
  const next = random(7);
  const wild = [NaN, Infinity, -Infinity, -5, 0, 1, 1e300, null];
  const meter = new NetworkMeter();
  for (let at = 0; at < 5000; at += 1) {
    meter.arrived(Math.floor(next() * 30_000), at * 50, wild[Math.floor(next() * wild.length)]);
    assert.ok(meter.bandwidth === null || (meter.bandwidth > 0 && meter.bandwidth <= 20_000_000), `${meter.bandwidth}`);
  }
});

test("the page's files tell of the link: bytes over the time in which some were coming, without what was cached", () => {
  const file = (responseStart, responseEnd, transferSize = 25_000) => ({ responseStart, responseEnd, transferSize });
  // Four at a time over 400 kbit/s, a pause, four more; a cached one beside them.
  const four = (from) => [1, 2, 3, 4].map((at) => file(from + at, from + 2000));
  const bandwidth = bandwidthOfFiles([...four(9000), file(0, 90_000, 0), ...four(0)]);
  assert.ok(Math.abs(bandwidth / 400_000 - 1) < 0.01, `${bandwidth}`);
  assert.equal(bandwidthOfFiles([file(0, 10)]), null);
  assert.equal(bandwidthOfFiles([]), null);
});

/** The reports of a player whose parts a test moves. */
function player({ files = [] } = {}) {
  const sent = [];
  const connection = Object.assign(new Emitter(), {
    state: 'online',
    rttMs: 40,
    command: async (event, payload) => sent.push([event, payload]),
  });
  const receiver = Object.assign(new Emitter(), { stream: null, bufferedSeconds: 0 });
  const playback = { receiver, isActive: true };
  const group = { heard: null };
  const clock = { isSettled: true, rttMs: 40, serverAt: (ms) => ms + 1e12 };
  const reports = new NetworkReports({ connection, playback, group, clock: () => clock, files: () => files });
  return { connection, receiver, playback, group, clock, reports, sent };
}

test('of what has not been heard yet a report says nothing; from then on it names the stream', () => {
  const { receiver, group, reports } = player();
  receiver.stream = { streamId: 's1' };
  receiver.emit('landed');
  assert.deepEqual(reports.report, { rttMs: 40 });
  receiver.bufferedSeconds = 3;
  assert.deepEqual(reports.report, { rttMs: 40 }, 'it waits for the sound card');
  receiver.emit('started', { afterMs: 0 });
  assert.deepEqual(reports.report, { rttMs: 40, bufferMs: 3000, streamId: 's1' });
  group.heard = { streamId: 's1', position: 2, at: 1e12 };
  assert.deepEqual(reports.report, { rttMs: 40, bufferMs: 3000, ...group.heard });
  // It ran dry: that is news.
  group.heard = null;
  receiver.bufferedSeconds = 0;
  assert.deepEqual(reports.report, { rttMs: 40, bufferMs: 0, streamId: 's1' });
  // A seek, or another stream: nothing of that has been heard.
  receiver.emit('landed');
  assert.deepEqual(reports.report, { rttMs: 40 });
});

test('what the files showed is said at the connect, and what chunks show is reckoned from when they were sent', async () => {
  const files = [{ responseStart: 1, responseEnd: 8001, transferSize: 100_000 }];
  const { connection, reports, sent } = player({ files });
  connection.emit('online', {});
  assert.deepEqual(sent, [['network_stats', { bandwidth: 100_000, rttMs: 40 }]]);
  // 6,500 bytes half a second after they were sent, and half a round trip: 104 kbit/s.
  const startedAt = 1e12 + performance.now() - 520;
  connection.emit('stream_started', { streamId: 's1', startedAt });
  connection.emit('audio_chunk', { streamId: 's1', timestamp: 0, data: new ArrayBuffer(6500) });
  assert.ok(Math.abs(reports.meter.bandwidth / 102_000 - 1) < 0.1, `${reports.meter.bandwidth}`);
});

test('a network that has become much slower is said soon, once', async () => {
  const { connection, reports, sent } = player();
  reports.meter.bandwidth = 8_000_000;
  await reports.send();
  const say = (ageMs) => {
    const startedAt = 1e12 + performance.now() - ageMs;
    connection.emit('stream_started', { streamId: `s${ageMs}`, startedAt });
    connection.emit('audio_chunk', { streamId: `s${ageMs}`, timestamp: 0, data: new ArrayBuffer(6500) });
  };
  await new Promise((resolve) => setTimeout(resolve, 700));
  say(620);
  assert.equal(sent.length, 1);
  const deadline = Date.now() + 10_000;
  while (sent.length < 2 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(sent[1][1].bandwidth < 4_000_000, `${sent[1][1].bandwidth}`);
});

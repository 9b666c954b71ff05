import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goOnAfterOutage } from '../../Sources/WebAPI/Resources/player/js/player/after-outage.js';
import { followOrders } from '../../Sources/WebAPI/Resources/player/js/player/orders.js';
import { Playback } from '../../Sources/WebAPI/Resources/player/js/player/playback.js';
import { Session } from '../../Sources/WebAPI/Resources/player/js/player/session.js';
import { StreamRow } from '../../Sources/WebAPI/Resources/player/js/player/stream-row.js';
import { TrackStore } from '../../Sources/WebAPI/Resources/player/js/player/track-store.js';
import { Transport } from '../../Sources/WebAPI/Resources/player/js/player/transport.js';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { VirtualOutput } from '../Sync/virtual-output.mjs';
import { FakeServer } from './fake-session.mjs';
import { random } from './support.mjs';

/** Few, so that hours are rendered in a moment. */
const RATE = 3000;
/** Seconds of a track. Each item's positions are its own, so that any of them says which item it is of. */
const LENGTH = 40;
const itemAt = (position) => Math.floor(position / 1000);
/** Seconds of all that comes before: where one ends the next one begins. */
const alongQueue = (position) => itemAt(position) * LENGTH + (position % 1000);
const baseOf = (itemId) => Number(itemId.slice(1)) * 1000;

/** What a stream is told to be, wherever the row has it. */
const info = (streamId, duration = 100) => ({ streamId, trackId: `t-${streamId}`, duration, position: 0 });

test('a place is told of the stream that goes on where the one that is heard ends, and of no other track', () => {
  const row = new StreamRow();
  assert.deepEqual([row.place('a', 3), row.heard, row.newest], [null, null, null]);
  row.begin(info('a'));
  row.follow(info('b'));
  assert.deepEqual(row.place('a', 3), { streamId: 'a', position: 3 });
  row.goOn(info('b2'), 'b');
  assert.deepEqual([row.place('a', 99), row.place('b', 1)], [{ streamId: 'a', position: 99 }, { streamId: 'b2', position: 1 }]);
  assert.deepEqual(row.reach('b'), ['a']);
  assert.deepEqual([row.place('a', 99), row.place('b', 1)?.streamId], [null, 'b2']);
  assert.deepEqual(row.reach('b2'), ['b']);
  assert.deepEqual([row.place('b', 1)?.streamId, row.place('b2', 101)?.position], ['b2', 100]);
  assert.equal(row.reach('b2'), null);
});

test('a stream that goes on behind one that is gone is another track behind what is left', () => {
  const row = new StreamRow();
  row.begin(info('a'));
  row.follow(info('b'));
  assert.deepEqual(row.cancel('b').map(({ streamId }) => streamId), ['b']);
  row.goOn(info('b2'), 'b');
  assert.deepEqual([row.heard?.streamId, row.place('a', 7)?.streamId, row.isSame('a', 'b2')], ['a', 'a', false]);
});

test('a track is taken back with all that was heard to be of it, and not by a stream that another has replaced', () => {
  const row = new StreamRow();
  row.begin(info('a'));
  row.follow(info('b'));
  row.goOn(info('b2'), 'b');
  assert.deepEqual(row.cancel('b'), []);
  assert.deepEqual(row.cancel('b2').map(({ streamId }) => streamId), ['b', 'b2']);
  assert.deepEqual([row.cancel('a'), row.all.length], [[], 1]);
});

/**
 * A server that sends, of one device: what is told of places is compared with what is truly heard. Commands wait until
 * they are carried out, so that they cross with what is sent.
 */
class Sender extends FakeServer {
  /** Every stream that was announced. @type {Map<string, any>} */
  streams = new Map();
  /** The stream behind the one that the session says plays. @type {string | null} */
  next = null;
  refuses = false;
  /** @type {(() => void)[]} */
  waiting = [];
  quality = 'auto';
  sampleRate = RATE;
  durationOf = (itemId) => baseOf(itemId) + LENGTH;
  #names = 0;

  constructor() {
    super();
    const connection = this.connect('a');
    this.connection = connection;
    connection.on('stream_started', (stream) => this.streams.set(stream.streamId, { ...stream, sent: stream.position, seq: 0 }));
    connection.command = (event, payload) => {
      if (connection.state !== 'online') return Promise.reject(Object.assign(new Error(event), { code: 'offline' }));
      this.said?.(event, payload);
      connection.sent.push([event, payload]);
      return new Promise((resolve, reject) => {
        const isLost = () => connection.state !== 'online';
        this.waiting.push(() => {
          try {
            if (isLost()) throw Object.assign(new Error(event), { code: 'timeout' });
            resolve(this.handle('a', event, payload));
          } catch (error) {
            reject(error);
          }
        });
      });
    };
  }

  handle(by, event, payload) {
    const isOfStream = ['pause_track', 'resume_track', 'seek_position', 'quality_change'].includes(event);
    if (isOfStream && !this.current && !this.held?.length) throw Object.assign(new Error(event), { code: 'no_stream' });
    return super.handle(by, event, payload);
  }

  get current() {
    return this.streams.get(this.state.streamId);
  }

  queue_jump(payload, by) {
    if (this.refuses) throw Object.assign(new Error('refused'), { code: 'rate_limited' });
    this.cancel();
    const { streamId } = this.state;
    if (this.current && !this.current.isOver) this.#end(streamId, 'replaced');
    const { item, position } = payload;
    return super.queue_jump({ ...payload, position: position || baseOf(item) }, by);
  }

  pause_track({ position, streamId }, by) {
    const isOfIt = this.current && streamId === this.current.streamId;
    return super.pause_track(isOfIt ? { position } : {}, by);
  }

  quality_change({ quality }) {
    this.quality = quality;
    return { quality, codec: 'mp3' };
  }

  /** Sends some seconds; behind a track's end comes the next one. */
  send(seconds) {
    for (let left = seconds; left > 0; left -= 1) {
      const stream = this.streams.get(this.next ?? '') ?? this.current;
      if (!stream || this.state.status !== 'playing') return;
      const end = baseOf(stream.itemId) + LENGTH;
      if (stream.sent < end) {
        const { streamId, sent: position, epoch } = stream;
        const data = Float64Array.of(position).buffer;
        const samples = Math.min(Math.round((end - position) * RATE), RATE);
        if (samples > 0) this.connection.emit('audio_chunk', { streamId, epoch, seq: stream.seq, position, samples, data });
        stream.seq += 1;
        stream.sent = samples < RATE ? end : position + 1;
      } else if (!stream.isOver) {
        this.#end(stream.streamId, 'finished');
        stream.isOver = true;
      } else if (!this.next && this.index + 1 < this.items.length) {
        this.#follow(stream.streamId, this.items[this.index + 1]);
      } else {
        return;
      }
    }
  }

  #follow(follows, { id: itemId, trackId }) {
    this.next = `f${(this.#names += 1)}`;
    const stream = { streamId: this.next, trackId, itemId, follows, duration: baseOf(itemId) + LENGTH, position: baseOf(itemId) };
    this.connection.emit('stream_started', { ...stream, epoch: 0, quality: this.quality, codec: 'mp3', bitrate: 1, sampleRate: RATE, channels: 2 });
  }

  /** It takes the first track for heard, a little early or late. */
  advance() {
    if (!this.next) return;
    const { itemId, streamId, duration, position } = this.streams.get(this.next);
    this.index += 1;
    this.next = null;
    this.state = { ...this.state, itemId, streamId, duration, position, epoch: 0 };
    this.version += 1;
    this.connection.emit('queue_update', { ...this.window(), reason: 'advance' });
    this.tell(null, 'advance', {});
  }

  cancel() {
    if (!this.next) return;
    const { next } = this;
    this.next = null;
    this.#end(next, 'cancelled');
  }

  seek_position(payload, by) {
    const { held, position } = payload;
    const current = this.current;
    if (held && held !== this.state.streamId) return super.seek_position(payload, by);
    // It names no track: what it means is the one that the server is in.
    if (!held && itemAt(position) !== itemAt(this.state.position)) return { ...this.state };
    if (held && position <= (current?.sent ?? 0)) return super.seek_position(payload, by);
    this.cancel();
    const outcome = super.seek_position({ position }, by);
    if (current) Object.assign(current, { position, sent: position, epoch: outcome.epoch, isOver: false });
    return outcome;
  }

  /** Its streams die with the connection. */
  lose() {
    this.next = null;
    this.streams.clear();
    this.offline(this.connection);
    this.carryOut(Infinity);
  }

  carryOut(count) {
    for (let left = Math.min(count, this.waiting.length); left > 0; left -= 1) /** @type {any} */ (this.waiting.shift())();
  }

  #end(streamId, reason) {
    this.connection.emit('stream_ended', { streamId, reason });
  }
}

/** Chunks say where they begin. Each sample says where it is: by what the channels are to each other, however loud. */
async function placeDecoder(_, { onBlock }) {
  return {
    kind: 'places',
    pendingSeconds: 0,
    decode: async ({ data, skip, samples }) => {
      const [from] = new Float64Array(data.slice().buffer);
      const left = Float32Array.from({ length: samples }, (_sample, at) => (from + (skip + at) / RATE) / 10_000);
      onBlock([left, new Float32Array(samples).fill(1)]);
    },
    drain: async () => {},
    close: () => {},
  };
}

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A player at the sender, with an ear in software. */
async function listening(isOneTrack) {
  const server = new Sender();
  const { connection } = server;
  const session = new Session(connection, () => server.now);
  const tracks = Array.from({ length: 8 }, (_, at) => ({ id: isOneTrack ? 't' : `t${at}`, title: 'T', duration: 10_000 }));
  const store = new TrackStore(async () => []);
  store.put(tracks);
  /** @type {{ms: number, position: number, generation: number}} what was heard last, since that flush */
  const ear = { ms: 0, position: NaN, generation: NaN };
  const output = new VirtualOutput({ sampleRate: RATE, now: () => ear.ms });
  const playback = new Playback(connection, session, store, { output: Object.assign(output, { setVolume() {} }), decoder: placeDecoder });
  followOrders({ playback, session, group: new Emitter() });
  goOnAfterOutage({ playback, session, store, connection });
  const transport = new Transport({ playback, session, store, connection, fetchPage: async () => ({ tracks: [] }) });
  const errors = [];
  playback.on('error', ({ code }) => errors.push(code));
  server.items = tracks.map(({ id }, at) => ({ id: `i${at}`, trackId: id }));
  server.online(connection);
  output.onRender = (_frame, [left, right]) => {
    const at = right.findLastIndex((sample) => sample > 0.1);
    const placeAt = (/** @type {number} */ index) => (left[index] / right[index]) * 10_000;
    // What fades away stands still.
    if (at < 50 || placeAt(at) - placeAt(at - 50) < 25 / RATE) return;
    Object.assign(ear, { position: placeAt(at), generation: output.generation });
  };
  /** The ear goes on. */
  const hear = async (seconds) => {
    for (const end = ear.ms + seconds * 1000; ear.ms < end; ) {
      ear.ms += 200;
      await settled();
      output.run(ear.ms);
    }
    await settled();
  };
  server.handle('a', 'queue_jump', { item: 'i0', position: 0 });
  server.send(2);
  await hear(0.5);
  return { server, session, playback, transport, output, ear, errors, hear };
}

/** One listener's life in a random order. */
async function live(seed, t) {
  const one = random(seed);
  const pick = (from) => from[Math.floor(one() * from.length)];
  const { server, playback, transport, output, ear, errors, hear } = await listening(seed % 3 === 0);
  const { connection } = server;
  const log = [];
  const told = new Set();
  const wrong = [];
  const why = () => `seed ${seed}: ${log.slice(-12).join(', ')}`;
  let isSeeking = false;
  server.said = (event, payload) => {
    const { position, streamId = payload.held, item } = payload;
    log.push(`${event} ${streamId ?? item ?? ''} ${position ?? ''}`);
    if (event === 'queue_jump' && position !== 0 && itemAt(position) !== baseOf(item) / 1000) wrong.push(`another track's: ${why()}`);
    if (event !== 'pause_track' && !payload.held) return;
    if ((position === undefined) !== (streamId === undefined)) wrong.push(`of no stream: ${why()}`);
    if (position === undefined) return;
    told.add(streamId);
    const named = server.streams.get(streamId);
    if (named && itemAt(position) !== baseOf(named.itemId) / 1000) wrong.push(`another stream's: ${why()}`);
    // Where it has been put and isn't heard yet, nobody can hear that it's wrong.
    if (isSeeking || ear.generation !== output.generation || Math.abs(alongQueue(ear.position) - alongQueue(position)) < 0.5) return;
    wrong.push(`${ear.position} is heard: ${why()}`);
  };
  const quiet = async () => {
    server.refuses = false;
    if (connection.state !== 'online') server.online(connection, true);
    for (let i = 0; i < 6; i += 1) {
      await settled();
      server.carryOut(Infinity);
      server.release();
    }
  };
  const steps = {
    hear: () => hear(one() * 6),
    'hear much': () => hear(10 + one() * 20),
    send: () => server.send(Math.ceil(one() * 10)),
    'send much': () => server.send(60),
    advance: () => server.advance(),
    cancel: () => server.cancel(),
    lose: () => connection.state === 'online' && server.lose(),
    back: () => connection.state !== 'online' && server.online(connection, true),
    quality: () => transport.setQuality(pick(['low', 'high', 'lossless', 'auto'])),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    refuse: () => (server.refuses = one() < 0.4),
    hold: () => (server.held ??= []),
    release: () => server.release(),
    answer: () => server.carryOut(1),
    'answer all': () => server.carryOut(Infinity),
    watchdog: () => t.mock.timers.tick(5_000),
    seek: async () => {
      const { stream } = playback;
      if (!stream?.itemId) return;
      isSeeking = true;
      const from = baseOf(stream.itemId);
      transport.seek(from + one() * LENGTH);
      if (one() < 0.5) await hear(one() * 3);
      t.mock.timers.tick(200);
      await quiet();
      server.send(3);
      await quiet();
      isSeeking = playback.position !== Math.min(playback.receiver.position, playback.duration);
    },
  };
  const names = Object.keys(steps);
  for (let step = 0; step < 60; step += 1) {
    const name = pick(names);
    log.push(name);
    await steps[name]();
    await settled();
  }
  await quiet();
  transport.resume();
  await quiet();
  server.send(20);
  await hear(3);
  await quiet();
  // Where it is heard, the server has heard of it, if that isn't where its stream began.
  const { place } = playback.receiver;
  const { current } = server;
  const isBehind = place && current && current.streamId === place.streamId && current.position > place.position + 1;
  if (playback.status === 'playing' && isBehind) assert.ok(told.has(place.streamId), why());
  assert.deepEqual(wrong, []);
}

test('in any order of events, a place that is told is one in the stream that is named, and what is heard', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  for (let seed = 1; seed <= 60; seed += 1) await live(seed, t);
});

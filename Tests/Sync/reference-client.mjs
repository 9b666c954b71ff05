// A device without a loudspeaker: the player's own receiver, clock and group modules on a sound card in software.
//
//   NODE_PATH=/usr/share/nodejs node reference-client.mjs '{"url": …, "token": …, "bundle": …}'
//
// Options: url, token, bundle (the official socket.io.min.js), deviceId, ppm, phase, latencyMs, jitterMs, delayMs, rate,
// logEveryMs.
// Reads commands, a line of JSON each: {"event": "play_track", "payload": {…}} is sent to the server, {"report": true}
// asks for how it fares, {"quit": true} ends. Writes a line of JSON for each ack ({"ack": …}), each event of note
// ({"event": …}), and every 20 ms
//   {"ns": "<CLOCK_MONOTONIC>", "track": …, "stream": …, "position": seconds, "moves": bool}
// what is at the ear at that moment: by the card's true clock, not by what the player believes.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Emitter } from '../../Sources/WebAPI/Resources/player/js/events.js';
import { StreamReceiver } from '../../Sources/WebAPI/Resources/player/js/player/stream-receiver.js';
import { ClockSync } from '../../Sources/WebAPI/Resources/player/js/sync/clock-sync.js';
import { GroupPlay } from '../../Sources/WebAPI/Resources/player/js/sync/group-play.js';
import { VirtualOutput, silentDecoder } from './virtual-output.mjs';

const RENDER_EVERY_MS = 5;
const SERVER_EVENTS = ['stream_started', 'audio_chunk', 'quality_change', 'stream_ended', 'stream_error', 'group_sync', 'sync_state'];

const options = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);
globalThis.WebSocket = require('ws'); // what the browser's bundle takes for granted
const io = require(options.bundle);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const now = () => performance.now();
const { ppm = 0, phase = 0, latencyMs = 60, jitterMs = 0.5, delayMs = 0, rate = 44_100, logEveryMs = 20 } = options;

const output = new VirtualOutput({ sampleRate: rate, ppm, phase, latencyMs, jitterMs, now });
output.delayMs = delayMs;
const connection = Object.assign(new Emitter(), { deviceId: options.deviceId });
const receiver = new StreamReceiver(connection, { output, decoder: silentDecoder });
receiver.accept = () => true;

const { token, deviceId } = options;
const auth = { token, deviceId, deviceName: deviceId, bufferSeconds: 10, outputDelayMs: delayMs, codecs: ['flac', 'mp3', 'aac'] };
const socket = io(options.url, { transports: ['websocket'], auth, reconnectionDelay: 250, forceNew: true });
const clockSync = new ClockSync(async (payload) => {
  const ack = await socket.timeout(2000).emitWithAck('clock_sync', payload);
  if (!ack?.ok) throw new Error(ack?.error?.code ?? 'no answer');
  return ack;
}, now);
const group = new GroupPlay(connection, receiver, clockSync);

/** @type {Map<string, string>} track of each stream */
const tracks = new Map();
socket.on('connect', () => {
  clockSync.start();
  say({ event: 'connect' });
});
socket.on('disconnect', (reason) => say({ event: 'disconnect', reason }));
socket.on('connect_error', (error) => say({ event: 'connect_error', message: error.message }));
for (const name of SERVER_EVENTS) {
  socket.on(name, (payload) => {
    if (name === 'stream_started') {
      tracks.set(payload.streamId, payload.trackId);
      if (!payload.follows) output.play();
    }
    if (name !== 'audio_chunk') say({ event: name, payload, ns: String(process.hrtime.bigint()) });
    connection.emit(name, payload);
    if (name === 'stream_ended') leave(payload);
  });
}
receiver.on('failed', (error) => say({ event: 'failed', error }));

setInterval(() => output.run(now()), RENDER_EVERY_MS);
setInterval(() => {
  const ns = process.hrtime.bigint();
  const heard = output.trulyHeardOf(now());
  if (!heard) return;
  const track = tracks.get(heard.id) ?? null;
  say({ ns: String(ns), track, stream: heard.id, position: heard.position, moves: heard.moves });
}, logEveryMs);

setInterval(() => {
  if (group.heard && socket.connected) socket.emit('network_stats', { bufferMs: receiver.bufferedSeconds * 1000, ...group.heard });
}, 2000);

/** Falls silent where another device goes on, or none does, as the player does. */
function leave({ streamId, reason }) {
  if (streamId !== receiver.stream?.streamId || (reason !== 'transferred' && reason !== 'stopped')) return;
  output.pause();
  receiver.reset(0);
}

function report() {
  const { clock } = clockSync;
  const { errorMs, resyncs, corrections, isGrouped } = group;
  say({
    report: { errorMs, resyncs, corrections, isGrouped, underruns: output.underruns, ...receiver.books },
    clock: { driftPpm: clock.driftPpm, boundMs: clock.boundMs, rttMs: clock.rttMs, restarts: clock.restarts },
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { event, payload, report: isAsked, quit } = JSON.parse(line);
  if (quit) break;
  if (isAsked) report();
  else socket.timeout(10_000).emit(event, payload ?? {}, (error, ack) => say({ ack: ack ?? { ok: false, error: String(error) }, to: event }));
}
socket.disconnect();
process.exit(0);

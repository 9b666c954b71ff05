// A server that knows just enough to measure groups without the real one: Engine.IO 4 and Socket.IO 5 over WebSocket,
// one user, one queue of endless silent tracks.
//
//   NODE_PATH=/usr/share/nodejs node fake-server.mjs [port]      writes {"port": …} when it listens
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { WebSocketServer } = require('ws');

const RATE = 44_100;
const CHUNK_SAMPLES = 46_080;
const DURATION = 600;
const AHEAD_SECONDS = 10;
const LEAD_MS = 700;

const serverMs = () => performance.timeOrigin + performance.now();

/** What all devices play: `position` is heard at `at`. */
const session = { trackId: null, isPlaying: false, position: 0, at: 0 };
/** @type {Set<Device>} */
const devices = new Set();
let streams = 0;

const positionNow = () => session.position + (session.isPlaying ? Math.max(serverMs() - session.at, 0) / 1000 : 0);

class Device {
  #socket;
  #seq = 0;
  #epoch = 0;
  #sent = 0;
  streamId = null;
  isMember = false;

  constructor(socket) {
    this.#socket = socket;
    const open = { sid: String(Math.random()), upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 };
    socket.send(`0${JSON.stringify(open)}`);
    socket.on('message', (data, isBinary) => !isBinary && this.#heard(String(data)));
    socket.on('close', () => devices.delete(this));
    socket.on('error', () => devices.delete(this));
    this.pinger = setInterval(() => socket.send('2'), 25_000);
    socket.on('close', () => clearInterval(this.pinger));
  }

  send(name, payload) {
    this.#socket.send(`42${JSON.stringify([name, payload])}`);
  }

  startStream() {
    streams += 1;
    this.streamId = `stream-${streams}`;
    this.#seq = 0;
    this.#epoch = 0;
    this.#sent = Math.floor(positionNow() * RATE);
    const { trackId } = session;
    const position = this.#sent / RATE;
    const format = { quality: 'lossless', codec: 'flac', bitrate: 900_000, sampleRate: RATE, channels: 2, duration: DURATION };
    this.send('stream_started', { streamId: this.streamId, trackId, position, epoch: 0, ...format });
    this.agree();
  }

  seek() {
    this.#epoch += 1;
    this.#sent = Math.floor(session.position * RATE);
    this.agree();
  }

  agree() {
    const { position, at, isPlaying } = session;
    this.send('group_sync', { streamId: this.streamId, epoch: this.#epoch, position, at, playing: isPlaying });
  }

  pump() {
    while (this.streamId && this.#sent / RATE < Math.min(positionNow() + AHEAD_SECONDS, DURATION)) {
      const chunk = { streamId: this.streamId, epoch: this.#epoch, seq: this.#seq, timestamp: 0, samples: CHUNK_SAMPLES };
      const data = { _placeholder: true, num: 0 };
      this.#socket.send(`451-${JSON.stringify(['audio_chunk', { ...chunk, position: this.#sent / RATE, data }])}`);
      this.#socket.send(Buffer.alloc(4000));
      this.#seq += 1;
      this.#sent += CHUNK_SAMPLES;
    }
  }

  #heard(text) {
    const received = serverMs();
    if (text.startsWith('40')) {
      this.#socket.send(`40${JSON.stringify({ sid: 'socket' })}`);
      devices.add(this);
      return;
    }
    const event = /^42(\d*)(.*)$/s.exec(text);
    if (!event) return;
    const [name, payload] = JSON.parse(event[2]);
    const ack = { ok: true, ...this.#handle(name, payload, received) };
    if (event[1]) this.#socket.send(`43${event[1]}${JSON.stringify([ack])}`);
  }

  #handle(name, payload, received) {
    const members = () => [...devices].filter((device) => device.isMember);
    const agree = (position, isPlaying) => Object.assign(session, { position, isPlaying, at: serverMs() + LEAD_MS });
    switch (name) {
      case 'clock_sync':
        return { t0: payload.t0, t1: received, t2: serverMs() };
      case 'play_track':
        this.isMember = true;
        session.trackId = payload.trackId;
        agree(payload.position ?? 0, true);
        for (const device of members()) device.startStream();
        break;
      case 'group_join':
        this.isMember = true;
        if (session.trackId) this.startStream();
        break;
      case 'seek_position':
        agree(payload.position, session.isPlaying);
        for (const device of members()) device.seek();
        break;
      case 'pause_track':
        Object.assign(session, { position: positionNow() + 0.2, isPlaying: false, at: serverMs() + 200 });
        for (const device of members()) device.agree();
        break;
      case 'resume_track':
        agree(session.position, true);
        for (const device of members()) device.agree();
        break;
      case 'next_track':
        session.trackId = `${session.trackId}+`;
        agree(0, true);
        for (const device of members()) device.startStream();
        break;
      default:
    }
    for (const device of members()) device.pump();
    return {};
  }
}

const server = new WebSocketServer({ port: Number(process.argv[2] ?? 0), host: '0.0.0.0' });
server.on('connection', (socket) => new Device(socket));
server.on('listening', () => process.stdout.write(`${JSON.stringify(server.address())}\n`));
setInterval(() => {
  for (const device of devices) if (device.isMember) device.pump();
}, 100);

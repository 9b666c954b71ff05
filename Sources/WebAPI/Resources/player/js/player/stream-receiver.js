import { createDecoder } from '../audio/decoders.js';
import { AudioOutput } from '../audio/output.js';
import { DecodePipeline } from '../audio/pipeline.js';
import { Emitter } from '../events.js';
import { DECODED_SECONDS, KEPT_SECONDS, MAX_HELD_BYTES, MAX_HELD_SECONDS } from '../limits.js';
import { ChunkGate } from './chunk-gate.js';
import { ChunkStore } from './chunk-store.js';

/** The longest part of a track that may be mixed with another one. */
const MAX_CROSSFADE_SHARE = 0.5;

/**
 * @typedef {object} StreamInfo what `stream_started` said, and `quality_change` of what is about to be heard
 * @property {string} streamId
 * @property {string} trackId
 * @property {number} duration seconds
 * @property {number} position seconds
 * @property {number} epoch
 * @property {string} quality
 * @property {string} codec
 * @property {number} bitrate bit/s
 * @property {number} sampleRate Hz
 * @property {number} channels
 * @property {string} [description] base64
 * @property {string} [itemId] the queue's item
 * @property {string} [follows] the stream that it comes right behind
 * @property {number} [crossfade] seconds that it is mixed with the end of that one
 * @property {{position: number, at: number}} [sync]
 * @property {boolean} [paused] whether it waits for `resume_track`
 * @property {{track?: import('../audio/loudness.js').Loudness, album?: import('../audio/loudness.js').Loudness}}
 *   [loudness] as far as it is known
 *
 * @typedef {object} ReceiverEvents
 * @property {undefined} change another stream, or another rendition of it
 * @property {string | null} rendition another rendition is about to be heard; why
 * @property {{afterMs: number}} started first sample since the last start or seek
 * @property {undefined} starved sound ran dry
 * @property {undefined} recovered sound goes on after that
 * @property {undefined} landed the first chunk after a seek has come
 * @property {{stream: StreamInfo, atMs: number}} heard the next stream is what is heard from now on; `atMs`
 *   (`performance.now()`) is the moment of its first sample, right to the frame
 * @property {StreamInfo} preloaded a stream that follows the one heard has begun to arrive
 * @property {StreamInfo} cancelled it was taken back
 * @property {undefined} ended the last sample has been heard
 * @property {string} stopped the server ended the stream early; why
 * @property {{code: string, message: string}} failed
 */

/**
 * The receiving side of streams: chunks in, sound and a playhead out. It sends nothing; what to ask for is `Playback`'s
 * to decide. Chunks wait as they came (`ChunkStore`); a few seconds ahead of the ear they are decoded.
 *
 * Several streams may be here at a time, one behind the other without a gap (`stream_started` with `follows`). `stream`
 * is the one that is heard now, `newest` the one that chunks come for; most of the time they are the same. Which
 * streams are taken:
 * - one that follows a stream of ours, always;
 * - one that `expect` announced;
 * - any other that `accept` says yes to (by default none): what a remote made the server play here.
 *
 * Levels: `gainFor` gives each stream's linear gain (loudness); call `updateGains` when the listener changes the mode.
 *
 * @extends {Emitter<ReceiverEvents>}
 */
export class StreamReceiver extends Emitter {
  /** @type {import('../audio/playout.js').Playout & {prepare?: any, open?: any, ready?: any, setVolume?: any}} */
  output;
  /** Whether the newest stream's last chunk is here; what is buffered is still to be heard. */
  hasAllChunks = false;
  /** Chunks that could not be decoded; silence took their place. */
  decodeErrors = 0;
  /** What the last of them was. @type {string | null} */
  lastDecodeError = null;
  /** Linear gain of a stream's samples. @type {(stream: StreamInfo) => number} */
  gainFor = () => 1;
  /** Whether to play a stream that nobody here asked for. @type {(stream: StreamInfo) => boolean} */
  accept = () => false;
  #gate = new ChunkGate();
  #store = new ChunkStore({ mostSeconds: MAX_HELD_SECONDS, mostBytes: MAX_HELD_BYTES, keptSeconds: KEPT_SECONDS });
  #pipeline;
  /** How each stream's chunks are encoded that come now. @type {WeakMap<StreamInfo, any>} */
  #formats = new WeakMap();
  /** How what the pipeline is given is encoded. @type {any} */
  #fedFormat = null;
  /** Streams whose place the first one has taken, and of which it is the rest. @type {Set<string>} */
  #former = new Set();
  /** Streams that are heard or will be, in that order. @type {StreamInfo[]} */
  #streams = [];
  #basePosition = 0;
  /** @type {{trackId: string, continues: boolean} | null} */
  #awaited = null;
  #opening = 0;

  /**
   * @param {{on: (name: string, listener: (payload: any) => void) => void}} connection
   * @param {object} [options]
   * @param {boolean} [options.forceFallback]
   * @param {import('../audio/playout.js').Playout} [options.output] instead of the browser's sound card
   * @param {typeof createDecoder} [options.decoder] instead of the browser's decoders
   */
  constructor(connection, { forceFallback = false, output = new AudioOutput(), decoder = createDecoder } = {}) {
    super();
    this.output = output;
    const countError = (/** @type {Error} */ error) => {
      this.decodeErrors += 1;
      this.lastDecodeError = error.message;
    };
    this.#pipeline = new DecodePipeline(this.output, countError, (format, options) =>
      decoder(format, { ...options, forceFallback }),
    );
    for (const name of /** @type {const} */ (['started', 'starved', 'recovered', 'ended'])) {
      this.output.on(name, (detail) => this.emit(name, detail));
    }
    this.output.on('heard', ({ id, atMs }) => this.#heard(id, atMs));
    this.output.on('progress', () => this.#feed());
    connection.on('stream_started', (stream) => this.#streamStarted(stream));
    connection.on('audio_chunk', (chunk) => this.#take(chunk));
    connection.on('quality_change', (change) => this.#renditionChanged(change));
    connection.on('stream_ended', (end) => this.#streamEnded(end));
    connection.on('stream_error', (error) => this.#streamFailed(error));
  }

  /** The stream that is heard now, or will be as soon as there is sound. @type {StreamInfo | null} */
  get stream() {
    return this.#streams[0] ?? null;
  }

  /** The stream that chunks come for. @type {StreamInfo | null} */
  get newest() {
    return this.#streams.at(-1) ?? null;
  }

  /** The stream that follows the one heard, if it has begun to arrive. @type {StreamInfo | null} */
  get preloaded() {
    return this.#streams[1] ?? null;
  }

  /** Whether chunks may come: a stream has started and neither ended nor been given up. */
  get isOpen() {
    return this.#gate.streamId !== null;
  }

  /** Whether a `stream_started` is awaited. */
  get isAwaiting() {
    return this.#awaited !== null;
  }

  /** Of the stream that is heard. */
  get epoch() {
    return this.#gate.epochOf(this.stream?.streamId ?? '');
  }

  /** @param {string} streamId */
  epochOf(streamId) {
    return this.#gate.epochOf(streamId);
  }

  /** A stream that is heard or will be. @param {string | undefined} id @returns {StreamInfo | undefined} */
  streamOf(id) {
    return this.#streams.find(({ streamId }) => streamId === id);
  }

  /** Source position of what is heard now (at the ear: latency and output delay taken off), seconds. */
  get position() {
    return this.output.heard()?.position ?? this.#basePosition;
  }

  /** Source position behind the last chunk that came: where another stream has to go on, seconds. */
  get endPosition() {
    return this.#gate.endPosition;
  }

  /** Sound that is here and not heard yet, decoded or not. */
  get bufferedSeconds() {
    return this.#decodedSeconds + this.#store.aheadSeconds;
  }

  /** Sound that is decoded, or about to be. */
  get #decodedSeconds() {
    const { queued, sampleRate } = this.output;
    return (sampleRate ? queued / sampleRate : 0) + this.#pipeline.pendingSeconds;
  }

  /** Numbers for the stats panel and for tests. */
  get books() {
    const { chunks, bytes, lost, discontinuities, epoch, streamId } = this.#gate;
    const { decodeErrors, lastDecodeError } = this;
    const decoder = this.#pipeline.decoderKind;
    return { chunks, bytes, lost, discontinuities, epoch, streamId, decodeErrors, lastDecodeError, decoder };
  }

  /** Gets the sound card ready ahead of need; where that fails, the first click says so. */
  prepare() {
    try {
      this.output.prepare?.();
    } catch {
      // No sound on this page.
    }
  }

  /**
   * Opens the sound card. From a click, see `AudioOutput.open`.
   *
   * @returns {boolean} false when it failed, and `failed` has been emitted
   */
  open() {
    if (!this.output.open) return true;
    this.#opening += 1;
    const opening = this.#opening;
    const fail = () => this.emit('failed', { code: 'no_output' });
    try {
      this.output.open();
    } catch {
      fail();
      return false;
    }
    // What an earlier click waited for is not this one's failure.
    this.output.ready().catch(() => opening === this.#opening && fail());
    return true;
  }

  /**
   * Takes the next stream of this track for ours.
   *
   * @param {string} trackId
   * @param {boolean} continues whether it goes on, sample for sample, where the chunks so far end
   */
  expect(trackId, continues) {
    this.#gate.stop();
    this.#awaited = { trackId, continues };
  }

  /**
   * A seek was accepted with this epoch; older chunks are late.
   *
   * @param {number} epoch
   * @param {string} [streamId] default: the stream that is heard
   */
  expectEpoch(epoch, streamId = this.stream?.streamId) {
    this.#gate.expectEpoch(epoch, streamId);
  }

  /** Gives the streams up; what is buffered can still be heard. */
  release() {
    this.#gate.stop();
    this.#awaited = null;
  }

  /**
   * Throws away what is buffered and puts the playhead there. An open stream stays open.
   *
   * @param {number} position seconds
   */
  clear(position) {
    this.#streams.splice(1);
    this.#flush(position);
    this.#gate.endPosition = position;
  }

  /**
   * Goes to a place of the stream that is heard, by what is held of it. What is received stays as it is.
   *
   * @param {number} position seconds
   * @returns {boolean} false where that isn't held, and nothing has happened
   */
  jump(position) {
    const { stream } = this;
    const place = stream && this.#store.rewind(new Set([...this.#former, stream.streamId]), position);
    if (!place) return false;
    this.#empty(place.format, place.position);
    this.#show(stream, place.format);
    for (const chunk of place.chunks) this.#push(chunk);
    this.#feed();
    this.emit('landed');
    return true;
  }

  /**
   * Throws away what isn't decoded yet, the streams with it that nothing is left of. The place is `endPosition`, in the
   * `newest` stream.
   *
   * @param {number} [keptSeconds] so much stays
   * @returns {boolean} false where there is nothing of that kind
   */
  cutAhead(keptSeconds = 0) {
    const edge = this.#store.cutAhead(keptSeconds);
    if (!edge) return false;
    const at = this.#streams.findIndex(({ streamId }) => streamId === edge.streamId);
    for (const { streamId } of this.#streams.splice(Math.max(at, 0) + 1)) this.#gate.stop(streamId);
    this.#gate.endPosition = edge.position;
    this.hasAllChunks = false;
    return true;
  }

  /** Gives the stream up and throws away what is buffered. @param {number} position seconds, of the playhead */
  reset(position) {
    this.release();
    this.#streams = [];
    this.hasAllChunks = false;
    this.clear(position);
  }

  /** No more chunks will come although none said so: what is buffered is heard to its end. */
  finish() {
    this.hasAllChunks = true;
    this.#store.add({ kind: 'end' });
    this.#feed();
  }

  /** Asks `gainFor` again about all streams here; their levels change within some milliseconds. */
  updateGains() {
    for (const stream of this.#streams) this.output.setGain(stream.streamId, this.#gain(stream));
  }

  /** @param {StreamInfo} stream */
  #streamStarted(stream) {
    const awaited = this.#awaited;
    const isAwaited = awaited !== null && stream.trackId === awaited.trackId;
    if (!isAwaited && stream.follows && this.newest?.streamId === stream.follows) {
      this.#streamFollows(stream);
      return;
    }
    if (!isAwaited && !this.accept(stream)) return;
    this.#awaited = null;
    this.hasAllChunks = false;
    const continues = isAwaited && awaited.continues && this.output.hasSegment && this.output.sampleRate > 0;
    if (this.output.sampleRate === 0 && !this.open()) return;
    this.#gate.start(stream, continues);
    if (continues) {
      // With a track in front of it, the one that it replaces may still be named by what is heard.
      if (this.#streams.length === 1) this.#former.add(this.#streams.splice(0)[0].streamId);
      this.#add(stream, 0);
    } else {
      this.#streams = [{ ...stream }];
      this.#formats.set(this.#streams[0], formatOf(stream));
      this.#flush(stream.position);
      this.emit('landed');
    }
    this.emit('change');
  }

  /** The next track, right behind the last sample of this one. @param {StreamInfo} stream */
  #streamFollows(stream) {
    const { position, duration } = stream;
    this.hasAllChunks = false;
    this.#gate.start(stream, false, true);
    const longest = Math.max(duration - position, 0) * MAX_CROSSFADE_SHARE;
    this.#add(stream, Math.min(stream.crossfade ?? 0, longest));
    // It may come so late that the one before has been heard to its end, and the output has stopped.
    if (this.output.isPlayedOut) this.output.play();
    this.emit('preloaded', stream);
    this.emit('change');
  }

  /** Chunks of that stream come behind those so far. @param {StreamInfo} announced @param {number} crossfade seconds */
  #add(announced, crossfade) {
    const stream = { ...announced };
    const format = formatOf(stream);
    this.#streams.push(stream);
    this.#formats.set(stream, format);
    this.#store.add({ kind: 'follow', stream, format, crossfade });
    this.#feed();
  }

  #heard(id, atMs) {
    const at = this.#streams.findIndex((stream) => stream.streamId === id);
    if (at <= 0) return;
    for (const { streamId } of this.#streams.splice(0, at)) this.#gate.stop(streamId);
    this.#former.clear();
    this.emit('heard', { stream: this.#streams[0], atMs });
    this.emit('change');
  }

  #take(chunk) {
    const stream = this.#streams.find(({ streamId }) => streamId === chunk.streamId);
    if (!stream) return;
    const { sampleRate: rate } = this.#formats.get(stream);
    const decision = this.#gate.admit(chunk, rate);
    if (decision === 'drop') return;
    if (decision === 'flush') {
      // A seek in a stream takes back what was to follow it, and what was heard before it.
      const others = this.#streams.filter((other) => other !== stream);
      for (const { streamId } of others) this.#gate.stop(streamId);
      this.#streams = [stream];
      this.#flush(chunk.position);
      this.hasAllChunks = false;
      this.emit('landed');
    }
    if (this.#store.isOverfull) {
      this.emit('failed', { code: 'too_fast' });
      return;
    }
    const { streamId, position, samples, skip = 0 } = chunk;
    const format = this.#formats.get(stream);
    const isStart = !format.isBegun;
    format.isBegun = true;
    const data = new Uint8Array(chunk.data);
    this.#store.add({ kind: 'chunk', streamId, position, samples, skip, rate, data, format, isStart });
    this.#feed();
  }

  /** The next chunk of the stream is encoded in another way. It's shown when that one's turn comes. */
  #renditionChanged({ streamId, quality, rendition, codec, bitrate, description, sampleRate, channels, reason }) {
    const stream = this.#streams.find((candidate) => candidate.streamId === streamId);
    if (!stream || !this.#gate.has(streamId)) return;
    const before = this.#formats.get(stream);
    const rates = { sampleRate: sampleRate || before.sampleRate, channels: channels || before.channels };
    this.#formats.set(stream, formatOf({ quality, rendition, codec, bitrate, description, reason, ...rates }));
  }

  /** Gives the pipeline what is due to be decoded. */
  #feed() {
    for (let entry = this.#store.peek(); entry; entry = this.#store.peek()) {
      // Where two streams are mixed, all of the first one's share has to be there when the second begins.
      const isFull = this.#decodedSeconds >= DECODED_SECONDS + this.#store.crossfadeAhead;
      if (entry.kind === 'chunk' && isFull) return;
      this.#store.take();
      if (entry.kind === 'end') {
        this.#pipeline.end();
      } else if (entry.kind === 'follow') {
        const { stream, format, crossfade } = entry;
        const { streamId: id, position } = stream;
        this.#fedFormat = format;
        this.#pipeline.follow({ id, position, gain: this.#gain(stream), crossfade }, format);
        this.#show(stream, format);
      } else {
        this.#push(entry);
      }
    }
  }

  /** @param {import('./chunk-store.js').HeldChunk} chunk */
  #push(chunk) {
    const { data, skip, samples, rate, format, streamId } = chunk;
    if (format !== this.#fedFormat) {
      this.#fedFormat = format;
      this.#pipeline.change(format);
      const stream = this.streamOf(streamId);
      if (stream) this.#show(stream, format);
    }
    this.#pipeline.push({ data, skip, samples }, samples / rate).then(() => this.#feed());
  }

  /** Says of a stream how it is encoded from what is decoded next on. @param {StreamInfo} stream @param {any} format */
  #show(stream, format) {
    const { quality, rendition, codec, bitrate, description, sampleRate, channels, reason } = format;
    if (quality === stream.quality && rendition === stream.rendition && bitrate === stream.bitrate) return;
    Object.assign(stream, { quality, rendition, codec, bitrate, description, sampleRate, channels });
    this.emit('rendition', reason);
    this.emit('change');
  }

  #streamEnded({ streamId, reason }) {
    const isNewest = streamId === this.#gate.streamId;
    if (reason === 'cancelled') {
      this.#cancel(streamId);
    } else if (reason === 'finished') {
      if (isNewest) this.finish();
    } else if (isNewest) {
      this.#gate.stop();
      this.emit('stopped', reason);
    }
  }

  /** Takes back a stream that follows another one and isn't heard yet. */
  #cancel(streamId) {
    const at = this.#streams.findIndex((stream) => stream.streamId === streamId);
    if (at <= 0) return;
    const cancelled = this.#streams.splice(at);
    for (const stream of cancelled) this.#gate.stop(stream.streamId);
    this.#store.cut(streamId);
    this.#pipeline.cancel(streamId);
    // What comes before it had ended, or the other could not have followed it.
    this.finish();
    for (const stream of cancelled) this.emit('cancelled', stream);
    this.emit('change');
  }

  #streamFailed({ streamId, trackId, code, message }) {
    const ours = this.newest?.trackId ?? this.#awaited?.trackId;
    const isOurs = streamId ? this.#gate.has(streamId) : !trackId || trackId === ours;
    if (isOurs) this.emit('failed', { code, message });
  }

  /** Throws away what is here, and puts the playhead there, in the first stream. */
  #flush(position) {
    const { stream } = this;
    this.#store.clear();
    this.#former.clear();
    // What leads in comes anew.
    const format = stream && { ...this.#formats.get(stream), isBegun: false };
    if (stream) this.#formats.set(stream, format);
    this.#empty(format, position);
    if (stream) this.#show(stream, format);
  }

  /** Throws away what is decoded. @param {any} format of the chunks to come @param {number} position seconds */
  #empty(format, position) {
    const { stream } = this;
    this.#fedFormat = format;
    this.#pipeline.flush(format ?? undefined);
    this.#basePosition = position;
    if (stream) this.output.begin({ id: stream.streamId, position, gain: this.#gain(stream) });
  }

  /** @param {StreamInfo} stream */
  #gain(stream) {
    const gain = this.gainFor(stream);
    return Number.isFinite(gain) && gain >= 0 ? gain : 1;
  }
}

/** @param {StreamInfo} stream @returns {import('../audio/decoders.js').AudioFormat} */
function formatOf({ codec, description, sampleRate, channels, quality, rendition, bitrate, reason = null }) {
  return { codec, description, sampleRate, channels, quality, rendition, bitrate, reason, isBegun: false };
}

import { createDecoder } from '../audio/decoders.js';
import { AudioOutput } from '../audio/output.js';
import { DecodePipeline } from '../audio/pipeline.js';
import { Emitter } from '../events.js';
import { ChunkGate } from './chunk-gate.js';

/** The longest part of a track that may be mixed with another one. */
const MAX_CROSSFADE_SHARE = 0.5;

/**
 * @typedef {object} StreamInfo what `stream_started` and `quality_change` said last
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
 * to decide.
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
  #pipeline;
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

  get bufferedSeconds() {
    return this.output.sampleRate ? this.output.queued / this.output.sampleRate : 0;
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
    this.#pipeline.end();
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
      const before = this.#streams.length > 1 ? this.#streams : [];
      this.#streams = [...before, { ...stream }];
      const { streamId, position } = stream;
      this.#pipeline.follow({ id: streamId, position, gain: this.#gain(stream) }, formatOf(stream));
    } else {
      this.#streams = [{ ...stream }];
      this.#flush(stream.position);
      this.emit('landed');
    }
    this.emit('change');
  }

  /** The next track, right behind the last sample of this one. @param {StreamInfo} stream */
  #streamFollows(stream) {
    const { streamId, position, duration } = stream;
    this.hasAllChunks = false;
    this.#gate.start(stream, false, true);
    this.#streams.push({ ...stream });
    const longest = Math.max(duration - position, 0) * MAX_CROSSFADE_SHARE;
    const crossfade = Math.min(stream.crossfade ?? 0, longest);
    this.#pipeline.follow({ id: streamId, position, gain: this.#gain(stream), crossfade }, formatOf(stream));
    // It may come so late that the one before has been heard to its end, and the output has stopped.
    if (this.output.isPlayedOut) this.output.play();
    this.emit('preloaded', stream);
    this.emit('change');
  }

  #heard(id, atMs) {
    const at = this.#streams.findIndex((stream) => stream.streamId === id);
    if (at <= 0) return;
    for (const { streamId } of this.#streams.splice(0, at)) this.#gate.stop(streamId);
    this.emit('heard', { stream: this.#streams[0], atMs });
    this.emit('change');
  }

  #take(chunk) {
    const stream = this.#streams.find(({ streamId }) => streamId === chunk.streamId);
    if (!stream) return;
    const decision = this.#gate.admit(chunk, stream.sampleRate);
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
    if (this.output.isOverfull) {
      this.emit('failed', { code: 'too_fast' });
      return;
    }
    this.#pipeline.push({ data: new Uint8Array(chunk.data), skip: chunk.skip ?? 0, samples: chunk.samples });
  }

  #renditionChanged({ streamId, quality, codec, bitrate, description, sampleRate, channels }) {
    const stream = this.#streams.find((candidate) => candidate.streamId === streamId);
    if (!stream || !this.#gate.has(streamId)) return;
    Object.assign(stream, { quality, codec, bitrate, description });
    if (sampleRate) stream.sampleRate = sampleRate;
    if (channels) stream.channels = channels;
    this.#pipeline.change(formatOf(stream));
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

  /** Empties the output and puts the playhead there, in the first stream. */
  #flush(position) {
    const stream = this.stream;
    this.#pipeline.flush(stream ? formatOf(stream) : undefined);
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
function formatOf({ codec, description, sampleRate, channels }) {
  return { codec, description, sampleRate, channels };
}

import { createDecoder } from '../audio/decoders.js';
import { StreamGain, gainFactor } from '../audio/loudness.js';
import { AudioOutput } from '../audio/output.js';
import { DecodePipeline } from '../audio/pipeline.js';
import { Emitter } from '../events.js';
import { ChunkGate } from './chunk-gate.js';

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
 * @property {{track?: import('../audio/loudness.js').Loudness, album?: import('../audio/loudness.js').Loudness}}
 *   [loudness] as far as it is known
 *
 * @typedef {object} ReceiverEvents
 * @property {undefined} change another stream, or another rendition of it
 * @property {{afterMs: number}} started first sample since the last start or seek
 * @property {undefined} starved sound ran dry
 * @property {undefined} recovered sound goes on after that
 * @property {undefined} landed the first chunk after a seek has come
 * @property {undefined} ended the last sample has been heard
 * @property {string} stopped the server ended the stream early; why
 * @property {{code: string, message: string}} failed
 */

/**
 * The receiving side of a stream: chunks in, sound and a playhead out. It sends nothing; what to ask for is
 * `Playback`'s to decide.
 *
 * @extends {Emitter<ReceiverEvents>}
 */
export class StreamReceiver extends Emitter {
  output = new AudioOutput();
  /** @type {StreamInfo | null} */
  stream = null;
  /** Whether the stream's last chunk is here; what is buffered is still to be heard. */
  hasAllChunks = false;
  /** Chunks that could not be decoded; silence took their place. */
  decodeErrors = 0;
  /** What the last of them was. @type {string | null} */
  lastDecodeError = null;
  #gate = new ChunkGate();
  #pipeline;
  #basePosition = 0;
  /** @type {import('../audio/loudness.js').LoudnessMode} */
  #loudnessMode = 'off';
  /** Of the stream whose chunks come. */
  #gain = new StreamGain();
  /** @type {{trackId: string, continues: boolean} | null} */
  #awaited = null;

  /**
   * @param {import('../net/connection.js').Connection} connection
   * @param {{forceFallback?: boolean}} [options]
   */
  constructor(connection, { forceFallback = false } = {}) {
    super();
    const countError = (/** @type {Error} */ error) => {
      this.decodeErrors += 1;
      this.lastDecodeError = error.message;
    };
    this.#pipeline = new DecodePipeline(this.output, countError, (format, options) =>
      createDecoder(format, { ...options, forceFallback }),
    );
    for (const name of /** @type {const} */ (['started', 'starved', 'recovered', 'ended'])) {
      this.output.on(name, (detail) => this.emit(name, detail));
    }
    connection.on('stream_started', (stream) => this.#streamStarted(stream));
    connection.on('audio_chunk', (chunk) => this.#take(chunk));
    connection.on('quality_change', (change) => this.#renditionChanged(change));
    connection.on('stream_ended', (end) => this.#streamEnded(end));
    connection.on('stream_error', (error) => this.#streamFailed(error));
  }

  /** Whether chunks may come: a stream has started and neither ended nor been given up. */
  get isOpen() {
    return this.#gate.streamId !== null;
  }

  /** Whether a `stream_started` is awaited. */
  get isAwaiting() {
    return this.#awaited !== null;
  }

  get epoch() {
    return this.#gate.epoch;
  }

  /** Source position of what is heard now, seconds. */
  get position() {
    return this.#basePosition + this.output.played / (this.output.sampleRate || 1);
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

  /**
   * Opens the sound card at the rate that the server will most likely cut this track at. From a click, see
   * `AudioOutput.open`.
   *
   * @param {{sampleRate?: number}} track
   * @returns {boolean} false when it failed, and `failed` has been emitted
   */
  openFor({ sampleRate = 44_100 }) {
    return this.#open(sampleRate % 8_000 === 0 ? 48_000 : 44_100);
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

  /** A seek was accepted with this epoch; older chunks are late. @param {number} epoch */
  expectEpoch(epoch) {
    this.#gate.expectEpoch(epoch);
  }

  /** Gives the stream up; what is buffered can still be heard. */
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
    this.#pipeline.flush();
    this.#basePosition = position;
    this.#gate.endPosition = position;
  }

  /** Gives the stream up and throws away what is buffered. @param {number} position seconds, of the playhead */
  reset(position) {
    this.release();
    this.stream = null;
    this.hasAllChunks = false;
    this.clear(position);
  }

  /** No more chunks will come although none said so: what is buffered is heard to its end. */
  finish() {
    this.hasAllChunks = true;
    this.#pipeline.end();
  }

  /**
   * How tracks are brought to one loudness: what is decoded from now on.
   *
   * @param {import('../audio/loudness.js').LoudnessMode} mode
   */
  setLoudnessMode(mode) {
    this.#loudnessMode = mode;
    this.#gain.factor = gainFactor(mode, this.stream?.loudness);
  }

  /** What the samples that are decoded now are multiplied with. */
  get gain() {
    return this.#gain.factor;
  }

  #open(sampleRate) {
    const message = 'This browser cannot play sound on this page. It needs HTTPS, or localhost.';
    try {
      this.output.open(sampleRate);
    } catch {
      this.emit('failed', { code: 'no_output', message });
      return false;
    }
    this.output.ready().catch(() => this.emit('failed', { code: 'no_output', message }));
    return true;
  }

  /** @param {StreamInfo} stream */
  #streamStarted(stream) {
    const awaited = this.#awaited;
    if (!awaited || stream.trackId !== awaited.trackId) return;
    this.#awaited = null;
    this.hasAllChunks = false;
    const changesRate = stream.sampleRate !== this.output.sampleRate;
    if (changesRate && !this.#open(stream.sampleRate)) return;
    const continues = awaited.continues && !changesRate;
    this.#gate.start(stream, continues);
    this.stream = { ...stream };
    // Another object: what is still being decoded of the stream before keeps its own.
    this.#gain = new StreamGain(gainFactor(this.#loudnessMode, stream.loudness));
    const format = { ...stream, gain: this.#gain };
    if (continues) {
      this.#pipeline.change(format);
      this.output.more();
    } else {
      this.#pipeline.flush(format);
      this.#basePosition = stream.position;
      this.emit('landed');
    }
    this.emit('change');
  }

  #take(chunk) {
    if (!this.stream) return;
    const decision = this.#gate.admit(chunk, this.stream.sampleRate);
    if (decision === 'drop') return;
    if (decision === 'flush') {
      this.#pipeline.flush();
      this.#basePosition = chunk.position;
      this.hasAllChunks = false;
      this.emit('landed');
    }
    if (this.output.isOverfull) {
      this.emit('failed', { code: 'internal', message: 'The server sends faster than it may.' });
      return;
    }
    this.#pipeline.push({ data: new Uint8Array(chunk.data), skip: chunk.skip ?? 0, samples: chunk.samples });
  }

  #renditionChanged({ streamId, quality, codec, bitrate, description }) {
    if (!this.stream || streamId !== this.#gate.streamId) return;
    this.stream = { ...this.stream, quality, codec, bitrate };
    const { sampleRate, channels } = this.stream;
    this.#pipeline.change({ codec, description, sampleRate, channels, gain: this.#gain });
    this.emit('change');
  }

  #streamEnded({ streamId, reason }) {
    if (streamId !== this.#gate.streamId) return;
    if (reason === 'finished') {
      this.finish();
    } else {
      this.#gate.stop();
      this.emit('stopped', reason);
    }
  }

  #streamFailed({ streamId, trackId, code, message }) {
    const ours = this.stream?.trackId ?? this.#awaited?.trackId;
    const isOurs = streamId ? streamId === this.#gate.streamId : !trackId || trackId === ours;
    if (isOurs) this.emit('failed', { code, message });
  }
}

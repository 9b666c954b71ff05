import { createDecoder } from '../audio/decoders.js';
import { AudioOutput } from '../audio/output.js';
import { DecodePipeline } from '../audio/pipeline.js';
import { Emitter } from '../events.js';
import { DECODED_SECONDS, KEPT_SECONDS, MAX_HELD_BYTES, MAX_HELD_SECONDS, SAME_PLACE_SECONDS } from '../limits.js';
import { ChunkGate } from './chunk-gate.js';
import { ChunkStore } from './chunk-store.js';
import { StreamRow } from './stream-row.js';

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
 * @typedef {object} Awaited a stream that was asked for
 * @property {string} trackId
 * @property {string | null} [itemId] the queue's item, where it is one
 * @property {string} [streamId] where it is known which one it is
 * @property {boolean} continues whether it goes on, sample for sample, at the `edge`
 * @property {string} [former] the stream that it then takes the place of
 * @property {boolean} [isCancelled] whether that one was taken back meanwhile
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
 * @property {{code: string, message: string}} refused the stream that was asked for will not come
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
  #row = new StreamRow();
  #basePosition = 0;
  /** @type {Awaited | null} */
  #awaited = null;
  /** Where decoding stops for what is to come there. @type {import('./chunk-store.js').Edge | null} */
  #edge = null;
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
    return this.#row.heard;
  }

  /** The stream that chunks come for. @type {StreamInfo | null} */
  get newest() {
    return this.#row.newest;
  }

  /** The stream that follows the one heard, if it has begun to arrive. @type {StreamInfo | null} */
  get preloaded() {
    return this.#row.second;
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
    return this.#row.of(id);
  }

  /** Source position of what is heard now (at the ear: latency and output delay taken off), seconds. */
  get position() {
    return this.output.heard()?.position ?? this.#basePosition;
  }

  /** What is heard now, the way the server is told: it may know it as a stream that has taken this one's place. */
  get place() {
    const { stream } = this;
    const { id, position } = this.output.heard() ?? { id: stream?.streamId, position: this.#basePosition };
    // At the seam the output may be a sample behind its own word.
    return this.#row.place(id, position) ?? this.#row.place(stream?.streamId, stream?.position ?? 0);
  }

  /** The stream that goes on where this one ends, or itself. @param {string | undefined} id @returns {StreamInfo | null} */
  latest(id) {
    return this.#row.latest(id);
  }

  /** Where another stream has to go on: of which one, and its source position in seconds. */
  get edge() {
    const stream = this.#edge ? this.#row.latest(this.#edge.streamId) : this.newest;
    return { stream, position: this.endPosition };
  }

  /** Source position behind the last chunk that is to be heard. */
  get endPosition() {
    return this.#edge?.position ?? this.#gate.endPosition;
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
   * Takes the next stream of this track for ours. One that goes on at the `edge` takes the place of all behind it when it
   * comes; until then, or until it is given up, that is neither heard nor lost.
   *
   * @param {{trackId: string, itemId?: string | null}} what
   * @param {boolean} continues whether it goes on, sample for sample, at the `edge`
   * @returns {Awaited}
   */
  expect({ trackId, itemId }, continues) {
    if (!continues) this.#decodeAll();
    const former = continues ? this.edge.stream?.streamId : undefined;
    // Without a stop there is nothing that could still be heard of what comes from now on.
    if (!this.#edge) this.#gate.stop();
    const awaited = { trackId, itemId, continues, former };
    this.#awaited = awaited;
    return awaited;
  }

  /** Takes that stream for ours, of which the server is about to say more. @param {StreamInfo} stream */
  welcome({ streamId, trackId, itemId }) {
    this.expect({ trackId, itemId }, false).streamId = streamId;
  }

  /**
   * Whether that stream is the one that is awaited.
   *
   * @param {{streamId: string, trackId: string, itemId?: string | null, follows?: string}} stream
   */
  awaits({ streamId, trackId, itemId, follows }) {
    const awaited = this.#awaited;
    if (awaited?.streamId) return awaited.streamId === streamId;
    // What the server sends behind another one nobody has asked for.
    if (!awaited || follows || awaited.trackId !== trackId) return false;
    return !awaited.itemId || !itemId || awaited.itemId === itemId;
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

  /**
   * Awaits no stream any more: what it was to take the place of is heard after all, and goes on coming.
   *
   * @param {Awaited | null} [awaited] only if it's this one
   */
  giveUp(awaited = this.#awaited) {
    if (awaited !== this.#awaited) return;
    const { former, isCancelled } = awaited ?? {};
    this.#awaited = null;
    this.#decodeAll();
    if (former && isCancelled) this.#cancel(former);
    this.#feed();
  }

  /** Gives the streams up; what is buffered can still be heard. */
  release() {
    this.#gate.stop();
    this.giveUp();
  }

  /**
   * Throws away what is buffered and puts the playhead there. An open stream stays open.
   *
   * @param {number} position seconds
   */
  clear(position) {
    this.#row.cutBehind(this.stream?.streamId);
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
    const place = stream && this.#store.rewind(this.#row.heardIds, position);
    if (!place) return false;
    this.#empty(place.format, place.position);
    this.#show(stream, place.format);
    for (const chunk of place.chunks) this.#push(chunk);
    this.#feed();
    this.emit('landed');
    return true;
  }

  /**
   * Decodes nothing behind that much of what waits, be it here or still to come: it's to give way to another stream, which
   * is asked for next.
   *
   * @param {number} keptSeconds
   */
  stopBehind(keptSeconds) {
    const { newest, endPosition: position } = this;
    this.#edge = this.#store.stopBehind(keptSeconds);
    if (this.#edge || !newest) return;
    this.#store.stop();
    this.#edge = { streamId: newest.streamId, position };
  }

  /**
   * The same for what waits of the track that is heard, from the first chunk of such a format on.
   *
   * @param {(format: any) => boolean} isSuch
   * @returns {boolean} false where there is nothing of that kind
   */
  stopBefore(isSuch) {
    this.#edge = this.#store.stopBefore(isSuch);
    if (this.#edge && !this.#row.isSame(this.#edge.streamId, this.stream?.streamId)) this.#decodeAll();
    return this.#edge !== null;
  }

  #decodeAll() {
    this.#edge = null;
    this.#store.goOn();
  }

  /** Gives the stream up and throws away what is buffered. @param {number} position seconds, of the playhead */
  reset(position) {
    this.#gate.stop();
    this.#awaited = null;
    this.#row.clear();
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
    for (const stream of this.#row.all) this.output.setGain(stream.streamId, this.#gain(stream));
  }

  /** @param {StreamInfo} stream */
  #streamStarted(stream) {
    const isAwaited = this.awaits(stream);
    if (!isAwaited && stream.follows && this.newest?.streamId === stream.follows) {
      // Behind one that was given up there is a hole.
      if (this.#gate.has(stream.follows) || this.hasAllChunks) this.#streamFollows(stream);
      return;
    }
    if (!isAwaited && !this.accept(stream)) return;
    const awaited = this.#awaited;
    const continues = isAwaited && awaited.continues && this.#canContinue(stream);
    this.#awaited = null;
    this.hasAllChunks = false;
    if (this.output.sampleRate === 0 && !this.open()) return;
    if (continues) this.#goOnWith(stream, awaited.former);
    else this.#beginWith(stream);
    this.emit('change');
  }

  /** Asked for at the edge, it begins elsewhere where somebody has sought meanwhile. @param {StreamInfo} stream */
  #canContinue({ position }) {
    const isThere = Math.abs(position - this.endPosition) < SAME_PLACE_SECONDS;
    return isThere && this.output.hasSegment && this.output.sampleRate > 0;
  }

  /** Takes the place of what is behind the edge. @param {StreamInfo} stream @param {string | undefined} former */
  #goOnWith(stream, former) {
    if (this.#edge) {
      for (const id of this.#row.cutBehind(former)) this.#gate.stop(id);
      this.#store.cut();
      this.#gate.endPosition = this.#edge.position;
      this.#edge = null;
    }
    this.#gate.start(stream, true);
    this.#add(stream, 0, (added) => this.#row.goOn(added, former));
  }

  /** Takes the place of all that is here. @param {StreamInfo} stream */
  #beginWith(stream) {
    this.#gate.start(stream, false);
    this.#row.begin({ ...stream });
    this.#formats.set(this.stream, formatOf(stream));
    this.#flush(stream.position);
    this.emit('landed');
  }

  /** The next track, right behind the last sample of this one. @param {StreamInfo} stream */
  #streamFollows(stream) {
    const { position, duration } = stream;
    this.hasAllChunks = false;
    this.#gate.start(stream, false, true);
    const longest = Math.max(duration - position, 0) * MAX_CROSSFADE_SHARE;
    this.#add(stream, Math.min(stream.crossfade ?? 0, longest), (added) => this.#row.follow(added));
    // It may come so late that the one before has been heard to its end, and the output has stopped.
    if (this.output.isPlayedOut) this.output.play();
    this.emit('preloaded', stream);
    this.emit('change');
  }

  /**
   * Chunks of that stream come behind those so far.
   *
   * @param {StreamInfo} announced
   * @param {number} crossfade seconds
   * @param {(stream: StreamInfo) => void} enrol puts it into the row
   */
  #add(announced, crossfade, enrol) {
    const stream = { ...announced };
    const format = formatOf(stream);
    enrol(stream);
    this.#formats.set(stream, format);
    this.#store.add({ kind: 'follow', stream, format, crossfade });
    this.#feed();
  }

  #heard(id, atMs) {
    const before = this.#row.reach(id);
    if (!before) return;
    for (const streamId of before) this.#gate.stop(streamId);
    this.emit('heard', { stream: this.stream, atMs });
    this.emit('change');
  }

  #take(chunk) {
    const stream = this.#row.of(chunk.streamId);
    if (!stream) return;
    const { sampleRate: rate } = this.#formats.get(stream);
    const decision = this.#gate.admit(chunk, rate);
    if (decision === 'drop') return;
    if (decision === 'flush') {
      // A seek in a stream takes back what was to follow it, and what was heard before it.
      for (const id of this.#row.begin(stream)) if (id !== stream.streamId) this.#gate.stop(id);
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
    const stream = this.#row.of(streamId);
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
    const awaited = this.#awaited;
    if (reason === 'cancelled' && awaited?.former && this.#row.isSame(streamId, awaited.former)) {
      // It makes room for what was asked for: that goes on behind what is here of it.
      awaited.isCancelled = true;
      this.#gate.stop(streamId);
    } else if (reason === 'cancelled') {
      this.#cancel(streamId);
    } else if (reason === 'finished') {
      if (isNewest) this.finish();
    } else if (isNewest || (isFinal(reason) && this.streamOf(streamId))) {
      this.#gate.stop();
      this.emit('stopped', reason);
    }
  }

  /** Takes back a stream that follows another one and isn't heard yet. */
  #cancel(streamId) {
    const cancelled = this.#row.cancel(streamId);
    if (cancelled.length === 0) return;
    for (const stream of cancelled) this.#gate.stop(stream.streamId);
    this.#store.cancel(cancelled[0].streamId);
    this.#pipeline.cancel(cancelled[0].streamId);
    // What comes before it had ended, or the other could not have followed it.
    this.finish();
    for (const stream of cancelled) this.emit('cancelled', stream);
    this.emit('change');
  }

  #streamFailed({ streamId, trackId, code, message }) {
    const awaited = this.#awaited;
    // What never began has no stream. What is held of the track is not touched by it.
    if (!streamId && awaited && !awaited.streamId && (!trackId || trackId === awaited.trackId)) {
      this.emit('refused', { code, message });
      return;
    }
    const ours = this.newest?.trackId ?? this.#awaited?.trackId;
    const isOurs = streamId ? this.#gate.has(streamId) : !trackId || trackId === ours;
    if (isOurs) this.emit('failed', { code, message });
  }

  /** Throws away what is here, and puts the playhead there, in the first stream. */
  #flush(position) {
    const { stream } = this;
    this.#store.clear();
    this.#edge = null;
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

/** Whether nothing more is to be heard of a stream that ended so, also where all of it is here. @param {string} reason */
function isFinal(reason) {
  return reason === 'stopped' || reason === 'transferred';
}

import { Emitter } from '../events.js';
import { GroupTimeline } from './group-timeline.js';
import { TICK_MS } from './limits.js';

/**
 * @typedef {object} GroupSync `group_sync`
 * @property {string} streamId
 * @property {number} epoch
 * @property {number} position seconds, to be heard at `at`; while not playing, where to stop
 * @property {number | null} at server's clock, Unix ms; null: not in a group (any more)
 * @property {boolean} playing
 */

/**
 * Plays in step with other devices: carries `GroupTimeline`'s decisions out on the receiver's output.
 *
 * Give it the connection (for `group_sync` and `stream_started`), the receiver, and the `ClockSync` that the connection
 * starts at each connect. It starts and stops the output at the agreed moments; everything else (status, commands) stays
 * `Playback`'s. In a group a stream's first sample waits for its moment, so `output.play()` may be called as ever.
 *
 * Emits `change` when the device joins or leaves, `playing` and `paused` (with the position) when the group does.
 *
 * @extends {Emitter<{change: undefined, playing: GroupSync, paused: GroupSync}>}
 */
export class GroupPlay extends Emitter {
  /** How far ahead of the group this device is, ms; null while that is unknown. @type {number | null} */
  errorMs = null;
  /** Hard resyncs so far: each is a gap in the sound. */
  resyncs = 0;
  /** Samples put in or left out so far. */
  corrections = 0;
  #timeline = new GroupTimeline();
  #receiver;
  #clockSync;
  #isGrouped = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /**
   * @param {{deviceId: string, on: (name: string, listener: (payload: any) => void) => void}} connection
   * @param {import('../player/stream-receiver.js').StreamReceiver} receiver
   * @param {import('./clock-sync.js').ClockSync} clockSync
   */
  constructor(connection, receiver, clockSync) {
    super();
    this.#receiver = receiver;
    this.#clockSync = clockSync;
    connection.on('stream_started', (stream) => this.#streamStarted(stream));
    connection.on('group_sync', (sync) => this.#agreed(sync));
    // Who left, or was lost by the others, has no stream that could be told so.
    connection.on('device_update', ({ group }) => group?.includes(connection.deviceId) || this.leave());
    receiver.on('landed', () => this.#restarted());
    receiver.on('preloaded', (stream) => this.#follows(stream));
  }

  get isGrouped() {
    return this.#isGrouped;
  }

  /**
   * What is heard here, for `network_stats`: a group gathers around what the active device really plays, so that it
   * need not move. Null where nothing sounds or the server's clock is unknown.
   *
   * @returns {{streamId: string, position: number, at: number} | null} `at`: server's clock, Unix ms
   */
  get heard() {
    const { clock } = this.#clockSync;
    const head = this.#receiver.output.renderHead;
    // The server may know it as a stream that has taken this one's place.
    const stream = this.#receiver.latest(head?.id);
    if (!head || !stream || !clock.isSettled || !this.#receiver.output.isPlaying) return null;
    return { streamId: stream.streamId, position: head.position, at: clock.serverAt(head.atMs) };
  }

  /** Leaves without being told, as on log-out. */
  leave() {
    if (!this.#isGrouped) return;
    this.#isGrouped = false;
    this.errorMs = null;
    clearInterval(this.#timer);
    this.#timeline.clear();
    this.#receiver.output.setGrouped(false);
    this.#clockSync.setGrouped(false);
    this.emit('change');
  }

  /** One decision; a timer makes it ten times a second. */
  tick() {
    const { output } = this.#receiver;
    const { clock } = this.#clockSync;
    if (!this.#isGrouped || !clock.isSettled) return;
    this.#schedule(output, clock);
    const head = output.renderHead;
    if (!head || !output.isPlaying || !this.#isCurrent(head.id)) return;
    const { id, position, atMs, owedSeconds } = head;
    const serverMs = clock.serverAt(atMs);
    const { kind, samples, errorMs } = this.#timeline.decide({ id, position, serverMs, owedSeconds }, output.sampleRate);
    this.errorMs = errorMs;
    if (kind === 'slew') {
      this.corrections += Math.abs(samples);
      output.slew(samples);
    } else if (kind === 'resync') {
      this.resyncs += 1;
      output.resync();
    }
  }

  /** Tells the output which sample is due when, for the next time that it starts. */
  #schedule(output, clock) {
    const id = this.#receiver.stream?.streamId;
    if (!id || !this.#isCurrent(id)) return;
    const atMs = output.nowMs();
    const position = this.#timeline.positionAt(id, clock.serverAt(atMs));
    if (position !== null) output.schedule({ id, position, atMs });
  }

  /** Whether what was agreed is about the samples that are here, and not about those before (or after) a seek. */
  #isCurrent(streamId) {
    const anchor = this.#timeline.anchorOf(streamId);
    return anchor !== null && anchor.epoch === this.#receiver.epochOf(streamId);
  }

  /** @param {any} stream */
  #streamStarted({ streamId, epoch, sync }) {
    if (!sync || !Number.isFinite(sync.at)) return;
    this.#timeline.setAnchor({ streamId, epoch, position: sync.position, at: sync.at });
    this.#join();
  }

  #follows(stream) {
    const former = this.#receiver.stream;
    if (this.#isGrouped && former && former !== stream) this.#timeline.follow(stream, former);
  }

  /** @param {GroupSync} sync */
  #agreed(sync) {
    const { streamId, epoch, position, at, playing } = sync;
    if (at === null || at === undefined) {
      this.leave();
      return;
    }
    const { output } = this.#receiver;
    this.#timeline.setAnchor({ streamId, epoch, position, at });
    this.#join();
    if (playing) {
      if (!output.isPlaying) output.play();
      this.tick();
      this.emit('playing', sync);
    } else {
      const atMs = this.#clockSync.clock.localAt(at);
      output.pause(atMs > output.nowMs() ? atMs : undefined);
      this.emit('paused', sync);
    }
  }

  #join() {
    if (this.#isGrouped) return;
    this.#isGrouped = true;
    this.#receiver.output.setGrouped(true);
    this.#clockSync.setGrouped(true);
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    this.emit('change');
  }

  #restarted() {
    this.#timeline.restart();
    this.tick();
  }
}

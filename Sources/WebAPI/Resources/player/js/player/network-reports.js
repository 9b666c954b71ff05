import {
  NETWORK_NEWS_APART_MS,
  NETWORK_NEWS_MS,
  NETWORK_NEWS_SHARE,
  NETWORK_PLENTY,
  NETWORK_STATS_MS,
} from '../limits.js';
import { NetworkMeter, bandwidthOfFiles } from './network-meter.js';

/** Streams whose beginning is remembered: the one that is heard, the next, and one that was sought away from. */
const REMEMBERED_STREAMS = 4;

/**
 * Tells the server how the network does, and what sound there is: `auto` chooses by it. At each connect, every few
 * seconds while something plays, and soon when the network is much slower, or faster, than was said last.
 *
 * A report names the stream that is heard, and of what isn't heard yet it says nothing: that the buffer of a stream is
 * empty before its first chunk has come is no news.
 */
export class NetworkReports {
  meter = new NetworkMeter();
  #connection;
  #playback;
  #group;
  #clock;
  /** When each of the latest streams began, the server's Unix ms. @type {Map<string, number>} */
  #beginnings = new Map();
  /** ms that a byte takes from the server to here on an idle link. */
  #shortestMs = Infinity;
  /** Whether the stream that is heard has been heard since it began, or was sought in. */
  #isHeard = false;
  /** bit/s. @type {number | null} */
  #lastSaid = null;
  #lastSaidMs = -Infinity;
  #newsTimer = 0;

  /**
   * @param {object} parts
   * @param {import('../net/connection.js').Connection} parts.connection
   * @param {import('./playback.js').Playback} parts.playback
   * @param {{heard: {streamId: string, position: number, at: number} | null}} parts.group knows what is heard at which
   *   moment of the server's clock
   * @param {() => import('../sync/server-clock.js').ServerClock} parts.clock
   * @param {() => any[]} [parts.files] what the browser measured when it fetched the page's files
   */
  constructor({ connection, playback, group, clock, files = () => [] }) {
    this.#connection = connection;
    this.#playback = playback;
    this.#group = group;
    this.#clock = clock;
    connection.on('stream_started', (stream) => this.#began(stream));
    connection.on('audio_chunk', (chunk) => this.#arrived(chunk, performance.now()));
    playback.receiver.on('started', () => (this.#isHeard = true));
    playback.receiver.on('landed', () => (this.#isHeard = false));
    connection.on('online', () => {
      this.meter.bandwidth ??= bandwidthOfFiles(files());
      if (this.meter.bandwidth !== null) this.send();
    });
  }

  /** Begins to report while something plays. */
  start() {
    setInterval(() => this.#playback.isActive && this.send(), NETWORK_STATS_MS);
  }

  /** What there is to say now. */
  get report() {
    const { bandwidth } = this.meter;
    const { rttMs } = this.#connection;
    const { stream, bufferedSeconds } = this.#playback.receiver;
    const sound = this.#group.heard ?? (this.#isHeard && stream ? { streamId: stream.streamId } : null);
    return {
      ...(bandwidth === null ? {} : { bandwidth: Math.round(bandwidth) }),
      ...(rttMs === null ? {} : { rttMs }),
      ...(sound ? { bufferMs: Math.round(bufferedSeconds * 1000), ...sound } : {}),
    };
  }

  /** Says it. It only informs: a report that is lost is followed by another one. */
  async send() {
    const { report } = this;
    if (this.#connection.state !== 'online' || Object.keys(report).length === 0) return;
    this.#lastSaid = report.bandwidth ?? this.#lastSaid;
    this.#lastSaidMs = performance.now();
    await this.#connection.command('network_stats', report).catch(() => {});
  }

  #began({ streamId, startedAt }) {
    if (!Number.isFinite(startedAt)) return;
    this.#beginnings.set(streamId, startedAt);
    const [oldest] = this.#beginnings.keys();
    if (this.#beginnings.size > REMEMBERED_STREAMS) this.#beginnings.delete(oldest);
  }

  #arrived({ streamId, timestamp, data }, nowMs) {
    this.meter.arrived(data?.byteLength ?? 0, nowMs, this.#onItsWay(streamId, timestamp, nowMs));
    if (this.#isNews && !this.#newsTimer) {
      // What came with it is read first: after a moment in which the page was busy it may say otherwise.
      const waitMs = Math.max(NETWORK_NEWS_MS, this.#lastSaidMs + NETWORK_NEWS_APART_MS - nowMs);
      this.#newsTimer = setTimeout(() => {
        this.#newsTimer = 0;
        if (this.#isNews && this.#playback.isActive) this.send();
      }, waitMs);
    }
  }

  /** Whether the server has never been told, or something that would lead to another choice. */
  get #isNews() {
    if (this.meter.bandwidth === null || this.#lastSaid === null) return this.meter.bandwidth !== null;
    const [now, said] = [this.meter.bandwidth, this.#lastSaid].map((rate) => Math.min(rate, NETWORK_PLENTY));
    return Math.min(now, said) < Math.max(now, said) * NETWORK_NEWS_SHARE;
  }

  /** @returns {number | null} ms, null while that isn't known */
  #onItsWay(streamId, timestamp, nowMs) {
    const clock = this.#clock();
    const began = this.#beginnings.get(streamId);
    if (began === undefined || !clock.isSettled || !Number.isFinite(timestamp)) return null;
    this.#shortestMs = Math.min(this.#shortestMs, clock.rttMs / 2);
    return clock.serverAt(nowMs) - (began + timestamp) - this.#shortestMs;
  }
}

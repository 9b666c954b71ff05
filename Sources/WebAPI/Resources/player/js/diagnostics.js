/**
 * What the player is doing, in figures.
 *
 * @typedef {object} Stats
 * @property {number} bufferSeconds sound that waits, decoded or not
 * @property {number} heardSeconds position of the sample that is at the ear now
 * @property {number | null} firstSoundMs from the click to the first sample out of the sound card
 * @property {number | null} rttMs round trip of `clock_sync`, without the server's own time
 * @property {number} chunks received and used
 * @property {number} bytes of their `data`
 * @property {number} lost chunks that never came
 * @property {number} discontinuities chunks that did not follow the one before
 * @property {number} decodeErrors chunks that silence replaced
 * @property {string | null} lastDecodeError what the last of them was
 * @property {number} underruns times that sound ran dry
 * @property {number} recoveries streams asked for anew
 * @property {number} epoch
 * @property {string | null} streamId
 * @property {string | null} codec
 * @property {string | null} quality
 * @property {number | null} bitrate bit/s
 * @property {number | null} sampleRate Hz
 * @property {string | null} decoder `WebCodecs` or `decodeAudioData`
 * @property {string | null} transport
 */

/**
 * @param {import('./player/playback.js').Playback} playback
 * @param {import('./net/connection.js').Connection} connection
 * @returns {() => Stats}
 */
export function statsReader(playback, connection) {
  return () => {
    const { receiver, stream } = playback;
    return {
      ...receiver.books,
      bufferSeconds: receiver.bufferedSeconds,
      heardSeconds: playback.position,
      firstSoundMs: playback.firstSoundMs,
      rttMs: connection.rttMs,
      underruns: receiver.output.underruns,
      recoveries: playback.recoveries,
      codec: stream?.codec ?? null,
      quality: stream?.quality ?? null,
      bitrate: stream?.bitrate ?? null,
      sampleRate: stream?.sampleRate ?? null,
      transport: connection.transport,
    };
  };
}

/**
 * Puts `window.__dubplate` there: a read-only view for tests and for whoever looks for a fault. It is no API; it may
 * change.
 *
 * - `state()`: what is shown: status, trackId, title, position, duration, volume, isMuted, quality, connection, index
 * - `session()`: role, deviceId, activeDeviceId, group, devices, the queue's figures and its items as far as known, and
 *   `local`: what sounds on this device
 * - `stats()`: see `Stats`
 * - `heard()`: `{position, atMs}`: what is at the ear, and when that is in Unix ms of this machine
 * - `sync()`: how this device keeps step with its group, as it sees that itself: `{errorMs, resyncs, corrections, boundMs}`
 * - `context`: the AudioContext, null before the first play
 * - `rms()`: root mean square of the last 2,048 samples that left for the speakers, 0…1
 * - `peak()`: the greatest absolute sample of them
 * - `command(event, payload)`: sends a command as this device, and gives its ack
 * - `dropConnection()`: closes the transport as a lost network would
 * - `onBlock(listener)`: each block of decoded, trimmed samples on its way to the output (copies), for sample-exact
 *   comparisons
 *
 * @param {object} parts
 * @param {import('./player/playback.js').Playback} parts.playback
 * @param {import('./player/transport.js').Transport} parts.transport
 * @param {import('./player/session.js').Session} parts.session
 * @param {import('./net/connection.js').Connection} parts.connection
 * @param {import('./sync/group-play.js').GroupPlay} parts.group
 * @param {import('./sync/clock-sync.js').ClockSync} parts.clockSync
 * @param {() => Stats} parts.stats
 */
export function exposeDiagnostics({ playback, transport, session, connection, group, clockSync, stats }) {
  const samples = new Float32Array(2048);
  const read = () => {
    playback.receiver.output.level?.getFloatTimeDomainData(samples);
    return playback.receiver.output.level ? samples : samples.fill(0);
  };
  Object.defineProperty(window, '__dubplate', {
    value: Object.freeze({
      state: () => ({
        status: transport.status,
        trackId: transport.track?.id ?? null,
        title: transport.track?.title ?? null,
        position: transport.position,
        duration: transport.duration,
        volume: transport.volume.level,
        isMuted: transport.volume.isMuted,
        quality: transport.quality,
        index: session.queue.index,
        connection: connection.state,
      }),
      session: () => sessionView(session, playback),
      stats,
      heard: () => {
        const now = performance.now();
        return { position: playback.receiver.output.heard(now)?.position ?? null, atMs: performance.timeOrigin + now };
      },
      sync: () => {
        const { errorMs, resyncs, corrections } = group;
        return { errorMs, resyncs, corrections, boundMs: clockSync.clock.boundMs };
      },
      get context() {
        return playback.receiver.output.context;
      },
      rms: () => Math.sqrt(read().reduce((sum, sample) => sum + sample * sample, 0) / samples.length),
      peak: () => read().reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0),
      dropConnection: () => connection.dropTransport(),
      command: (/** @type {string} */ event, /** @type {object} */ payload) => connection.command(event, payload),
      onBlock: (/** @type {(block: Float32Array[]) => void} */ listener) => playback.receiver.output.tap(listener),
    }),
  });
}

/**
 * @param {import('./player/session.js').Session} session
 * @param {import('./player/playback.js').Playback} playback
 */
function sessionView(session, playback) {
  const { role, deviceId, activeDeviceId, group, devices, state, isSettled } = session;
  const { version, total, index, itemId, shuffle, repeat, crossfade, context } = session.queue;
  const items = Array.from({ length: total }, (_, at) => session.queue.peek(at) ?? null);
  const queue = { version, total, index, itemId, shuffle, repeat, crossfade, context, items };
  const local = { status: playback.status, title: playback.track?.title ?? null, position: playback.position };
  return { role, deviceId, activeDeviceId, group, devices, state, isSettled, queue, local };
}

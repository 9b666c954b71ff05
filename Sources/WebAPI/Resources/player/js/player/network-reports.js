import { NETWORK_STATS_MS } from '../limits.js';
import { NetworkMeter } from './network-meter.js';

/**
 * Tells the server every few seconds while something plays how the network does; `auto` chooses by it.
 *
 * @param {import('../net/connection.js').Connection} connection
 * @param {import('./playback.js').Playback} playback
 * @param {import('../sync/group-play.js').GroupPlay} group knows what is heard at which moment of the server's clock
 */
export function reportNetwork(connection, playback, group) {
  const meter = new NetworkMeter();
  connection.on('audio_chunk', ({ data }) => meter.arrived(data?.byteLength ?? 0, performance.now()));
  setInterval(async () => {
    const bandwidth = meter.read();
    if (connection.state !== 'online' || !playback.isActive) return;
    const report = {
      bufferMs: Math.round(playback.receiver.bufferedSeconds * 1000),
      ...(bandwidth === null ? {} : { bandwidth: Math.round(bandwidth) }),
      ...group.heard,
      ...(connection.rttMs === null ? {} : { rttMs: connection.rttMs }),
    };
    // It only informs: a report that is lost is followed by another one.
    await connection.command('network_stats', report).catch(() => {});
  }, NETWORK_STATS_MS);
}

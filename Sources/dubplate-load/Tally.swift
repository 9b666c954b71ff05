/// What the listeners of one event loop have seen so far, or of all of them after merging.
struct Tally: Sendable {
  /// Connected to the namespace right now.
  var listeners = 0
  /// With sound right now.
  var playing = 0
  var connects = 0
  var plays = 0
  var seeks = 0
  var seeksWithoutColdPosition = 0
  var tracksFinished = 0
  var chunks = 0
  /// Bytes of everything read from the sockets after the upgrade.
  var bytes = 0
  /// Samples received, as nanoseconds of sound.
  var soundNanoseconds: Int64 = 0
  var gaps = 0
  var gapNanoseconds: Int64 = 0
  var seqHoles = 0
  /// Chunks of an older epoch: sent before the seek was heard of, to be dropped.
  var staleChunks = 0
  /// Connections that ended without the generator wanting it.
  var disconnects = 0
  private(set) var errors: [String: Int] = [:]
  var connectLatency = LatencyHistogram()
  var ackLatency = LatencyHistogram()
  var firstChunkLatency = LatencyHistogram()
  var seekLatency = LatencyHistogram()

  var errorCount: Int { errors.values.reduce(0, +) }

  mutating func countError(_ code: String, times: Int = 1) {
    if errors[code] == nil, errors.count >= Limits.errorCodes {
      errors["other", default: 0] += times
    } else {
      errors[code, default: 0] += times
    }
  }

  mutating func merge(_ other: Tally) {
    listeners += other.listeners
    playing += other.playing
    connects += other.connects
    plays += other.plays
    seeks += other.seeks
    seeksWithoutColdPosition += other.seeksWithoutColdPosition
    tracksFinished += other.tracksFinished
    chunks += other.chunks
    bytes += other.bytes
    soundNanoseconds += other.soundNanoseconds
    gaps += other.gaps
    gapNanoseconds += other.gapNanoseconds
    seqHoles += other.seqHoles
    staleChunks += other.staleChunks
    disconnects += other.disconnects
    for (code, times) in other.errors { countError(code, times: times) }
    connectLatency.merge(other.connectLatency)
    ackLatency.merge(other.ackLatency)
    firstChunkLatency.merge(other.firstChunkLatency)
    seekLatency.merge(other.seekLatency)
  }
}

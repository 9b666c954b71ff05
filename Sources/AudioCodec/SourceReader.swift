import CFFmpeg

/// The music of one file at its own rate, as two planes of Float that reach from minus to plus infinity.
///
/// Sample 0 is the first behind the encoder's delay. In front of it and behind the last one there is silence, and so
/// there is in place of whatever cannot be decoded: a position always means the same moment of the source.
final class SourceReader {
  let file: FileSource
  let rate: Int
  /// Samples of music; reading beyond gives silence.
  let sampleCount: Int64
  /// Packets that could not be decoded, and samples of silence put in their place.
  private(set) var damagedPackets = 0
  private(set) var concealedSamples: Int64 = 0
  private(set) var channels: Int = 0

  private let source: any PacketSource
  private let decoder: Decoder
  private let origin: Int64
  private let codec: SourceCodec
  private let grid: FrameGrid?
  private let beginsAtZero: Bool
  private let converter = StereoConverter()
  private let packet: UnsafeMutablePointer<AVPacket>

  private var position: Int64 = 0
  private let chunk = StereoBuffer(capacity: 8_192)
  private var chunkStart: Int64 = 0
  private var chunkEnd: Int64 { chunkStart + Int64(chunk.count) }
  /// End of the last decoded frame; nil where only a timestamp can say where we are: right after a seek, and at the
  /// beginning of what has a clock that counts samples.
  private var expected: Int64?
  /// What the last frame's timestamp was off by, if that was put down to jitter.
  private var pendingOffset: Int64 = 0
  /// Whether the decoder stands somewhere useful; a seek is carried out by the first read.
  private var isPlaced = true
  private var isDrained = false
  private var hasEnded = false
  /// Packets that the decoder was given since the last seek; more than enough where there was none.
  private var packetsGiven = Int.max
  /// Packets that end before this timestamp are of no use since the last seek: the decoder needn't see them.
  private var useful: MediaTime?

  /// - Parameters:
  ///   - grid: where frames begin, if timestamps don't say it to the sample.
  ///   - beginsAtZero: whether the first frame that is heard is sample 0, whatever its timestamp says.
  ///   - preRoll: what the file needs, where that is known.
  init(
    file: FileSource, source: any PacketSource, rate: Int, origin: Int64, sampleCount: Int64, grid: FrameGrid? = nil,
    beginsAtZero: Bool = false, preRoll: Int64? = nil
  ) throws(AudioCodecError) {
    self.file = file
    self.source = source
    self.rate = rate
    self.origin = origin
    self.sampleCount = sampleCount
    self.grid = grid
    self.beginsAtZero = beginsAtZero || grid != nil
    expected = self.beginsAtZero ? 0 : nil
    decoder = try Decoder(parameters: source.parameters, codec: source.codec, timeBase: source.timeBase)
    var codec = SourceCodec(id: source.codec, parameters: source.parameters, timeBase: source.timeBase, rate: rate)
    if let preRoll = preRoll ?? source.preRoll { codec.preRoll = preRoll }
    self.codec = codec
    guard let packet = av_packet_alloc() else { throw LibAV.outOfMemory() }
    self.packet = packet
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  func seek(to sample: Int64) {
    guard sample != position else { return }
    // A short way forward is decoded through; it costs less than a seek and its warm-up.
    let reach = chunk.count > 0 ? chunkEnd : (expected ?? 0)
    let near = isPlaced && sample >= (chunk.count > 0 ? chunkStart : reach) && sample < reach + codec.preRoll + 8_192
    position = sample
    if !near { isPlaced = false }
  }

  /// Fills `count` samples of `target` from the position on, and moves it. Throws `timedOut`, `unreadable`, `damaged`.
  func read(_ target: StereoTarget, count: Int) throws(AudioCodecError) {
    var done = 0
    while done < count {
      let rest = target.advanced(by: done)
      let wanted = count - done
      var got: Int
      if position < 0 {
        got = Int(min(Int64(wanted), -position))
        rest.silence(got)
      } else if position >= sampleCount {
        got = wanted
        rest.silence(got)
      } else {
        let most = Int(min(Int64(wanted), sampleCount - position))
        if !isPlaced { try place() }
        if position < chunkStart, chunk.count > 0 {
          got = Int(min(Int64(most), chunkStart - position))
          rest.silence(got)
          concealedSamples += Int64(got)
        } else if position < chunkEnd {
          got = Int(min(Int64(most), chunkEnd - position))
          rest.copy(chunk, from: Int(position - chunkStart), count: got)
        } else if !hasEnded, try decode() {
          continue
        } else {
          hasEnded = true
          got = most
          rest.silence(got)
          concealedSamples += Int64(got)
        }
      }
      position += Int64(got)
      done += got
    }
  }

  /// Where the sound really ends: decodes from `sample` to the end of the file. For probing. Throws `tooLong` for more
  /// than `maxSamples`.
  func end(from sample: Int64, within maxSamples: Int64 = Bounds.maxSamples) throws(AudioCodecError) -> Int64 {
    position = max(sample, 0)
    try place()
    var end = chunkEnd
    while try decode() {
      end = max(end, chunkEnd)
      guard end <= maxSamples else { throw AudioCodecError.moreThanADay }
    }
    return end
  }

  /// Decodes the first frame that there is. False if there is none.
  func begin() throws(AudioCodecError) -> Bool { try decode() }

  /// Carries a seek out: goes in front of the position by the codec's warm-up, further if the demuxer landed too late.
  private func place() throws(AudioCodecError) {
    for margin in [Int64(0), Int64(rate), Int64(rate) * 10] {
      let target = position - codec.preRoll - margin
      guard target > 0, let timestamp = timestamp(ofSample: target - codec.tolerance) else { break }
      try restart(at: timestamp.value)
      useful = self.timestamp(ofSample: target - codec.tolerance - codec.jitter)
      if try decode(), chunkStart <= position - codec.preRoll / 2 { return }
    }
    try restart(at: nil)
  }

  /// What the container's clock shows at a sample.
  private func timestamp(ofSample sample: Int64) -> MediaTime? {
    MediaTime(sample + origin).flatMap { source.timestamp(ofSample: $0, rate: rate) }
  }

  private func restart(at timestamp: Int64?) throws(AudioCodecError) {
    try source.seek(to: timestamp)
    decoder.flush()
    chunk.count = 0
    chunkStart = timestamp == nil ? 0 : position
    // The first frame, cut by the encoder's delay, is not on a grid: what is counted from is where it begins.
    expected = timestamp == nil && beginsAtZero ? 0 : nil
    pendingOffset = 0
    useful = nil
    packetsGiven = timestamp == nil ? Int.max : 0
    isPlaced = true
    isDrained = false
    hasEnded = false
  }

  /// Decodes the next frame into `chunk`; false at the end.
  private func decode() throws(AudioCodecError) -> Bool {
    var fruitless = 0
    // A small file can hold sound for a long time: what doesn't read doesn't look at the clock.
    try file.checkDeadline()
    while fruitless < Bounds.fruitlessPackets {
      switch decoder.receive() {
      case .frame(let frame):
        if packetsGiven > 1 || !distrustsFirstPacket(frame), try accept(frame) { return true }
        fruitless += 1
      case .damaged:
        damagedPackets += 1
        fruitless += 1
      case .none:
        if isDrained { return false }
        if try source.read(into: packet) {
          // What is passed over is no sign of damage, however much it is: a container may land far in front.
          if isUseful(packet) {
            fruitless += 1
            if packetsGiven < Int.max { packetsGiven += 1 }
            if !decoder.send(packet) { damagedPackets += 1 }
          }
          av_packet_unref(packet)
        } else {
          isDrained = true
          _ = decoder.send(nil)
        }
      }
    }
    throw AudioCodecError(.damaged, "Nothing in the file can be decoded")
  }

  /// Whether what the first packet after a seek gives may not stand where it says, or says nothing: it lacks what it
  /// shares with the packet before it, or libavcodec cut it by the encoder's delay once more.
  private func distrustsFirstPacket(_ frame: UnsafePointer<AVFrame>) -> Bool {
    if expected == nil, frame.pointee.pts == dubplate_no_timestamp() { return true }
    return codec.preRoll > 0 && (codec.reachesBack || grid != nil)
  }

  /// Whether the decoder has to see a packet. From the first that it has to see, it has to see all.
  private func isUseful(_ packet: UnsafePointer<AVPacket>) -> Bool {
    guard let useful else { return true }
    if let start = MediaTime(packet.pointee.pts), let length = MediaTime(packet.pointee.duration), length > .zero,
      let end = start + length, end <= useful
    {
      return false
    }
    self.useful = nil
    return true
  }

  /// Where a frame belongs: by its timestamp, unless that says the same as counting, or errs for a moment. A timestamp
  /// that no clock shows is none.
  private func start(ofFrameStamped timestamp: Int64) -> Int64 {
    guard let stamp = MediaTime(timestamp), let sample = source.sample(ofTimestamp: stamp, rate: rate) else {
      return expected ?? -origin
    }
    var stamped = sample.value - origin
    if let grid { stamped = grid.nearest(stamped) }
    guard let expected else { return stamped }
    let offset = stamped - expected
    if abs(offset) <= codec.tolerance {
      pendingOffset = 0
      return expected
    }
    if abs(offset) <= codec.jitter, offset != pendingOffset {
      pendingOffset = offset
      return expected
    }
    pendingOffset = 0
    return stamped
  }

  private func accept(_ frame: UnsafePointer<AVFrame>) throws(AudioCodecError) -> Bool {
    let samples = Int64(frame.pointee.nb_samples)
    let begin = start(ofFrameStamped: frame.pointee.pts)
    guard abs(begin) <= Bounds.maxSamples else { return false }
    expected = begin + samples
    // A change of rate in the middle (a chained file) has no place on this time line.
    guard Int(frame.pointee.sample_rate) == rate else {
      damagedPackets += 1
      return false
    }
    channels = Int(frame.pointee.ch_layout.nb_channels)
    try converter.convert(frame, into: chunk)
    chunk.limit(to: Bounds.peak)
    chunkStart = begin
    return true
  }
}

extension PacketSource {
  func timestamp(ofSample sample: MediaTime, rate: Int) -> MediaTime? {
    sample.rescaled(from: AVRational(num: 1, den: Int32(rate)), to: timeBase, rounding: AV_ROUND_DOWN)
  }

  func sample(ofTimestamp timestamp: MediaTime, rate: Int) -> MediaTime? {
    timestamp.rescaled(from: timeBase, to: AVRational(num: 1, den: Int32(rate)))
  }
}

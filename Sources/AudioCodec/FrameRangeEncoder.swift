/// Encodes some frames of a track as a part of the one encode of the whole track that never happens.
///
/// Frame k decodes (with a decoder that has seen the frame before) to exactly the source samples from k ·
/// `frameSamples` on, whatever range it was encoded in: the encoder is fed that much earlier as its output lags behind,
/// and begins `preRollFrames` in front of the range, so that its state at the first frame is that of a continuous
/// encode. Behind the range it looks ahead into real music. Ranges of one track in any order and of any size may be put
/// together.
///
/// ```
///  fed:      |<- pre-roll, thrown away ->|priming|<------- the range ------->|look-ahead
///  samples:  (a − P)·F                   (a−1)·F  a·F                         e·F
/// ```
///
/// Source samples before 0 and behind the end are silence.
public final class FrameRangeEncoder: @unchecked Sendable {
  // Invariant of the unchecked conformance: nothing in here is shared with another object, and the caller uses one
  // encoder from one thread at a time (each call happens before the next).

  public let settings: EncoderSettings
  /// Samples of the track at the settings' rate.
  public let totalSamples: Int64
  /// The frames that this encoder makes.
  public let frames: Range<Int>
  /// The first frame that `next` has not handed out.
  public private(set) var position: Int

  private let reader: PCMReader
  private let encoder: any PacketEncoding
  private let input: StereoBuffer
  /// Where in the source the next sample to be fed lies.
  private var feed: Int64
  /// Number of the frame that the encoder's next packet is.
  private var produced: Int
  /// Packets of the next frame, where a frame has several.
  private var packets: [EncodedPacket] = []
  private var packetSamples = 0
  private var priming: [UInt8] = []
  private var primingCount = 0
  /// Hears every sample that is fed.
  var listener: TrackAnalyzer.Listener?

  /// Opens the file and the encoder; no frame is encoded yet.
  ///
  /// - Parameters:
  ///   - facts: of an earlier probe of this file; makes the start cheap.
  ///   - settings: whose `sampleRate` must be the file's grid rate.
  ///   - totalSamples: grid samples of the track, as of the probe.
  ///   - frames: not empty, within the track.
  ///   - isQuick: begin with little pre-roll: sound sooner, but `settlingFrames(from:)` frames of an encoder's own.
  ///   - reserve: of encoders that are open already; spares opening one.
  ///
  /// Throws `invalidRequest`, `encoderFailed`, and what opening a `PCMReader` throws.
  public convenience init(
    path: String, facts: SourceFacts? = nil, settings: EncoderSettings, totalSamples: Int64, frames: Range<Int>,
    isQuick: Bool = false, reserve: EncoderReserve? = nil, limits: AudioLimits = AudioLimits()
  ) throws(AudioCodecError) {
    try Self.check(settings, frames, totalSamples)
    let reader = try PCMReader(
      path: path, facts: facts, rate: settings.sampleRate, limits: limits)
    guard settings.codec.sampleRate(onGridOf: reader.facts.gridRate) == settings.sampleRate else {
      throw AudioCodecError(
        facts == nil ? .invalidRequest : .changed, "The file's grid rate is \(reader.facts.gridRate) Hz")
    }
    try self.init(
      reader: reader, settings: settings, totalSamples: totalSamples, frames: frames, isQuick: isQuick, reserve: reserve
    )
  }

  /// The same for a file that is open, at the settings' rate.
  init(
    reader: PCMReader, settings: EncoderSettings, totalSamples: Int64, frames: Range<Int>, isQuick: Bool = false,
    reserve: EncoderReserve? = nil
  ) throws(AudioCodecError) {
    try Self.check(settings, frames, totalSamples)
    self.reader = reader
    encoder = if let reserve { try reserve.take(settings) } else { try settings.openEncoder() }
    self.settings = settings
    self.totalSamples = totalSamples
    self.frames = frames
    position = frames.lowerBound
    produced = frames.lowerBound - settings.preRollFrames(before: frames.lowerBound, isQuick: isQuick)
    feed = Int64(produced) * Int64(settings.frameSamples) + Int64(settings.delay)
    input = StereoBuffer(capacity: settings.packetSamples)
    encoder.begin(atFrame: produced)
  }

  private static func check(
    _ settings: EncoderSettings, _ frames: Range<Int>, _ totalSamples: Int64
  ) throws(AudioCodecError) {
    try settings.validate()
    guard !frames.isEmpty, frames.lowerBound >= 0, totalSamples > 0, totalSamples <= Bounds.maxSamples,
      frames.upperBound <= settings.frameCount(totalSamples: totalSamples)
    else { throw AudioCodecError(.invalidRequest, "The frames lie outside of the track") }
  }

  /// Packets of the source that could not be decoded so far; they are silence in the output.
  public var damagedPackets: Int { reader.damagedPackets }

  /// Encodes until at most `maxFrames` (at least one) further frames are out; nil when the range is complete.
  ///
  /// The first piece brings the priming frames. Throws `timedOut`, `unreadable`, `damaged`, `encoderFailed`.
  public func next(maxFrames: Int) throws(AudioCodecError) -> EncodedFrames? {
    guard position < frames.upperBound else { return nil }
    let end = min(position + max(maxFrames, 1), frames.upperBound)
    var piece = EncodedFrames(firstFrame: position)
    piece.frameSizes.reserveCapacity(end - position)
    while position < end {
      let more = try encoder.receive { (packet, samples) throws(AudioCodecError) in
        try take(packet, samples, into: &piece)
      }
      if more { continue }
      try feedFrame()
    }
    if piece.firstFrame == frames.lowerBound {
      piece.priming = priming
      piece.primingFrames = primingCount
      priming = []
    }
    return piece
  }

  private func take(
    _ packet: UnsafeRawBufferPointer, _ samples: Int, into piece: inout EncodedFrames
  ) throws(AudioCodecError) {
    if settings.packetsPerFrame > 1 {
      packets.append(EncodedPacket(bytes: Array(packet), samples: samples))
      packetSamples += samples
      guard packetSamples >= settings.frameSamples else { return }
      packetSamples = 0
    }
    defer { produced += 1 }
    if produced >= frames.lowerBound {
      piece.frameSizes.append(try append(packet, number: produced, to: &piece.bytes))
      position = produced + 1
    } else if produced >= frames.lowerBound - settings.primingFrames {
      _ = try append(packet, number: produced, to: &priming)
      primingCount += 1
    } else {
      packets.removeAll(keepingCapacity: true)
    }
  }

  private func append(
    _ packet: UnsafeRawBufferPointer, number: Int, to output: inout [UInt8]
  ) throws(AudioCodecError) -> Int {
    switch settings.codec {
    case .mp3:
      return try MP3Format.append(packet, settings, to: &output)
    case .aac:
      try ADTSFormat.appendHeader(payload: packet.count, sampleRate: settings.sampleRate, to: &output)
      output.append(contentsOf: packet)
      return packet.count + ADTSFormat.headerSize
    case .opus:
      defer { packets.removeAll(keepingCapacity: true) }
      return OggOpusFormat.append(
        packets.map(\.bytes), settings, numbered: number, totalSamples: totalSamples, to: &output)
    case .vorbis:
      defer { packets.removeAll(keepingCapacity: true) }
      return OggVorbisFormat.append(
        packets, settings, numbered: number, totalSamples: totalSamples, isPriming: number < frames.lowerBound,
        to: &output)
    case .flac:
      return try FLACFormat.append(packet, numbered: number, to: &output)
    }
  }

  private func feedFrame() throws(AudioCodecError) {
    var count = settings.packetSamples
    // FLAC has no look-ahead and no padding: its last frame is as long as what is left.
    if settings.codec == .flac { count = Int(min(Int64(count), totalSamples - feed)) }
    guard count > 0, feed < Int64(frames.upperBound + 64) * Int64(settings.frameSamples) else {
      throw AudioCodecError(.encoderFailed, "The encoder keeps its frames back")
    }
    try reader.fill(StereoTarget(left: input.left, right: input.right), count: count, at: feed)
    try listener?.hear(input, count: count)
    try encoder.feed(input, count: count)
    feed += Int64(count)
  }
}

import CFFmpeg

/// Packets of an MP3 or ADTS file. Timestamps count samples: frame n begins at n · samples per frame.
final class ElementarySource: PacketSource {
  let codec: AVCodecID
  var parameters: UnsafePointer<AVCodecParameters>? { nil }
  let timeBase: AVRational
  private let file: FileSource
  private let stream: ElementaryStream
  private let frameSamples: Int
  private var scanner: FrameScanner

  /// - Parameters:
  ///   - sampleRate: of the decoded sound; twice that of the headers where AAC carries SBR.
  ///   - frameSamples: decoded samples of a frame.
  init(file: FileSource, stream: ElementaryStream, sampleRate: Int, frameSamples: Int) {
    self.file = file
    self.stream = stream
    self.frameSamples = frameSamples
    codec =
      switch stream.model.kind {
      case .layer1: AV_CODEC_ID_MP1
      case .layer2: AV_CODEC_ID_MP2
      case .layer3: AV_CODEC_ID_MP3
      case .adts: AV_CODEC_ID_AAC
      }
    timeBase = AVRational(num: 1, den: Int32(sampleRate))
    scanner = FrameScanner(file: file, model: stream.model, offset: stream.firstFrame, number: 0, window: 16 << 10)
  }

  var preRoll: Int64? {
    guard stream.model.kind == .layer3 else { return nil }
    return Int64(stream.framesNeeded(by: constantRateFrame)) * Int64(frameSamples)
  }

  func read(into packet: UnsafeMutablePointer<AVPacket>) throws(AudioCodecError) -> Bool {
    guard let frame = scanner.next() else {
      try file.check()
      return false
    }
    guard av_new_packet(packet, Int32(frame.length)) == 0 else { throw LibAV.outOfMemory() }
    guard let data = packet.pointee.data, scanner.copy(frame, into: data) else {
      av_packet_unref(packet)
      try file.check()
      return false
    }
    packet.pointee.pts = Int64(frame.number) * Int64(frameSamples)
    packet.pointee.dts = packet.pointee.pts
    packet.pointee.duration = Int64(frameSamples)
    return true
  }

  func seek(to timestamp: Int64?) throws(AudioCodecError) {
    let wanted = Int(max(timestamp ?? 0, 0)) / frameSamples
    var start = FrameIndex.Checkpoint(number: 0, offset: stream.firstFrame)
    // The first few frames are reached without an index.
    if wanted > Bounds.checkpointInterval {
      if let computed = constantRateStart(of: wanted) {
        start = computed
      } else {
        start = try index().checkpoint(before: wanted) ?? start
      }
    }
    scanner = FrameScanner(
      file: file, model: stream.model, offset: start.offset, number: start.number, meanLength: start.meanLength,
      window: 16 << 10)
    var ahead = scanner
    while let frame = ahead.next(), frame.number < wanted { scanner = ahead }
    try file.check()
  }

  /// Where a frame of a file of one bitrate lies, without an index: a walk over a whole file takes longer than encoding
  /// what is sought. Encoders pad so that the mean is exact to a byte; a file in which no frame begins there (it was cut,
  /// or its encoder doesn't pad) gives nil.
  private func constantRateStart(of wanted: Int) -> FrameIndex.Checkpoint? {
    guard let first = constantRateFrame else { return nil }
    let bytes = Int64(wanted) * Int64(first.samples / 8 * first.bitrate) / Int64(first.sampleRate)
    for offset in [0, -1, 1].map({ stream.firstFrame + bytes + Int64($0) }) {
      var next = offset
      let isChain = (0..<3).allSatisfy { _ in
        guard let frame = header(at: next), frame.isSameStream(as: first), frame.bitrate == first.bitrate else {
          return false
        }
        next += Int64(frame.length)
        return true
      }
      if isChain { return FrameIndex.Checkpoint(number: wanted, offset: offset, meanLength: first.length * 16) }
    }
    return nil
  }

  /// The first frame's header, if all are like it.
  private var constantRateFrame: MPEGFrameHeader? {
    guard stream.isConstantRate == true, let first = header(at: stream.firstFrame), first.bitrate > 0 else {
      return nil
    }
    return first
  }

  private func header(at offset: Int64) -> MPEGFrameHeader? {
    let bytes = file.bytes(at: offset, count: MPEGFrameHeader.size)
    guard bytes.count == MPEGFrameHeader.size else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in bytes.baseAddress.flatMap { MPEGFrameHeader($0) } }
  }

  func index() throws(AudioCodecError) -> FrameIndex {
    if let known = SourceMemory.shared.index(file.identity) { return known }
    let made = try FrameIndex(file: file, stream: stream)
    SourceMemory.shared.remember(made, file.identity)
    return made
  }
}

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
      let index = try index()
      start = index.checkpoint(before: wanted) ?? start
    }
    scanner = FrameScanner(
      file: file, model: stream.model, offset: start.offset, number: start.number, meanLength: start.meanLength,
      window: 16 << 10)
    var ahead = scanner
    while let frame = ahead.next(), frame.number < wanted { scanner = ahead }
    try file.check()
  }

  func index() throws(AudioCodecError) -> FrameIndex {
    if let known = SourceMemory.shared.index(file.identity) { return known }
    let made = try FrameIndex(file: file, stream: stream)
    SourceMemory.shared.remember(made, file.identity)
    return made
  }
}

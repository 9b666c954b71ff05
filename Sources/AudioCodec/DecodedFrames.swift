import CFFmpeg

/// What the frames of a source decode to, from its present place on: for finding out what a file is.
final class DecodedFrames {
  struct Frame {
    var rate: Int
    var channels: Int
    var samples: Int
    /// Nil if the container says none, or one that no clock shows.
    var timestamp: MediaTime?
    /// Which packet it came out of, counted from 1.
    var packet: Int
  }

  private let source: any PacketSource
  private let decoder: Decoder
  private let packet: UnsafeMutablePointer<AVPacket>
  private var isDrained = false
  private var packetsRead = 0

  init(_ source: any PacketSource) throws(AudioCodecError) {
    self.source = source
    decoder = try Decoder(parameters: source.parameters, codec: source.codec, timeBase: source.timeBase)
    guard let packet = av_packet_alloc() else { throw LibAV.outOfMemory() }
    self.packet = packet
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  /// The next frame that can be decoded; nil at the end, and where nothing can be decoded for long.
  func next() throws(AudioCodecError) -> Frame? {
    for _ in 0..<Bounds.fruitlessPackets {
      if case .frame(let frame) = decoder.receive() {
        return Frame(
          rate: Int(frame.pointee.sample_rate), channels: Int(frame.pointee.ch_layout.nb_channels),
          samples: Int(frame.pointee.nb_samples), timestamp: MediaTime(frame.pointee.pts),
          packet: packetsRead)
      }
      if isDrained { return nil }
      if try source.read(into: packet) {
        packetsRead += 1
        _ = decoder.send(packet)
        av_packet_unref(packet)
      } else {
        isDrained = true
        _ = decoder.send(nil)
      }
    }
    return nil
  }
}

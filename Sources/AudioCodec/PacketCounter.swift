import CFFmpeg

/// How many samples each packet of a stream stands for, without decoding it.
enum PacketCounter {
  /// All have the same length.
  case constant(Int64)
  /// Interleaved PCM: bytes of a sample of all channels.
  case bytes(Int64)
  case vorbis(VorbisPackets)

  /// - Parameter constant: the length that all packets seen so far have.
  ///
  /// Nil if only a decoder could tell.
  init?(_ parameters: UnsafePointer<AVCodecParameters>?, constant: Int64?) {
    guard let parameters = parameters?.pointee else { return nil }
    let sampleBits = Int64(av_get_exact_bits_per_sample(parameters.codec_id))
    let frameBits = sampleBits * Int64(parameters.ch_layout.nb_channels)
    if let name = avcodec_get_name(parameters.codec_id), String(cString: name).hasPrefix("pcm_"), frameBits >= 8 {
      self = .bytes(frameBits / 8)
    } else if parameters.codec_id == AV_CODEC_ID_VORBIS, let packets = VorbisPackets(parameters) {
      self = .vorbis(packets)
    } else if let constant, constant > 0 {
      self = .constant(constant)
    } else {
      return nil
    }
  }

  func samples(of packet: UnsafePointer<AVPacket>) -> Int64 {
    switch self {
    case .constant(let samples): samples
    case .bytes(let width): Int64(packet.pointee.size) / width
    case .vorbis(let packets): packets.samples(of: packet)
    }
  }
}

/// Lengths of Vorbis packets: by their block sizes, each with that of the packet before it.
final class VorbisPackets {
  private var context: OpaquePointer?

  init?(_ parameters: AVCodecParameters) {
    context = av_vorbis_parse_init(parameters.extradata, parameters.extradata_size)
    guard context != nil else { return nil }
  }

  deinit { av_vorbis_parse_free(&context) }

  func samples(of packet: UnsafePointer<AVPacket>) -> Int64 {
    max(0, Int64(av_vorbis_parse_frame(context, packet.pointee.data, packet.pointee.size)))
  }
}

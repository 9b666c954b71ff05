/// Samples in, packets out; on one thread at a time.
protocol PacketEncoding: AnyObject, Sendable {
  /// Says, before anything is fed, which frame of the track the first one is; below 0 it lies in front of the track.
  func begin(atFrame number: Int)

  /// Encodes the next `count` samples. Throws `encoderFailed`.
  func feed(_ samples: StereoBuffer, count: Int) throws(AudioCodecError)

  /// Hands the next packet to `body`, which must not keep it, with the samples by which it takes the track forward;
  /// false if the encoder wants more samples. Throws `encoderFailed`, and what `body` throws.
  func receive(
    _ body: (UnsafeRawBufferPointer, Int) throws(AudioCodecError) -> Void
  ) throws(AudioCodecError) -> Bool
}

extension PacketEncoding {
  func begin(atFrame number: Int) {}
}

extension EncoderSettings {
  /// An encoder that has encoded nothing yet. Throws `unsupported`, `encoderFailed`.
  func openEncoder() throws(AudioCodecError) -> any PacketEncoding {
    switch codec {
    case .vorbis: try VorbisEncoder(self)
    default: try PacketEncoder(self)
    }
  }
}

/// One packet of a frame that has several.
struct EncodedPacket {
  var bytes: [UInt8]
  /// Samples by which it takes the track forward.
  var samples: Int
}

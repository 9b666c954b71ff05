/// What Vorbis needs beyond the other codecs.
extension EncoderSettings {
  /// The pages in front of a Vorbis file's sound, with comments in them; empty for others.
  /// - Parameter comments: names as in «Ogg Vorbis I format specification: comment field», such as `TITLE`; a value's end
  ///   beyond 2,048 bytes is cut off.
  public func vorbisHeader(comments: [(name: String, value: String)]) -> [UInt8] {
    codec == .vorbis ? OggVorbisFormat.streamHeader(self, comments: comments) : []
  }

  /// What configures a decoder: for Vorbis its three headers one behind the other, with their lengths in front, as the
  /// WebCodecs registration has it; for others the stream header.
  public func decoderDescription(totalSamples: Int64) -> [UInt8] {
    codec == .vorbis ? OggVorbisFormat.description(self) : streamHeader(totalSamples: totalSamples)
  }

  /// Bytes that every Vorbis frame can be filled up to and none is above; 0 for other codecs.
  public var vorbisSlotBytes: Int { codec == .vorbis ? OggVorbisFormat.slotBytes(self) : 0 }

  /// A Vorbis frame of exactly `size` bytes that sounds the same; nil if it is larger already, or no such frame.
  public static func filledVorbisFrame(_ frame: [UInt8], to size: Int) -> [UInt8]? {
    OggVorbisFormat.filled(frame, to: size)
  }

  /// What primes a decoder for the frame behind a Vorbis frame: its last packet in a page of its own; nil if `frame`
  /// is none.
  public static func vorbisPriming(ofFrame frame: [UInt8]) -> [UInt8]? { OggVorbisFormat.priming(ofFrame: frame) }
}

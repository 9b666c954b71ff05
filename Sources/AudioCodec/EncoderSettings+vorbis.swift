/// What Vorbis needs beyond the other codecs.
extension EncoderSettings {
  /// The pages in front of the sound of a file whose frames are all filled up to ``vorbisSlotBytes``, with the bitrate
  /// that they have; empty for others.
  /// - Parameter comments: vendor and comments (Vorbis I, 5.2.2), without type and framing bit.
  /// - Returns: also how many pages more there are than those that frames are numbered for.
  public func vorbisFileHeader(comments: [UInt8]) -> (bytes: [UInt8], morePages: Int) {
    codec == .vorbis ? OggVorbisFormat.filledHeader(self, comments: comments) : ([], 0)
  }

  /// What configures a decoder: for Vorbis its three headers one behind the other, with their lengths in front, as the
  /// WebCodecs registration has it; for others the stream header.
  public func decoderDescription(totalSamples: Int64) -> [UInt8] {
    codec == .vorbis ? OggVorbisFormat.description(self) : streamHeader(totalSamples: totalSamples)
  }

  /// Bytes that every Vorbis frame can be filled up to and none is above; 0 for other codecs.
  public var vorbisSlotBytes: Int { codec == .vorbis ? OggVorbisFormat.slotBytes(self) : 0 }

  /// A Vorbis frame of exactly `size` bytes that sounds the same; nil if it is larger already, or no such frame.
  /// - Parameter morePages: as ``vorbisFileHeader(comments:)`` said.
  public static func filledVorbisFrame(_ frame: [UInt8], to size: Int, morePages: Int = 0) -> [UInt8]? {
    OggVorbisFormat.filled(frame, to: size, morePages: morePages)
  }

  /// What primes a decoder for the frame behind a Vorbis frame: its last packet in a page of its own; nil if `frame`
  /// is none.
  public static func vorbisPriming(ofFrame frame: [UInt8]) -> [UInt8]? { OggVorbisFormat.priming(ofFrame: frame) }
}

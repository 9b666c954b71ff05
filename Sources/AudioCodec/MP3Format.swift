/// MPEG-1 layer III frames of one size (ISO/IEC 11172-3, 2.4.2.3).
enum MP3Format {
  static let bitrates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320].map { $0 * 1_000 }

  /// The header of a padded frame, or of an unpadded one where the bitrate comes out even: stereo, no checksum.
  static func header(_ settings: EncoderSettings) -> [UInt8] {
    let bitrate = (bitrates.firstIndex(of: settings.bitrate) ?? 0) + 1
    let rate = settings.sampleRate == 48_000 ? 1 : 0
    let isPadded = (144 * settings.bitrate) % settings.sampleRate != 0
    return [0xFF, 0xFB, UInt8(bitrate << 4 | rate << 2 | (isPadded ? 2 : 0)), 0]
  }

  /// Appends `frame`, padded where it isn't: the padding bit is set and the slot that it stands for put behind, where
  /// no decoder looks. Returns its size.
  ///
  /// Throws `encoderFailed` if it has not the size that its settings give it.
  static func append(
    _ frame: UnsafeRawBufferPointer, _ settings: EncoderSettings, to output: inout [UInt8]
  ) throws(AudioCodecError) -> Int {
    let wanted = settings.constantFrameBytes
    guard frame.count >= 4, frame.count == wanted || frame.count == wanted - 1 else {
      throw AudioCodecError(.encoderFailed, "The MP3 encoder made a frame of another size")
    }
    let start = output.count
    output.append(contentsOf: frame)
    if frame.count < wanted {
      guard output[start + 2] & 2 == 0 else {
        throw AudioCodecError(.encoderFailed, "The MP3 encoder made a frame of another size")
      }
      output[start + 2] |= 2
      output.append(0)
    }
    return wanted
  }
}

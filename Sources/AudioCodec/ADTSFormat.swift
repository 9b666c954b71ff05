/// The seven-byte header in front of each AAC frame (ISO/IEC 14496-3, 1.A.2.2): MPEG-4, no CRC, one block a frame.
enum ADTSFormat {
  static let headerSize = 7

  /// The sampling rates by index.
  static let sampleRates = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
  ]

  /// Appends the header of an AAC-LC stereo frame of `payload` bytes. Throws `encoderFailed` if the 13 bits are too
  /// few.
  static func appendHeader(payload: Int, sampleRate: Int, to output: inout [UInt8]) throws(AudioCodecError) {
    let length = payload + headerSize
    guard length < 1 << 13, let rate = sampleRates.firstIndex(of: sampleRate) else {
      throw AudioCodecError(.encoderFailed, "The AAC frame does not fit into ADTS")
    }
    let channels = 2
    output += [
      0xFF, 0xF1,
      UInt8(1 << 6 | rate << 2 | channels >> 2),
      UInt8((channels & 3) << 6 | length >> 11),
      UInt8(length >> 3 & 0xFF),
      // Buffer fullness 0x7FF: variable rate, the decoder needs no model of the encoder's buffer.
      UInt8((length & 7) << 5 | 0x1F),
      0xFC,
    ]
  }
}

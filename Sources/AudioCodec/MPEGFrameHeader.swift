/// The first bytes of one MPEG audio or ADTS frame: how long it is and what it decodes to.
struct MPEGFrameHeader: Hashable, Codable, Sendable {
  enum Kind: String, Hashable, Codable, Sendable { case layer1, layer2, layer3, adts }

  var kind: Kind
  /// Bytes of the whole frame, header included.
  var length: Int
  var samples: Int
  var sampleRate: Int
  var channels: Int
  var bitrate: Int
  /// Bytes from the start of the frame to its main data without a CRC: header and side information (layer III).
  var sideInformationEnd: Int

  static let size = 7

  /// Frames of one stream agree in this; bitrate, padding and stereo mode may change.
  func isSameStream(as other: MPEGFrameHeader) -> Bool {
    kind == other.kind && sampleRate == other.sampleRate && samples == other.samples
  }

  /// Reads seven bytes; nil if they are no header.
  init?(_ bytes: UnsafePointer<UInt8>) {
    guard bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0 else { return nil }
    if bytes[1] & 0xF6 == 0xF0 {
      self.init(adts: bytes)
    } else {
      self.init(mpeg: bytes)
    }
  }

  private init?(adts bytes: UnsafePointer<UInt8>) {
    let rateIndex = Int(bytes[2] >> 2 & 15)
    let headerLength = bytes[1] & 1 == 1 ? 7 : 9
    let frameLength = Int(bytes[3] & 3) << 11 | Int(bytes[4]) << 3 | Int(bytes[5] >> 5)
    // More than one block a frame is legal and unknown in the wild; libav's decoder reads only the first.
    guard rateIndex < ADTSFormat.sampleRates.count, frameLength > headerLength, bytes[6] & 3 == 0 else { return nil }
    kind = .adts
    length = frameLength
    samples = 1_024
    sampleRate = ADTSFormat.sampleRates[rateIndex]
    channels = Int((bytes[2] & 1) << 2 | bytes[3] >> 6)
    bitrate = 0
    sideInformationEnd = headerLength
  }

  private init?(mpeg bytes: UnsafePointer<UInt8>) {
    let version = Int(bytes[1] >> 3 & 3)  // 0: 2.5, 2: 2, 3: 1
    let layer = 4 - Int(bytes[1] >> 1 & 3)  // 1, 2, 3; 4 is reserved
    let bitrateIndex = Int(bytes[2] >> 4)
    let rateIndex = Int(bytes[2] >> 2 & 3)
    let padding = Int(bytes[2] >> 1 & 1)
    guard version != 1, layer != 4, (1...14).contains(bitrateIndex), rateIndex != 3, bytes[3] & 3 != 2 else {
      return nil
    }
    let low = version != 3
    sampleRate = [44_100, 48_000, 32_000][rateIndex] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
    let table =
      low
      ? (layer == 1 ? MPEGFrameHeader.low1 : MPEGFrameHeader.low23)
      : [MPEGFrameHeader.high1, MPEGFrameHeader.high2, MPEGFrameHeader.high3][layer - 1]
    bitrate = table[bitrateIndex - 1] * 1_000
    channels = bytes[3] >> 6 == 3 ? 1 : 2
    switch layer {
    case 1:
      kind = .layer1
      samples = 384
      length = (12 * bitrate / sampleRate + padding) * 4
    case 2:
      kind = .layer2
      samples = 1_152
      length = 144 * bitrate / sampleRate + padding
    default:
      kind = .layer3
      samples = low ? 576 : 1_152
      length = (low ? 72 : 144) * bitrate / sampleRate + padding
    }
    sideInformationEnd = 4 + (low ? (channels == 1 ? 9 : 17) : (channels == 1 ? 17 : 32))
    guard length > 8 else { return nil }
  }

  private static let high1 = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448]
  private static let high2 = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
  private static let high3 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  private static let low1 = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]
  private static let low23 = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}

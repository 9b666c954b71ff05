/// Opus packets in Ogg pages (RFC 3533, RFC 7845) whose numbers and times are those of the whole track, whatever range
/// they were encoded in.
///
/// Page 0 and 1 are the headers, page 2 the priming in front of the music, page n + 3 the track's frame n. The pre-skip
/// is the priming's length, so a file of all pages plays from the first sample on; the last page's time ends it.
enum OggOpusFormat {
  /// «DUBP»: any number will do, as long as every range has the same.
  private static let serial: UInt32 = 0x4455_4250
  private static let headerPages = 2

  /// `OpusHead`: version, channels, pre-skip, the rate of what was encoded, no gain, stereo.
  static func identification(_ settings: EncoderSettings) -> [UInt8] {
    let preSkip = settings.primingFrames * settings.frameSamples
    return Array("OpusHead".utf8) + [1, UInt8(settings.channels)] + bytes(UInt64(preSkip), 2)
      + bytes(UInt64(settings.sampleRate), 4) + [0, 0, 0]
  }

  static func streamHeader(_ settings: EncoderSettings) -> [UInt8] {
    var pages: [UInt8] = []
    append([identification(settings)], sequence: 0, granule: 0, flags: 0x02, to: &pages)
    let vendor = Array("Dubplate".utf8)
    let comments = Array("OpusTags".utf8) + bytes(UInt64(vendor.count), 4) + vendor + bytes(0, 4)
    append([comments], sequence: 1, granule: 0, flags: 0, to: &pages)
    return pages
  }

  /// Appends frame `number` of a track, −1 for the priming in front of it; returns its size.
  static func append(
    _ packets: [[UInt8]], _ settings: EncoderSettings, numbered number: Int, totalSamples: Int64,
    to output: inout [UInt8]
  ) -> Int {
    let preSkip = Int64(settings.primingFrames * settings.frameSamples)
    let isLast = number == settings.frameCount(totalSamples: totalSamples) - 1
    let end = isLast ? totalSamples : Int64((number + 1) * settings.frameSamples)
    let start = output.count
    append(
      packets, sequence: UInt32(headerPages + settings.primingFrames + number), granule: UInt64(preSkip + end),
      flags: isLast ? 0x04 : 0, to: &output)
    return output.count - start
  }

  private static func append(
    _ packets: [[UInt8]], sequence: UInt32, granule: UInt64, flags: UInt8, to output: inout [UInt8]
  ) {
    let start = output.count
    // A packet's length is a row of 255s and what is left (RFC 3533, section 6); ours are below 1,276 bytes.
    let lacing = packets.flatMap {
      [UInt8](repeating: 255, count: $0.count / 255) + [UInt8($0.count % 255)]
    }
    output += Array("OggS".utf8) + [0, flags] + bytes(granule, 8) + bytes(UInt64(serial), 4)
    output += bytes(UInt64(sequence), 4) + [0, 0, 0, 0, UInt8(lacing.count)] + lacing
    for packet in packets { output += packet }
    let sum = output.withUnsafeBufferPointer { checksum($0[start...]) }
    output.replaceSubrange(start + 22..<start + 26, with: bytes(UInt64(sum), 4))
  }

  static func packets(inPage page: some Collection<UInt8>) -> (sizes: [Int], start: Int)? {
    let bytes = page.prefix(27 + 255)
    guard bytes.count > 27, bytes.starts(with: "OggS".utf8) else { return nil }
    let count = Int(bytes[bytes.index(bytes.startIndex, offsetBy: 26)])
    guard bytes.count >= 27 + count else { return nil }
    var sizes = [0]
    for lace in bytes.dropFirst(27).prefix(count) {
      sizes[sizes.count - 1] += Int(lace)
      if lace < 255 { sizes.append(0) }
    }
    sizes.removeLast()
    return (sizes, 27 + count)
  }

  private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  /// CRC-32 with the polynomial 0x04C11DB7, neither reflected nor inverted.
  private static func checksum(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var value: UInt32 = 0
      for byte in bytes { value = (value << 8) ^ table[Int(UInt8(value >> 24) ^ byte)] }
      return value
    }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index) << 24) { value, _ in
      value & 0x8000_0000 != 0 ? (value << 1) ^ 0x04C1_1DB7 : value << 1
    }
  }
}

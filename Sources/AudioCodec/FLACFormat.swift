/// The parts of FLAC that make frames of separate encodes one stream (RFC 9639): the header, frame numbers, checksums.
enum FLACFormat {
  /// `fLaC` and one metadata block: STREAMINFO, with the MD5 left out (zero: unknown).
  static func streamHeader(settings: EncoderSettings, totalSamples: Int64) -> [UInt8] {
    var header: [UInt8] = [0x66, 0x4C, 0x61, 0x43, 0x80, 0, 0, 34]
    let block = UInt16(settings.frameSamples)
    for _ in 0..<2 { header += [UInt8(block >> 8), UInt8(block & 0xFF)] }
    header += [0, 0, 0, 0, 0, 0]  // smallest and largest frame: unknown
    var word = UInt64(settings.sampleRate) << 44
    word |= UInt64(settings.channels - 1) << 41
    word |= UInt64(settings.bitDepth - 1) << 36
    word |= UInt64(max(totalSamples, 0)) & 0xF_FFFF_FFFF
    for shift in stride(from: 56, through: 0, by: -8) {
      header.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
    }
    header += [UInt8](repeating: 0, count: 16)
    return header
  }

  /// Appends `frame` to `output` with its number replaced and both checksums made anew; returns the new size.
  ///
  /// Throws `encoderFailed` if it is not a frame of a fixed-blocksize stream.
  static func append(
    _ frame: UnsafeRawBufferPointer, numbered number: Int, to output: inout [UInt8]
  ) throws(AudioCodecError) -> Int {
    guard frame.count > 10, frame[0] == 0xFF, frame[1] == 0xF8 else {
      throw AudioCodecError(.encoderFailed, "The FLAC encoder made a frame of variable block size")
    }
    let numberLength = max(1, (~frame[4]).leadingZeroBitCount)
    let blockBytes = [6: 1, 7: 2][frame[2] >> 4] ?? 0
    let rateBytes = [12: 1, 13: 2, 14: 2][frame[2] & 15] ?? 0
    let extra = 4 + numberLength
    let body = extra + blockBytes + rateBytes + 1
    guard numberLength <= 7, body + 2 < frame.count else {
      throw AudioCodecError(.encoderFailed, "The FLAC encoder made a frame that cannot be read")
    }
    let start = output.count
    output.append(contentsOf: frame[0..<4])
    appendNumber(UInt64(number), to: &output)
    output.append(contentsOf: frame[extra..<(body - 1)])
    output.append(checksum8(output[start...]))
    output.append(contentsOf: frame[body..<(frame.count - 2)])
    let checksum = output.withUnsafeBufferPointer { checksum16($0[start...]) }
    output.append(UInt8(checksum >> 8))
    output.append(UInt8(checksum & 0xFF))
    return output.count - start
  }

  /// The frame number in UTF-8's scheme, up to 36 bits.
  static func appendNumber(_ number: UInt64, to output: inout [UInt8]) {
    guard number >= 0x80 else { return output.append(UInt8(number)) }
    // n continuation bytes hold 6n bits; the first byte holds 6 − n more (none when there are six).
    var continuation = 1
    while continuation < 6, number >> UInt64(6 * continuation + 6 - continuation) != 0 { continuation += 1 }
    let lead = UInt8(truncatingIfNeeded: 0xFF << (7 - continuation))
    output.append(lead | UInt8(truncatingIfNeeded: number >> UInt64(6 * continuation)))
    for index in stride(from: continuation - 1, through: 0, by: -1) {
      output.append(0x80 | UInt8(truncatingIfNeeded: (number >> UInt64(6 * index)) & 0x3F))
    }
  }

  /// CRC-8, polynomial 0x07.
  static func checksum8(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    var value: UInt8 = 0
    for byte in bytes {
      value ^= byte
      for _ in 0..<8 { value = value & 0x80 != 0 ? (value << 1) ^ 0x07 : value << 1 }
    }
    return value
  }

  /// CRC-16, polynomial 0x8005.
  static func checksum16(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt16 {
    table.withUnsafeBufferPointer { table in
      var value: UInt16 = 0
      for byte in bytes { value = (value << 8) ^ table[Int(UInt8(value >> 8) ^ byte)] }
      return value
    }
  }

  private static let table: [UInt16] = (0..<256).map { index in
    (0..<8).reduce(UInt16(index) << 8) { value, _ in value & 0x8000 != 0 ? (value << 1) ^ 0x8005 : value << 1 }
  }
}

public import NIOCore

/// Base64 with the standard alphabet (RFC 4648 section 4), straight between buffers.
extension ByteBuffer {
  /// Writes the readable bytes of `bytes` as padded base64.
  public mutating func writeBase64(_ bytes: ByteBuffer) {
    let length = (bytes.readableBytes + 2) / 3 * 4
    writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
      bytes.withUnsafeReadableBytes { source in
        encodeBase64(source, into: target)
      }
      return length
    }
  }

  /// The bytes that the readable text stands for, or nil if it is not base64. Padding may be missing.
  public func decodedBase64() -> ByteBuffer? {
    withUnsafeReadableBytes { source in
      var count = source.count
      while count > 0, source.count - count < 2, source[count - 1] == 0x3d { count -= 1 }
      if count != source.count, source.count % 4 != 0 { return nil }
      guard count % 4 != 1 else { return nil }
      var result = ByteBufferAllocator().buffer(capacity: count / 4 * 3 + 2)
      var valid = true
      result.writeWithUnsafeMutableBytes(minimumWritableBytes: count / 4 * 3 + 2) { target in
        guard let written = decodeBase64(source, count: count, into: target) else {
          valid = false
          return 0
        }
        return written
      }
      return valid ? result : nil
    }
  }
}

private let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// For every byte its six bits, or 0xff.
private let sextets: [UInt8] = {
  var table = [UInt8](repeating: 0xff, count: 256)
  for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
  return table
}()

private func encodeBase64(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
  alphabet.withUnsafeBufferPointer { alphabet in
    var read = 0
    var written = 0
    while read + 3 <= source.count {
      let group = UInt32(source[read]) << 16 | UInt32(source[read + 1]) << 8 | UInt32(source[read + 2])
      target[written] = alphabet[Int(group >> 18)]
      target[written + 1] = alphabet[Int(group >> 12 & 63)]
      target[written + 2] = alphabet[Int(group >> 6 & 63)]
      target[written + 3] = alphabet[Int(group & 63)]
      read += 3
      written += 4
    }
    guard read < source.count else { return }
    let two = read + 1 < source.count
    let group = UInt32(source[read]) << 16 | (two ? UInt32(source[read + 1]) << 8 : 0)
    target[written] = alphabet[Int(group >> 18)]
    target[written + 1] = alphabet[Int(group >> 12 & 63)]
    target[written + 2] = two ? alphabet[Int(group >> 6 & 63)] : 0x3d
    target[written + 3] = 0x3d
  }
}

private func decodeBase64(
  _ source: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutableRawBufferPointer
) -> Int? {
  sextets.withUnsafeBufferPointer { sextets in
    var bits: UInt32 = 0
    var have = 0
    var written = 0
    for index in 0..<count {
      let sextet = sextets[Int(source[index])]
      guard sextet != 0xff else { return nil }
      bits = bits << 6 | UInt32(sextet)
      have += 6
      if have >= 8 {
        have -= 8
        target[written] = UInt8(truncatingIfNeeded: bits >> UInt32(have))
        written += 1
      }
    }
    return written
  }
}

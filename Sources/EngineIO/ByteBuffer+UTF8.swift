public import NIOCore

extension ByteBuffer {
  /// Whether the readable bytes are well-formed UTF-8 (Unicode 15, table 3-7): no overlong form, no surrogate, nothing
  /// above U+10FFFF.
  public var isValidUTF8: Bool {
    withUnsafeReadableBytes { bytes in
      var index = 0
      let count = bytes.count
      while index < count {
        // Eight ASCII bytes at once: nearly all of what arrives.
        if index + 8 <= count, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          index += 8
          continue
        }
        let lead = bytes[index]
        if lead < 0x80 {
          index += 1
          continue
        }
        guard let (length, second) = utf8Sequence(lead), index + length <= count, second.contains(bytes[index + 1])
        else {
          return false
        }
        for offset in 2..<max(2, length) where bytes[index + offset] & 0xc0 != 0x80 { return false }
        index += length
      }
      return true
    }
  }
}

/// Bytes of the sequence that a lead byte begins, and what its second byte may be; nil for a byte that begins none.
private func utf8Sequence(_ lead: UInt8) -> (length: Int, second: ClosedRange<UInt8>)? {
  switch lead {
  case 0xc2...0xdf: (2, 0x80...0xbf)
  case 0xe0: (3, 0xa0...0xbf)
  case 0xed: (3, 0x80...0x9f)
  case 0xe1...0xef: (3, 0x80...0xbf)
  case 0xf0: (4, 0x90...0xbf)
  case 0xf1...0xf3: (4, 0x80...0xbf)
  case 0xf4: (4, 0x80...0x8f)
  default: nil
  }
}

public import NIOCore

/// The header of an unmasked WebSocket frame, as a server writes it (RFC 6455 section 5.2).
public enum WebSocketFrameHeader {
  /// What a frame carries.
  public enum Opcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// Control frames may come between the fragments of a message.
    public var isControl: Bool { rawValue & 8 != 0 }
  }

  /// The first reserved bit: in a message's first frame it says that the message is compressed (RFC 7692 section 6).
  static let compressedBit: UInt8 = 0x40

  /// Bytes of the header for a payload of `length` bytes: 2, 4 or 10.
  public static func bytes(forPayload length: Int) -> Int {
    length < 126 ? 2 : length < 65_536 ? 4 : 10
  }
}

extension ByteBuffer {
  /// Writes the header of an unmasked, final frame. The payload follows it on the wire.
  ///
  /// - Parameters:
  ///   - opcode: what the frame carries.
  ///   - length: bytes of the payload.
  ///   - isCompressed: whether it is a message of ``PerMessageDeflate``.
  public mutating func writeWebSocketHeader(
    _ opcode: WebSocketFrameHeader.Opcode, length: Int, isCompressed: Bool = false
  ) {
    let first = 0x80 | (isCompressed ? WebSocketFrameHeader.compressedBit : 0) | opcode.rawValue
    if length < 126 {
      writeMultipleIntegers(first, UInt8(length))
    } else if length < 65_536 {
      writeMultipleIntegers(first, 126 as UInt8, UInt16(length))
    } else {
      writeMultipleIntegers(first, 127 as UInt8, UInt64(length))
    }
  }

  /// Writes a whole frame as a client does: masked with `key` (RFC 6455 section 5.3).
  public mutating func writeMaskedWebSocketFrame(
    _ opcode: WebSocketFrameHeader.Opcode, payload: ByteBuffer, key: UInt32, isFinal: Bool = true,
    isCompressed: Bool = false
  ) {
    let first = (isFinal ? 0x80 : 0) | (isCompressed ? WebSocketFrameHeader.compressedBit : 0) | opcode.rawValue
    let length = payload.readableBytes
    if length < 126 {
      writeMultipleIntegers(first, 0x80 | UInt8(length))
    } else if length < 65_536 {
      writeMultipleIntegers(first, 0x80 | 126 as UInt8, UInt16(length))
    } else {
      writeMultipleIntegers(first, 0x80 | 127 as UInt8, UInt64(length))
    }
    writeInteger(key)
    writeMasked(payload, key: key)
  }

  /// Writes the bytes of `payload`, each xored with its byte of the key; masking and unmasking are the same.
  mutating func writeMasked(_ payload: ByteBuffer, key: UInt32) {
    let length = payload.readableBytes
    guard length > 0 else { return }
    writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
      payload.withUnsafeReadableBytes { source in
        let wide = UInt64(key.bigEndian) << 32 | UInt64(key.bigEndian)
        var index = 0
        while index + 8 <= length {
          let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wide
          target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
          index += 8
        }
        while index < length {
          target[index] = source[index] ^ UInt8(truncatingIfNeeded: key >> UInt32(24 - 8 * (index & 3)))
          index += 1
        }
      }
      return length
    }
  }
}

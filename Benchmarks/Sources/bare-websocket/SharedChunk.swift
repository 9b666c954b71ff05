import NIOCore

/// A chunk as it stands on the wire: a text frame with the head, a binary frame with one second of sound.
struct SharedChunk: Sendable {
  /// Samples of one chunk; at this rate it is a second.
  static let sampleRate = 44_100

  let wire: ByteBuffer

  init(bytes: Int) {
    // No `seq`: the same bytes go to everyone, every time.
    let head = "451-[\"audio_chunk\",{\"data\":{\"_placeholder\":true,\"num\":0},\"samples\":\(Self.sampleRate)}]"
    var wire = ByteBuffer()
    Self.writeHead(opcode: 1, length: head.utf8.count, to: &wire)
    wire.writeString(head)
    Self.writeHead(opcode: 2, length: bytes, to: &wire)
    wire.writeRepeatingByte(0x55, count: bytes)
    self.wire = wire
  }

  private static func writeHead(opcode: UInt8, length: Int, to wire: inout ByteBuffer) {
    wire.writeInteger(0x80 | opcode)
    if length < 126 {
      wire.writeInteger(UInt8(length))
    } else if length < 65_536 {
      wire.writeInteger(UInt8(126))
      wire.writeInteger(UInt16(length))
    } else {
      wire.writeInteger(UInt8(127))
      wire.writeInteger(UInt64(length))
    }
  }
}

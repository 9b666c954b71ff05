import NIOCore

/// Boxes of the ISO base media file format (ISO/IEC 14496-12, section 4.2): a length, four letters, a body.
extension ByteBuffer {
  mutating func writeBox(_ type: StaticString, _ body: (inout ByteBuffer) -> Void) {
    let start = writerIndex
    writeInteger(UInt32(0))
    writeStaticString(type)
    body(&self)
    setInteger(UInt32(writerIndex - start), at: start)
  }

  mutating func writeFullBox(
    _ type: StaticString, version: UInt8 = 0, flags: UInt32 = 0, _ body: (inout ByteBuffer) -> Void
  ) {
    writeBox(type) { box in
      box.writeInteger(UInt32(version) << 24 | flags)
      body(&box)
    }
  }

  mutating func writeZeros(_ count: Int) { writeRepeatingByte(0, count: count) }
}

/// What the generator needs to know of an `audio_chunk` (protocol, section 1.4).
struct ChunkHead: Sendable, Equatable {
  var samples = 0
  var epoch = 0
  /// Absent when the server doesn't number its chunks (a bare peer in a benchmark).
  var seq: Int?

  init(samples: Int = 0, epoch: Int = 0, seq: Int? = nil) {
    self.samples = samples
    self.epoch = epoch
    self.seq = seq
  }

  /// Reads the JSON of a `binary` or `base64` chunk.
  init(json fields: FlatFields) {
    var fields = fields
    while let field = fields.next() {
      if field.has(key: "samples") {
        samples = field.integer ?? 0
      } else if field.has(key: "epoch") {
        epoch = field.integer ?? 0
      } else if field.has(key: "seq") {
        seq = field.integer
      }
    }
  }

  /// Reads the front of a message `AudioChunk` (`Protos/dubplate.proto`), up to its `data` or to the end of `bytes`;
  /// nil if that is no protobuf. proto3 leaves zeros out, so an absent `seq` is 0.
  init?(protobuf bytes: UnsafeRawBufferPointer) {
    seq = 0
    var index = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while index < bytes.count, shift < 64 {
        let byte = bytes[index]
        index += 1
        value |= UInt64(byte & 0x7f) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
      return nil
    }
    while index < bytes.count {
      guard let tag = varint() else { return nil }
      switch (tag >> 3, tag & 7) {
      case (15, 2): return
      case (let number, 0):
        guard let value = varint(), let integer = Int(exactly: value) else { return nil }
        switch number {
        case 2: epoch = integer
        case 3: seq = integer
        case 6: samples = integer
        default: break
        }
      case (_, 1): index += 8
      case (_, 5): index += 4
      case (_, 2):
        guard let length = varint(), length <= UInt64(bytes.count - index) else { return nil }
        index += Int(length)
      default: return nil
      }
    }
  }
}

import NIOCore

/// ID3 2.4 tags (id3.org/id3v2.4.0-structure): a file's title, and the time of a packed HLS segment.
enum ID3Tag {
  private static func name(_ field: FileTags.Field) -> StaticString {
    switch field {
    case .title: "TIT2"
    case .artist: "TPE1"
    case .album: "TALB"
    case .albumArtist: "TPE2"
    case .composer: "TCOM"
    case .genre: "TCON"
    case .date: "TDRC"
    case .track: "TRCK"
    case .disc: "TPOS"
    case .lyrics: "USLT"
    }
  }

  /// A file's tags and cover.
  static func file(_ tags: FileTags) -> ByteBuffer {
    var frames = ByteBuffer()
    for field in FileTags.Field.allCases {
      guard let text = tags.text(field) else { continue }
      var body = ByteBuffer(bytes: [utf8])
      // Lyrics have a language, here undetermined, and a description, here empty.
      if field == .lyrics { body.writeStaticString("und\0") }
      body.writeString(text)
      if let total = tags.total(of: field) { body.writeString("/\(total)") }
      write(name(field), body, to: &frames)
    }
    if let cover = tags.cover {
      var body = ByteBuffer(bytes: [utf8])
      body.writeString(cover.mediaType)
      body.writeBytes([0, FilePicture.frontCover, 0])
      body.writeImmutableBuffer(cover.bytes)
      write("APIC", body, to: &frames)
    }
    return tag(frames)
  }

  /// How text is encoded.
  private static let utf8: UInt8 = 3

  /// The time at which a packed audio segment begins (RFC 8216, section 3.4): 33 bits of 90 kHz.
  static func timestamp(_ ticks: UInt64) -> ByteBuffer {
    var body = ByteBuffer(string: "com.apple.streaming.transportStreamTimestamp\0")
    body.writeInteger(ticks & 0x1_FFFF_FFFF)
    var frames = ByteBuffer()
    write("PRIV", body, to: &frames)
    return tag(frames)
  }

  private static func write(_ name: StaticString, _ body: ByteBuffer, to frames: inout ByteBuffer) {
    frames.writeStaticString(name)
    frames.writeInteger(syncSafe(body.readableBytes))
    frames.writeInteger(UInt16(0))
    frames.writeImmutableBuffer(body)
  }

  private static func tag(_ frames: ByteBuffer) -> ByteBuffer {
    guard frames.readableBytes > 0 else { return ByteBuffer() }
    var tag = ByteBuffer(bytes: [0x49, 0x44, 0x33, 4, 0, 0])
    tag.writeInteger(syncSafe(frames.readableBytes))
    tag.writeImmutableBuffer(frames)
    return tag
  }

  /// Seven bits a byte, so that no byte looks like the beginning of a frame.
  private static func syncSafe(_ value: Int) -> UInt32 {
    let value = UInt32(value)
    return value & 0x7F | (value << 1) & 0x7F00 | (value << 2) & 0x7F_0000 | (value << 3) & 0x7F00_0000
  }
}

extension TagCount {
  /// A stream whose comments haven't ended yet.
  private struct Stream {
    /// Bytes in front of the comments in their packet.
    let prefix: Int
    /// Whether its packets are metadata blocks, of which any may be comments.
    let isFLAC: Bool
    var counter: CommentCounter?

    /// By the beginning of its first packet; nil for a stream without comments.
    init?(_ packet: ArraySlice<UInt8>) {
      let known: [(mark: [UInt8], prefix: Int)] = [
        ([0x01] + "vorbis".utf8, 7), (Array("OpusHead".utf8), 8), (Array("Speex   ".utf8), 0),
        ([0x80] + "theora".utf8, 7), ([0x7F] + "FLAC".utf8, 4),
      ]
      guard let kind = known.first(where: { packet.starts(with: $0.mark) }) else { return nil }
      prefix = kind.prefix
      isFLAC = packet.first == 0x7F
    }
  }

  /// The packets that follow each stream's first: headers, up to the first of sound.
  mutating func countOgg(from start: Int64) {
    var streams: [UInt32: Stream] = [:]
    var place = start
    while place < size, count <= Bounds.maxTags {
      let header = Array(window.bytes(at: place, count: OggPage.headerBytes + OggPage.maxLaces))
      guard let laces = OggPage.laces(inPage: header) else { return }
      let body = place + Int64(OggPage.headerBytes + laces.count)
      place = body + laces.reduce(0) { $0 + Int64($1) }
      let serial = header[14..<18].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      if OggPage.Flags(rawValue: header[5]).contains(.first) {
        if let stream = Stream(window.bytes(at: body, count: 8)), streams.count < Bounds.maxStreams {
          streams[serial] = stream
        }
        continue
      }
      guard var stream = streams[serial] else {
        // A stream of which nothing is known holds no others up.
        if streams.isEmpty { return }
        continue
      }
      let isContinued = OggPage.Flags(rawValue: header[5]).contains(.continued)
      streams[serial] = go(through: laces, at: body, isContinued: isContinued, of: &stream) ? stream : nil
      if streams.isEmpty { return }
    }
  }

  /// A page's packets; false when the stream's headers have ended.
  private mutating func go(
    through laces: ArraySlice<UInt8>, at body: Int64, isContinued: Bool, of stream: inout Stream
  ) -> Bool {
    var place = body
    var begins = !isContinued
    var length: Int64 = 0
    for (index, lace) in laces.enumerated() {
      length += Int64(lace)
      guard lace < 255 || index == laces.count - 1 else { continue }
      if begins {
        let type = window.bytes(at: place, count: 1).first ?? 0xFF
        // A frame of sound begins with ones.
        if stream.isFLAC, type == 0xFF { return false }
        let isOthers = stream.isFLAC && type & 0x7F != Self.comments
        stream.counter = isOthers ? nil : CommentCounter(skipping: stream.prefix)
      }
      if var counter = stream.counter {
        feed(&counter, place..<place + length)
        stream.counter = counter
        if counter.isDone || lace < 255 {
          count += counter.count
          stream.counter = nil
          if !stream.isFLAC || count > Bounds.maxTags { return false }
        }
      }
      place += length
      length = 0
      begins = true
    }
    return true
  }
}

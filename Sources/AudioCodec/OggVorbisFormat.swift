import Synchronization

/// Vorbis packets in Ogg pages (Vorbis I, appendix A) whose numbers and times are those of the whole track, whatever
/// range they were encoded in.
///
/// Page 0 is the identification header, page 1 the comments and the setup, page 2 the priming, page n + 3 the track's
/// frame n: the packets whose blocks' centres lie behind n · F, up to (n + 1) · F. A decoder makes nothing of the first
/// packet that it sees, so the priming is the last packet of the frame before, with the time at which that ends; what
/// comes next begins exactly there. The last page ends with the packet that holds the track's end, which its time says.
enum OggVorbisFormat {
  /// What a frame has at most, in hundredths of its nominal size. Music at 160 kbit/s has been seen up to 22 % above
  /// it, noise as loud as it gets 57 %; what is beyond is cut off the ends of packets. The highest frequencies' last
  /// refinement stands there, and a decoder takes the end of a packet for zeros (Vorbis I, 8.6.2): a cut by a tenth
  /// costs 0.1 dB.
  private static let percent = 130
  private static let headerPages = 2

  /// Bytes of a frame's packets, at most.
  private static func payloadBytes(_ settings: EncoderSettings) -> Int {
    settings.bitrate / 8 * settings.frameSamples / settings.sampleRate * percent / 100
  }

  /// The size to which every page of sound can be filled up, and above which none is.
  static func slotBytes(_ settings: EncoderSettings) -> Int {
    let payload = payloadBytes(settings)
    // Nothing but bursts up to the long block on the edge.
    let packets = 1 + (settings.packetsPerFrame - 1) * VorbisEncoder.burst
    let bytes = OggPage.headerBytes + packets + payload / 255 + payload
    // With one packet in a page there is no packet of which the table would take one byte more to get from 254 bytes of
    // the last row to 256.
    return (bytes - OggPage.headerBytes - 1) % 256 == 255 ? bytes + 1 : bytes
  }

  /// Identification, comments and setup; empty if libvorbis has no such setting, and then there's no encoder either.
  private static func headers(_ settings: EncoderSettings, comments: [UInt8] = noComments) -> [[UInt8]] {
    let known = headers.withLock { $0[settings] }
    var packets: [[UInt8]]
    if let known {
      packets = known
    } else {
      guard let made = try? VorbisEncoder(settings).headers() else { return [] }
      headers.withLock { headers in
        if headers.count >= Bounds.rememberedHeaders { headers.removeAll() }
        headers[settings] = made
      }
      packets = made
    }
    // Vorbis I, 5.2.1: the comments between the packet's type and its framing bit.
    packets[1] = [3] + Array("vorbis".utf8) + comments + [1]
    return packets
  }

  /// Making them takes some milliseconds.
  private static let headers = Mutex<[EncoderSettings: [[UInt8]]]>([:])

  /// The vendor, and no comment.
  private static let noComments = OggPage.bytes(8, 4) + Array("Dubplate".utf8) + OggPage.bytes(0, 4)

  static func streamHeader(_ settings: EncoderSettings) -> [UInt8] {
    let packets = headers(settings)
    guard packets.count == 3 else { return [] }
    var pages: [UInt8] = []
    OggPage.append([packets[0]], serial: OggPage.serial, sequence: 0, granule: 0, flags: .first, to: &pages)
    _ = OggPage.appendHeaders(Array(packets[1...]), serial: OggPage.serial, sequence: 1, to: &pages)
    return pages
  }

  /// The same for a file whose pages are all filled up, and the pages that there are more: their sound takes more bits
  /// than the encoder aimed at, and players that look for a moment by the header's bitrates would miss it.
  static func filledHeader(_ settings: EncoderSettings, comments: [UInt8]) -> (bytes: [UInt8], morePages: Int) {
    var packets = headers(settings, comments: comments)
    guard packets.count == 3, packets[0].count == identificationBytes else { return ([], 0) }
    let bitrate = OggPage.bytes(UInt64(slotBytes(settings) * 8 * settings.sampleRate / settings.frameSamples), 4)
    for field in bitrateFields { packets[0].replaceSubrange(field..<field + 4, with: bitrate) }
    var pages: [UInt8] = []
    OggPage.append([packets[0]], serial: OggPage.serial, sequence: 0, granule: 0, flags: .first, to: &pages)
    let count = OggPage.appendHeaders(Array(packets[1...]), serial: OggPage.serial, sequence: 1, to: &pages)
    return (pages, 1 + count - headerPages)
  }

  /// Of the identification header, and where its bitrates stand: most, nominal and least (Vorbis I, 4.2.2).
  private static let identificationBytes = 30
  private static let bitrateFields = [16, 20, 24]

  /// The three headers as a decoder's configuration: how many follow the first, the lengths of all but the last in rows
  /// of 255, then the packets («Xiph extradata», as the WebCodecs registration of Vorbis wants it).
  static func description(_ settings: EncoderSettings) -> [UInt8] {
    let packets = headers(settings)
    guard packets.count == 3 else { return [] }
    let lengths = packets.dropLast().flatMap {
      [UInt8](repeating: 255, count: $0.count / 255) + [UInt8($0.count % 255)]
    }
    return [UInt8(packets.count - 1)] + lengths + packets.joined()
  }

  /// Appends frame `number` of a track, or of the frame in front of a range what primes a decoder; returns its size.
  static func append(
    _ packets: [EncodedPacket], _ settings: EncoderSettings, numbered number: Int, totalSamples: Int64,
    isPriming: Bool, to output: inout [UInt8]
  ) -> Int {
    let isLast = number == settings.frameCount(totalSamples: totalSamples) - 1
    let begin = Int64(number) * Int64(settings.frameSamples)
    var kept: [[UInt8]] = []
    var end = begin
    for packet in packets where !isLast || end < totalSamples {
      kept.append(packet.bytes)
      end += Int64(packet.samples)
    }
    if isPriming { kept.removeFirst(kept.count - 1) }
    shorten(&kept, to: payloadBytes(settings))
    let start = output.count
    OggPage.append(
      kept, serial: OggPage.serial, sequence: UInt32(headerPages + settings.primingFrames + number),
      granule: UInt64(isLast ? min(end, totalSamples) : end), flags: isLast ? .last : [], to: &output)
    return output.count - start
  }

  /// What primes a decoder for the frame behind this one: its last packet, in a page of its own.
  static func priming(ofFrame page: [UInt8]) -> [UInt8]? {
    guard var parts = OggPage.Parts(page), let last = parts.packets.last else { return nil }
    parts.packets = [last]
    var output: [UInt8] = []
    parts.append(to: &output)
    return output
  }

  /// Cuts the ends off all packets alike. The last one stays as it is, unless it is out of all proportion: it may be
  /// filled up with zeros, which are nothing behind a whole packet, but not in one.
  private static func shorten(_ packets: inout [[UInt8]], to limit: Int) {
    let all = packets.reduce(0) { $0 + $1.count }
    guard all > limit, let last = packets.indices.last else { return }
    let lastBytes = min(packets[last].count, limit / 4)
    packets[last].removeLast(packets[last].count - lastBytes)
    // None is cut to nothing: a packet without a byte is none.
    let rest = packets.dropLast().reduce(0) { $0 + $1.count }
    let room = limit - lastBytes - last
    guard rest > room else { return }
    for index in packets.indices.dropLast() {
      let bytes = max(1, packets[index].count * room / rest)
      packets[index].removeLast(packets[index].count - bytes)
    }
  }

  /// The same page with exactly `size` bytes, by zeros behind the last packet's data, where no decoder looks; nil if it
  /// is larger already, or none of ours.
  /// - Parameter morePages: how many more pages stand in front of it than in front of a segment.
  static func filled(_ page: [UInt8], to size: Int, morePages: Int) -> [UInt8]? {
    guard var parts = OggPage.Parts(page), let last = parts.packets.indices.last else { return nil }
    var sizes = parts.packets.map(\.count)
    /// Makes a packet as large as the page lets it be.
    func fill(_ index: Int) {
      let rest = size - OggPage.byteCount(sizes)
      guard rest > 0 else { return }
      sizes[index] += rest
      while OggPage.byteCount(sizes) > size { sizes[index] -= 1 }
    }
    fill(last)
    // A row of 255 brings an entry of the table along, so one byte may be left over.
    var other = last
    while OggPage.byteCount(sizes) < size, other > 0 {
      other -= 1
      fill(other)
    }
    guard OggPage.byteCount(sizes) == size, sizes.reduce(0, { $0 + $1 / 255 + 1 }) <= OggPage.maxLaces else {
      return nil
    }
    for index in sizes.indices {
      parts.packets[index] += [UInt8](repeating: 0, count: sizes[index] - parts.packets[index].count)
    }
    parts.sequence &+= UInt32(morePages)
    var output: [UInt8] = []
    output.reserveCapacity(size)
    parts.append(to: &output)
    return output
  }
}

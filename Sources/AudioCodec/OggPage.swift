/// Pages of Ogg streams (RFC 3533, section 6) with whole packets in them.
enum OggPage {
  /// What a page says of its stream.
  struct Flags: OptionSet {
    let rawValue: UInt8
    /// It begins with the rest of a packet.
    static let continued = Flags(rawValue: 0x01)
    static let first = Flags(rawValue: 0x02)
    static let last = Flags(rawValue: 0x04)
  }

  /// «DUBP»: any number will do for a file with one stream, as long as every range of a track has the same.
  static let serial: UInt32 = 0x4455_4250
  static let headerBytes = 27
  /// Entries of a page's table of packet lengths, at most.
  static let maxLaces = 255

  /// Bytes of a page with packets of these sizes.
  static func byteCount(_ sizes: [Int]) -> Int { headerBytes + sizes.reduce(0) { $0 + $1 + $1 / 255 + 1 } }

  /// Appends one page. The packets' sizes must fit its table: `sum(size / 255 + 1) <= 255`.
  static func append(
    _ packets: [[UInt8]], serial: UInt32, sequence: UInt32, granule: UInt64, flags: Flags, to output: inout [UInt8]
  ) {
    append(
      packets.joined(), lacing: packets.flatMap { lacing(of: $0.count) }, serial: serial, sequence: sequence,
      granule: granule, flags: flags, to: &output)
  }

  /// Appends packets of any size, header packets as they are, over as many pages as they take; returns how many.
  static func appendHeaders(_ packets: [[UInt8]], serial: UInt32, sequence: UInt32, to output: inout [UInt8]) -> Int {
    let all = packets.joined()
    let laces = packets.flatMap { lacing(of: $0.count) }
    var place = all.startIndex
    var pages = 0
    for start in stride(from: 0, to: laces.count, by: maxLaces) {
      let table = Array(laces[start..<min(start + maxLaces, laces.count)])
      let end = all.index(place, offsetBy: table.reduce(0) { $0 + Int($1) })
      // A page in which no packet ends has no time.
      append(
        all[place..<end], lacing: table, serial: serial, sequence: sequence + UInt32(pages),
        granule: table.contains { $0 < 255 } ? 0 : UInt64.max,
        flags: start > 0 && laces[start - 1] == 255 ? .continued : [], to: &output)
      place = end
      pages += 1
    }
    return pages
  }

  /// A packet's length is a row of 255s and what is left.
  private static func lacing(of count: Int) -> [UInt8] {
    [UInt8](repeating: 255, count: count / 255) + [UInt8(count % 255)]
  }

  private static func append(
    _ payload: some Sequence<UInt8>, lacing: [UInt8], serial: UInt32, sequence: UInt32, granule: UInt64, flags: Flags,
    to output: inout [UInt8]
  ) {
    let start = output.count
    output += Array("OggS".utf8) + [0, flags.rawValue] + bytes(granule, 8) + bytes(UInt64(serial), 4)
    output += bytes(UInt64(sequence), 4) + [0, 0, 0, 0, UInt8(lacing.count)] + lacing
    output += payload
    let sum = output.withUnsafeBufferPointer { checksum($0[start...]) }
    output.replaceSubrange(start + 22..<start + 26, with: bytes(UInt64(sum), 4))
  }

  /// A page of our own, taken apart; nil if it is none, or holds a part of a packet.
  struct Parts {
    var packets: [[UInt8]]
    var serial: UInt32
    var sequence: UInt32
    var granule: UInt64
    var flags: Flags

    init?(_ page: [UInt8]) {
      guard let (sizes, start) = OggPage.packets(inPage: page), page.count == start + sizes.reduce(0, +) else {
        return nil
      }
      var place = start
      packets = sizes.map { size in
        defer { place += size }
        return Array(page[place..<place + size])
      }
      func number(at place: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(page[place + $1]) << UInt64(8 * $1) }
      }
      flags = Flags(rawValue: page[5])
      granule = number(at: 6, 8)
      serial = UInt32(number(at: 14, 4))
      sequence = UInt32(number(at: 18, 4))
    }

    func append(to output: inout [UInt8]) {
      OggPage.append(packets, serial: serial, sequence: sequence, granule: granule, flags: flags, to: &output)
    }
  }

  /// The lengths of which those of a page's packets are made; nil for what begins with no page.
  static func laces(inPage bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard bytes.count > headerBytes, bytes.starts(with: "OggS".utf8), bytes[4] == 0 else { return nil }
    let end = headerBytes + Int(bytes[26])
    return end <= bytes.count ? bytes[headerBytes..<end] : nil
  }

  /// The sizes of a page's packets, and where the first begins.
  static func packets(inPage page: some Collection<UInt8>) -> (sizes: [Int], start: Int)? {
    let bytes = page.prefix(headerBytes + maxLaces)
    guard bytes.count > headerBytes, bytes.starts(with: "OggS".utf8) else { return nil }
    let count = Int(bytes[bytes.index(bytes.startIndex, offsetBy: 26)])
    guard bytes.count >= headerBytes + count else { return nil }
    var sizes = [0]
    for lace in bytes.dropFirst(headerBytes).prefix(count) {
      sizes[sizes.count - 1] += Int(lace)
      if lace < 255 { sizes.append(0) }
    }
    sizes.removeLast()
    return (sizes, headerBytes + count)
  }

  /// The lowest `count` bytes of a number, the least significant first.
  static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  /// CRC-32 with the polynomial 0x04C11DB7, neither reflected nor inverted.
  private static func checksum(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var value: UInt32 = 0
      for byte in bytes { value = (value << 8) ^ table[Int(UInt8(value >> 24) ^ byte)] }
      return value
    }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index) << 24) { value, _ in
      value & 0x8000_0000 != 0 ? (value << 1) ^ 0x04C1_1DB7 : value << 1
    }
  }
}

import Testing

@testable import AudioCodec

/// Chains of made-up links: what is found by looking here and there is what going through every page finds.
@Suite struct OggWalkTests {
  /// Pages of a link, their sizes around a mean; nobody looks at their checksums.
  private func link(
    serial: Int, pages: Int, mean: Int, streams: Int = 1, _ random: inout EdgeNumbers
  ) -> [UInt8] {
    func little(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(number >> (8 * $0) & 0xFF) } }
    var bytes: [UInt8] = []
    for page in 0..<pages {
      for stream in 0..<streams {
        let size = min(page == 0 ? 30 : mean / 2 + random.next(mean), 65_000)
        let laces = [UInt8](repeating: 255, count: size / 255) + [UInt8(size % 255)]
        bytes += Array("OggS".utf8) + [0, page == 0 ? 2 : 0] + little(page * 960, 8)
        bytes += little(serial + stream, 4) + little(page, 4) + little(0, 4) + [UInt8(laces.count)] + laces
        var packet = [UInt8](repeating: UInt8(page & 0xFF), count: size)
        // What looks like a page in the midst of one.
        if random.next(50) == 0, size > 40 { packet.replaceSubrange(4..<9, with: Array("OggS\0".utf8)) }
        bytes += packet
      }
    }
    return bytes
  }

  private func starts(_ bytes: [UInt8], step: Int64, read: ((Int) -> Void)? = nil) throws -> [Int64] {
    var walk = OggWalk(size: Int64(bytes.count), step: step) { offset, count in
      let part = offset < bytes.count ? Array(bytes[Int(offset)...].prefix(count)) : []
      read?(part.count)
      return part
    }
    return try walk.starts(from: 0)
  }

  @Test(arguments: 0..<30) func allLinksAreFound(_ seed: Int) throws {
    var random = EdgeNumbers(seed: UInt64(seed))
    var chain: [UInt8] = []
    var expected: [Int64] = []
    // Half of the chains repeat a serial number, as copies of one file do; their pages are alike then.
    let repeats = seed % 2 == 0
    let mean = 100 + random.next(400)
    for number in 0...random.next(7) {
      expected.append(Int64(chain.count))
      chain += link(
        serial: repeats ? 7 : 7 + 10 * number, pages: 2 + random.next(repeats ? 900 : 200),
        mean: repeats ? mean : 100 + random.next(1_500), streams: seed % 5 == 4 ? 2 : 1, &random)
      if random.next(6) == 0 { chain += [UInt8](repeating: 0x4F, count: random.next(700)) }
    }
    // Pages of at most 64 kB, steps of megabytes.
    for pages in [64, 150, 1 << 20] {
      #expect(try starts(chain, step: Int64(pages * (repeats ? mean : 1_000))) == expected, "\(pages) a step")
    }
  }

  @Test func aFileAndItsCopyAreTwoLinks() throws {
    var random = EdgeNumbers(seed: 3)
    let one = link(serial: 1, pages: 1_200, mean: 700, &random)
    for copies in 2...5 {
      let chain = [UInt8]((0..<copies).flatMap { _ in one })
      #expect(try starts(chain, step: 64 << 10) == (0..<copies).map { Int64($0 * one.count) })
    }
  }

  @Test func aLongFileIsNotGoneThroughPageByPage() throws {
    var random = EdgeNumbers(seed: 4)
    let file = link(serial: 1, pages: 10_000, mean: 1_000, &random)
    var bytes = 0
    #expect(try starts(file, step: 512 << 10) { bytes += $0 } == [0])
    #expect(bytes < file.count / 2, "\(bytes) of \(file.count)")
  }

  @Test func moreLinksThanThereMayBeAreRefused() throws {
    var random = EdgeNumbers(seed: 5)
    let one = link(serial: 1, pages: 2, mean: 100, &random)
    let chain = [UInt8]((0...Bounds.maxLinks).flatMap { _ in one })
    let error = #expect(throws: AudioCodecError.self) { try starts(chain, step: 4 << 10) }
    #expect(error?.code == .unsupported)
    #expect(try starts(Array(chain.dropLast(one.count)), step: 4 << 10).count == Bounds.maxLinks)
  }
}

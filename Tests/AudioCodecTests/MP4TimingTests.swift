import Testing

@testable import AudioCodec

/// How long an MP4 file's sound is, by its table of lengths and its edit list, whatever their clocks count.
@Suite struct MP4TimingTests {
  /// An MP4 file's account of itself, without any sound.
  struct Movie: Sendable {
    var movieScale: Int64
    var trackScale: Int64
    /// Packets and ticks of each.
    var lengths: [(Int64, Int64)]
    /// Ticks of the movie, and where it begins in ticks of the track.
    var edits: [(length: Int64, start: Int64)]
    var isLong = false
    var track: Int64 = 1

    private func number(_ value: Int64, _ width: Int) -> [UInt8] {
      (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }
    private func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
      number(Int64(content.count + 8), 4) + Array(type.utf8) + content
    }
    private func header(_ type: String, _ content: [Int64], _ narrow: [UInt8] = []) -> [UInt8] {
      let width = isLong ? 8 : 4
      return box(
        type,
        [isLong ? 1 : 0, 0, 0, 0] + number(0, width) + number(0, width) + narrow
          + content.flatMap { number($0, 4) })
    }

    var bytes: [UInt8] {
      let rows = lengths.flatMap { number($0.0, 4) + number($0.1, 4) }
      let table = box("stbl", box("stts", number(0, 4) + number(Int64(lengths.count), 4) + rows))
      let media = box("mdia", header("mdhd", [trackScale, 0]) + box("minf", table))
      let list = edits.flatMap {
        number($0.length, isLong ? 8 : 4) + number($0.start, isLong ? 8 : 4) + number(1 << 16, 4)
      }
      let edit = box("elst", [isLong ? 1 : 0, 0, 0, 0] + number(Int64(edits.count), 4) + list)
      let parts = header("tkhd", [track, 0]) + (edits.isEmpty ? [] : box("edts", edit)) + media
      return box("ftyp", Array("M4A ".utf8)) + box("moov", header("mvhd", [movieScale, 0]) + box("trak", parts))
    }
  }

  private func timing(_ movie: Movie) throws -> MP4Timing? {
    MP4Timing(file: try FileSource(path: try TestAudio.write(movie.bytes, ending: "m4a")), track: 1)
  }

  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var movieScale: Int64
    var trackScale: Int64
    /// Ticks of the track in all packets, and in front of the music.
    var total: Int64
    var start: Int64
    /// Ticks of the movie.
    var length: Int64
    var count: Int64?
  }

  /// At 44.1 kHz. HE-AAC's track counts at half of that.
  static let cases = [
    Case(
      description: "samples", movieScale: 44_100, trackScale: 44_100, total: 602_112, start: 1_024, length: 600_000,
      count: 600_000),
    Case(
      description: "milliseconds, the table to the sample", movieScale: 1_000, trackScale: 44_100, total: 601_024,
      start: 1_024, length: 13_605, count: 600_000),
    Case(
      description: "milliseconds rounded up", movieScale: 1_000, trackScale: 44_100, total: 601_024, start: 1_024,
      length: 13_606, count: 600_000),
    Case(
      description: "600 a second", movieScale: 600, trackScale: 44_100, total: 601_024, start: 1_024, length: 8_163,
      count: 600_000),
    Case(
      description: "milliseconds, the table with padding", movieScale: 1_000, trackScale: 44_100, total: 602_112,
      start: 1_024, length: 13_605, count: nil),
    Case(
      description: "samples, more than there are", movieScale: 44_100, trackScale: 44_100, total: 601_024, start: 1_024,
      length: 700_000, count: nil),
    Case(
      description: "samples, one more than there are", movieScale: 44_100, trackScale: 44_100, total: 601_024,
      start: 1_024, length: 600_001, count: 600_000),
    Case(
      description: "HE-AAC: half samples", movieScale: 22_050, trackScale: 22_050, total: 208_896, start: 3_072,
      length: 204_442, count: 408_884),
    Case(
      description: "HE-AAC: samples", movieScale: 44_100, trackScale: 22_050, total: 208_896, start: 3_072,
      length: 408_883, count: 408_883),
    Case(
      description: "HE-AAC: milliseconds", movieScale: 1_000, trackScale: 22_050, total: 207_514, start: 3_072,
      length: 9_272, count: 408_884),
    Case(
      description: "HE-AAC: milliseconds, the table with padding", movieScale: 1_000, trackScale: 22_050,
      total: 208_896, start: 3_072, length: 9_272, count: nil),
    Case(
      description: "HE-AAC: nothing in front", movieScale: 22_050, trackScale: 22_050, total: 208_896, start: 0,
      length: 208_000, count: 416_000),
    Case(
      description: "a list of no length", movieScale: 44_100, trackScale: 44_100, total: 602_112, start: 1_024,
      length: 0, count: nil),
    Case(
      description: "a beginning behind the end", movieScale: 44_100, trackScale: 44_100, total: 602_112, start: 602_112,
      length: 1, count: nil),
    Case(
      description: "a track's clock that counts no samples", movieScale: 1_000, trackScale: 1_000, total: 13_605,
      start: 0, length: 13_605, count: nil),
    Case(
      description: "a track without a clock", movieScale: 1_000, trackScale: 0, total: 602_112, start: 1_024,
      length: 13_605, count: nil),
    Case(
      description: "a movie without a clock", movieScale: 0, trackScale: 44_100, total: 602_112, start: 1_024,
      length: 13_605, count: nil),
  ]

  @Test(arguments: cases, [false, true])
  func theLengthIsExactOrNone(_ what: Case, _ isLong: Bool) throws {
    let packets = what.total / 1_024
    var movie = Movie(
      movieScale: what.movieScale, trackScale: what.trackScale, lengths: [(packets, 1_024)],
      edits: [(what.length, what.start)], isLong: isLong)
    if what.total % 1_024 > 0 { movie.lengths.append((1, what.total % 1_024)) }
    #expect(try timing(movie)?.sampleCount(rate: 44_100) == what.count)
  }

  @Test func aListThatDoesMoreThanCutIsNotHeeded() throws {
    let plain = Movie(movieScale: 44_100, trackScale: 44_100, lengths: [(588, 1_024)], edits: [(600_000, 1_024)])
    #expect(try timing(plain)?.sampleCount(rate: 44_100) == 600_000)
    for edits: [(length: Int64, start: Int64)] in [
      [(300_000, 1_024), (300_000, 301_024)], [(600_000, -1)], [(600_000, 1 << 62)], [(1 << 62, 1_024)], [(-5, 1_024)],
    ] {
      var movie = plain
      movie.edits = edits
      movie.isLong = true
      #expect(try timing(movie) == nil, "\(edits)")
    }
    var movie = plain
    movie.edits = []
    #expect(try timing(movie)?.sampleCount(rate: 44_100) == nil)
    movie = plain
    movie.track = 2
    #expect(try timing(movie) == nil)
  }

  @Test func aTableThatCantBeIsNotHeeded() throws {
    let plain = Movie(movieScale: 44_100, trackScale: 44_100, lengths: [], edits: [(600_000, 1_024)])
    #expect(try timing(plain) == nil)
    for lengths: [(Int64, Int64)] in [
      [(0xFFFF_FFFF, 0xFFFF_FFFF)], Array(repeating: (0xFFFF_FFFF, 0xFFFF_FFFF), count: 9),
      Array(repeating: (1, 1_024), count: Int(Bounds.mp4TableRows) + 1),
    ] {
      var movie = plain
      movie.lengths = lengths
      #expect(try timing(movie) == nil)
    }
    // It ends within its table.
    var movie = plain
    movie.lengths = Array(repeating: (1, 1_024), count: 588)
    #expect(try timing(movie)?.sampleCount(rate: 44_100) == 600_000)
    let bytes = movie.bytes
    for length in stride(from: 0, to: bytes.count, by: 97) {
      let cut = try TestAudio.write(Array(bytes.prefix(max(length, 1))), ending: "m4a")
      #expect(MP4Timing(file: try FileSource(path: cut), track: 1) == nil)
    }
  }
}

import Foundation
import Testing

@testable import AudioCodec

/// Vorbis' blocks on a grid, and its pages of one size.
@Suite struct VorbisTests {
  private static let settings = EncoderSettings.vorbis(bitrate: 160_000, sampleRate: 44_100)
  private var settings: EncoderSettings { Self.settings }

  /// A track made of whole segments, each encoded on its own.
  private func segments(_ path: String) throws -> TrackEncoding.Track {
    let probe = try AudioProbe.read(path: path)
    return try TrackEncoding.encode(
      path, probe, settings, ranges: TrackEncoding.segments(settings, probe.gridSampleCount))
  }

  /// The pages of a track's frames, with the priming in front.
  private func pages(_ track: TrackEncoding.Track) -> [[UInt8]] {
    var end = track.file.count
    var pages: [[UInt8]] = []
    for size in track.frameSizes.reversed() {
      pages.append(Array(track.file[end - size..<end]))
      end -= size
    }
    pages.append(Array(track.file[settings.streamHeader(totalSamples: 0).count..<end]))
    return pages.reversed()
  }

  private func write(_ samples: StereoSamples) throws -> String {
    let path = "\(TestAudio.folder)/\(UUID().uuidString).wav"
    try WAVFile.write(samples, rate: 44_100, float: true, to: path)
    return path
  }

  @Test(arguments: [1, 1_023, 1_024, 15_359, 15_360, 15_361, 92_159, 92_160, 92_161, 200_001])
  func aFileHasExactlyTheTracksSamples(count: Int) throws {
    let source = Synthesis.sine(440, count: count, rate: 44_100)
    let track = try segments(try write(source))
    let file = try TestAudio.write(track.file, ending: "ogg")
    let theirs = try TestAudio.decode(file)
    #expect(theirs.count == count)
    // And the reader that takes such files for sources.
    let probe = try AudioProbe.read(path: file)
    #expect(probe.codec == "vorbis" && probe.sampleCount == Int64(count))
    let ours = try PCMReader(path: file, facts: probe.facts).read(count + 10)
    #expect(ours.count == count)
    if count > 1_000 {
      #expect(Comparison.ratio(source, theirs) > 20 && Comparison.ratio(source, ours) > 20)
    }
  }

  /// An edge's block has a slope on its right that must be the left one of the block behind, whoever made either.
  @Test(arguments: TestAudio.pieces)
  func encodersThatBeganApartAgreeOnWhatFollowsAnEdge(_ piece: TestAudio.Piece) throws {
    let probe = try AudioProbe.read(path: piece.path)
    let count = settings.frameCount(totalSamples: probe.gridSampleCount)
    let whole = try TrackEncoding.encode(piece.path, probe, settings, ranges: [0..<count])
    let continuous = try pages(whole).map { try #require(OggPage.Parts($0)) }
    var shortBehind = 0
    for frame in 1..<count {
      let encoder = try FrameRangeEncoder(
        path: piece.path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount,
        frames: frame..<frame + 1, isQuick: true)
      let piece = try #require(try encoder.next(maxFrames: 1))
      let first = try #require(OggPage.Parts(piece.bytes)?.packets.first)
      let edge = try #require(OggPage.Parts(piece.priming)?.packets)
      #expect(edge.count == 1)
      let before = try #require(continuous[frame].packets.last)
      // Vorbis I, 4.3.1: a zero, the mode (1 is long here), and for a long block the sizes before and behind.
      for slope in [before[0] >> 3 & 1, edge[0][0] >> 3 & 1] { #expect(slope == first[0] >> 1 & 1, "frame \(frame)") }
      if first[0] >> 1 & 1 == 0 { shortBehind += 1 } else { #expect(first[0] >> 2 & 1 == 1) }
      #expect(before[0] & 3 == 2, "a long block on the edge")
    }
    if ProcessInfo.processInfo.environment["DUBPLATE_TEST_MUSIC"] != nil { #expect(shortBehind > 0) }
  }

  /// Clicks at every distance from blocks, frames and segments: each is where it was, with silence well before it.
  @Test func aClickStaysWhereItIs() throws {
    var source = Synthesis.sine(440, count: 44_100 * 20, rate: 44_100, level: 0)
    // On edges, next to them, and at distances that go through all of a block.
    let edges = [15_359, 46_080, 61_439, 92_160, 107_520 + 100, 122_880 - 300, 138_240 + 500]
    let clicks = edges + Array(stride(from: 160_000, to: source.count - 4_000, by: 4_096 + 61))
    for click in clicks {
      source.left[click] = 0.9
      source.right[click] = -0.7
    }
    let decoded = try TrackEncoding.decode(try segments(try write(source)))
    #expect(decoded.count == source.count)
    for click in clicks {
      let window = click - 4..<click + 5
      let loudest = window.max { abs(decoded.left[$0]) < abs(decoded.left[$1]) }
      #expect(loudest == click && decoded.left[click] > 0.2 && decoded.right[click] < -0.1, "click at \(click)")
      // No block with a short slope on its left reaches further.
      let before = Comparison.energy(decoded, in: click - 3_000..<click - 1_200)
      #expect(before < 1e-6, "\(10 * log10(before)) dB before \(click)")
    }
  }

  @Test func filledPagesSoundTheSameAndHaveOneSize() throws {
    let track = try segments(TestAudio.piece.path)
    var filled = settings.streamHeader(totalSamples: track.totalSamples)
    for page in pages(track) {
      let full = try #require(EncoderSettings.filledVorbisFrame(page, to: settings.vorbisSlotBytes))
      #expect(full.count == settings.vorbisSlotBytes)
      filled += full
    }
    let file = try TestAudio.write(filled, ending: "ogg")
    #expect(Comparison.peakDifference(try TestAudio.decode(file), try TrackEncoding.decode(track)) == -.infinity)
    #expect(try AudioProbe.read(path: file).sampleCount == track.totalSamples)
    let first = pages(track)[1]
    for size in first.count...first.count + 600 {
      #expect(EncoderSettings.filledVorbisFrame(first, to: size)?.count == size)
    }
    #expect(EncoderSettings.filledVorbisFrame(first, to: first.count - 1) == nil)
    #expect(EncoderSettings.filledVorbisFrame(Array("OggSnothing".utf8), to: 500) == nil)
  }

  /// Of a single packet not every size can be made; the slot's can.
  @Test(arguments: [44_100, 48_000]) func aPageOfOnePacketFillsItsSlot(rate: Int) {
    let slot = EncoderSettings.vorbis(bitrate: 160_000, sampleRate: rate).vorbisSlotBytes
    for bytes in [1, 254, 255, 256, 1_000] {
      var page: [UInt8] = []
      OggPage.append([[UInt8](repeating: 1, count: bytes)], serial: 1, sequence: 2, granule: 3, flags: [], to: &page)
      #expect(EncoderSettings.filledVorbisFrame(page, to: slot)?.count == slot)
    }
  }

  /// Noise beyond full scale is what costs an encoder most, and a shower of clicks makes the most packets.
  @Test(arguments: [true, false]) func noPageIsLargerThanItsSlot(isNoise: Bool) throws {
    var source = Synthesis.sine(440, count: 44_100 * 4, rate: 44_100, level: 0)
    var state: UInt64 = 7
    for index in 0..<source.count where isNoise || index % 300 == 0 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      source.left[index] = Float(Int32(truncatingIfNeeded: state >> 32)) / 1_073_741_824
      source.right[index] = Float(Int32(truncatingIfNeeded: state >> 16)) / 1_073_741_824
    }
    let track = try segments(try write(source))
    for page in pages(track) {
      #expect(page.count <= settings.vorbisSlotBytes)
      #expect(EncoderSettings.filledVorbisFrame(page, to: settings.vorbisSlotBytes) != nil)
    }
    #expect(!isNoise || (track.frameSizes.max() ?? 0) > settings.vorbisSlotBytes - 200, "it was cut to its place")
    // ffmpeg says that packets end early, and plays them to the end.
    let file = try TestAudio.write(track.file, ending: "ogg")
    let decoded = TestAudio.ffmpeg(["-i", file, "-f", "f32le", "-"])
    #expect(decoded.status == 0 && decoded.output.count == 8 * source.count)
  }

  @Test func aDecodersConfigurationIsTheThreeHeaders() throws {
    let description = settings.decoderDescription(totalSamples: 1)
    #expect(description[0] == 2 && description[1] == 30)
    let comment = Int(description[2])
    let packets = [
      description[3..<33], description[33..<33 + comment], description[(33 + comment)...],
    ]
    for (packet, kind) in zip(packets, [1, 3, 5] as [UInt8]) {
      #expect(packet.first == kind && packet.dropFirst().starts(with: "vorbis".utf8))
    }
    #expect(try VorbisEncoder(settings).headers()[2] == Array(packets[2]))
  }

  @Test(arguments: [0, 1_000, 60_000, 65_025, 65_026, 200_000, 700_000])
  func headersOfAnySizeAreReadAndSayTheTrueBitrate(_ size: Int) throws {
    // A vendor of no length and one comment of so many bytes.
    let comment = Array("A=".utf8) + [UInt8](repeating: 0x78, count: size)
    let block = OggPage.bytes(0, 4) + OggPage.bytes(1, 4) + OggPage.bytes(UInt64(comment.count), 4) + comment
    let header = settings.vorbisFileHeader(comments: block)
    var pages: [ArraySlice<UInt8>] = []
    var place = 0
    while place < header.bytes.count {
      let laces = Int(header.bytes[place + 26])
      let payload = header.bytes[(place + 27)..<(place + 27 + laces)].reduce(0) { $0 + Int($1) }
      pages.append(header.bytes[place..<(place + 27 + laces + payload)])
      place += 27 + laces + payload
    }
    #expect(place == header.bytes.count && pages.count == 2 + header.morePages)
    for (number, page) in pages.enumerated() {
      let sequence = (0..<4).reduce(0) { $0 | Int(page[page.startIndex + 18 + $1]) << (8 * $1) }
      #expect(sequence == number, "pages are numbered in a row")
    }
    // The packets of the second page on, put together: comments, then the setup, whole.
    let payload = pages.dropFirst().flatMap { page in page.dropFirst(27 + Int(page[page.startIndex + 26])) }
    let setup = try VorbisEncoder(settings).headers()[2]
    // Comments and setup share a page as long as both are of 255 rows.
    let rows = (8 + block.count) / 255 + 1 + setup.count / 255 + 1
    #expect((header.morePages > 0) == (rows > 255))
    #expect(payload == [3] + Array("vorbis".utf8) + block + [1] + setup)
    // 30 % above the nominal one, and the pages' heads.
    let nominal = (0..<4).reduce(0) { $0 | Int(header.bytes[28 + 20 + $1]) << (8 * $1) }
    #expect(nominal == settings.vorbisSlotBytes * 8 * settings.sampleRate / settings.frameSamples)
  }
}

import Foundation
import Testing

@testable import AudioCodec

/// What headers and tags say of a length is used where it is right, and only there.
@Suite struct DeclaredLengthTests {
  /// 13.77173 s: no whole number of milliseconds, and of no codec's frames.
  private static let count = 607_333

  private func music(_ arguments: [String], to ending: String) throws -> String {
    try TestAudio.convert(
      TestAudio.piece.path, ["-af", "atrim=end_sample=\(Self.count)"] + arguments, to: ending)
  }

  private func code(_ path: String) -> AudioCodecError.Code? {
    do {
      _ = try AudioProbe.read(path: path)
      return nil
    } catch { return error.code }
  }

  @Test(arguments: [1_000, 600, 44_100, 90_000])
  func anEditListIsExactWhateverTheMoviesClock(_ scale: Int) throws {
    let path = try music(["-c:a", "aac", "-movie_timescale", "\(scale)"], to: "m4a")
    #expect(try AudioProbe.read(path: path).sampleCount == Int64(Self.count))
  }

  @Test func iTunesGaplessTagIsHeededWithoutAnEditList() throws {
    let path = try music(["-c:a", "aac", "-use_editlist", "0", "-aac_pns", "0"], to: "m4a")
    let plain = try AudioProbe.read(path: path)
    #expect(plain.sampleCount >= Self.count + 1_024)
    let tagged = try TestAudio.write(
      ITunesTag.add(to: try TestAudio.bytes(path), delay: 1_024, padding: 923, count: Self.count), ending: "m4a")
    let probe = try AudioProbe.read(path: tagged)
    #expect(probe.sampleCount == Int64(Self.count))
    let whole = try PCMReader(path: path, facts: plain.facts).read(100_000)
    let music = try PCMReader(path: tagged, facts: probe.facts).read(90_000)
    #expect(Comparison.peakDifference(music, whole[1_024..<91_024]) < -90)
    // What can't be is passed over.
    for (delay, count) in [(1_024, Self.count * 9), (70_000, Self.count), (0, 0)] {
      let lie = ITunesTag.add(to: try TestAudio.bytes(path), delay: delay, padding: 0, count: count)
      let probe = try AudioProbe.read(path: try TestAudio.write(lie, ending: "m4a"))
      #expect(probe.sampleCount > Self.count)
    }
  }

  @Test(arguments: [false, true])
  func iTunesGaplessTagIsHeededInACommentOfID3(_ isWide: Bool) throws {
    let path = try music(["-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"], to: "mp3")
    let frames = try TestAudio.bytes(path)
    let total = Int(try AudioProbe.read(path: path).sampleCount)
    let text = ITunesTag.text(delay: 576, padding: total - 576 - Self.count, count: Self.count)
    let tagged = try TestAudio.write(ITunesTag.id3(text, isWide: isWide) + frames, ending: "mp3")
    let probe = try AudioProbe.read(path: tagged)
    #expect(probe.sampleCount == Int64(Self.count))
    let whole = try PCMReader(path: path).read(50_000)
    let music = try PCMReader(path: tagged, facts: probe.facts).read(40_000)
    #expect(Comparison.peakDifference(music, whole[1_105..<41_105]) < -90)
  }

  /// A header may lie about the frames, and be right about the bytes.
  @Test(arguments: [["-b:a", "128k"], ["-q:a", "2"]], [4.5, 1.2, 0.5])
  func aWrongNumberOfFramesIsCountedAnew(_ arguments: [String], _ factor: Double) throws {
    let path = try music(arguments, to: "mp3")
    var bytes = try TestAudio.bytes(path)
    let marks = [Array("Xing".utf8), Array("Info".utf8)]
    let place = try #require((0..<4_096).first { index in marks.contains { bytes[index...].starts(with: $0) } })
    let frames = bytes[place + 8..<place + 12].reduce(0) { $0 << 8 | Int($1) }
    let lie = UInt32(Double(frames) * factor)
    for index in 0..<4 { bytes[place + 8 + index] = UInt8(truncatingIfNeeded: lie >> UInt32(24 - 8 * index)) }
    let probe = try AudioProbe.read(path: try TestAudio.write(bytes, ending: "mp3"))
    #expect(probe.sampleCount == Int64(Self.count))
  }

  @Test func whatWasPutBehindAFileBelongsToIt() throws {
    let path = try music(["-b:a", "128k", "-id3v2_version", "0"], to: "mp3")
    let short = try TestAudio.convert(TestAudio.piece.path, ["-t", "1.5", "-b:a", "128k"], to: "mp3")
    let (one, other) = (try TestAudio.bytes(path), try TestAudio.bytes(short))
    #expect(other.count < 64 << 10)
    let probe = try AudioProbe.read(path: try TestAudio.write(one + other, ending: "mp3"))
    // The delay and the padding in the middle are sound to every decoder; the header of the second is none.
    let first = try AudioProbe.read(path: path)
    let frames = (44_100 * 3 / 2 + 1_105 + 1_151) / 1_152
    let gained = Int(probe.sampleCount - first.sampleCount)
    #expect((frames * 1_152...(frames + 1) * 1_152).contains(gained), "\(gained) samples more")
  }

  /// A checksum stands between a frame's header and its side information, and moves what comes behind, by some writers.
  @Test(arguments: [(false, false), (true, false), (true, true)])
  func theHeaderOfAFilePutBehindAnotherIsNoSound(_ crc: (isThere: Bool, moves: Bool)) throws {
    let one = try TestAudio.bytes(try music(["-b:a", "128k", "-id3v2_version", "0"], to: "mp3"))
    var other = try TestAudio.bytes(
      try TestAudio.convert(TestAudio.piece.path, ["-t", "1.5", "-b:a", "128k", "-id3v2_version", "0"], to: "mp3"))
    let length = try #require(other.withUnsafeBufferPointer { $0.baseAddress.flatMap { MPEGFrameHeader($0) } }).length
    let frames = Array(other[length...])
    let bare = try AudioProbe.read(path: try TestAudio.write(one + frames, ending: "mp3")).sampleCount
    if crc.isThere { other[1] &= 0xFE }
    if crc.moves {
      other.insert(contentsOf: [0x12, 0x34], at: 4)
      other.removeSubrange(length..<length + 2)
    }
    #expect(other.count == frames.count + length)
    #expect(try AudioProbe.read(path: try TestAudio.write(one + other, ending: "mp3")).sampleCount == bare)
  }

  @Test func aRateThatChangesWithinIsRefusedByName() throws {
    for (ending, codec) in [("mp3", ["-b:a", "96k"]), ("mp3", ["-b:a", "96k", "-write_xing", "0"]), ("aac", [])] {
      let one = try TestAudio.convert(TestAudio.piece.path, ["-t", "6"] + codec, to: ending)
      for seconds in ["0.8", "8"] {
        let other = try TestAudio.convert(
          TestAudio.piece.path, ["-t", seconds, "-ar", "48000"] + codec, to: ending)
        let both = try TestAudio.write(try TestAudio.bytes(one) + (try TestAudio.bytes(other)), ending: ending)
        #expect(code(both) == .rateChanges, "\(seconds) s of \(ending) \(codec)")
      }
    }
  }

  @Test(arguments: [("mka", ["-c:a", "flac"]), ("m4a", ["-c:a", "alac"])])
  func theTrackThatIsMarkedAsDefaultPlays(_ format: (ending: String, arguments: [String])) throws {
    let path = "\(TestAudio.folder)/two.\(format.ending)"
    let made = TestAudio.ffmpeg(
      ["-f", "lavfi", "-i", "sine=440:d=3", "-t", "3", "-i", TestAudio.piece.path, "-map", "0:a", "-map", "1:a"]
        + format.arguments + ["-disposition:a:0", "0", "-disposition:a:1", "default", path])
    #expect(made.status == 0)
    let reader = try PCMReader(path: path)
    let original = try PCMReader(path: TestAudio.piece.path).read(100_000)
    #expect(Comparison.peakDifference(try reader.read(100_000), original) < -90)
  }

  /// A day at 8 kHz is fewer samples than one at 48 kHz, which is what is encoded.
  @Test(arguments: [(8_000, 86_401), (8_000, 86_399), (44_100, 86_401)])
  func moreThanADayIsRefusedByName(_ file: (rate: Int, seconds: Int)) throws {
    let count = file.rate * file.seconds
    var bytes = Array("RIFF....WAVEfmt ".utf8)
    func append(_ value: Int, _ width: Int) { bytes += (0..<width).map { UInt8(value >> (8 * $0) & 0xFF) } }
    for (value, width) in [(16, 4), (1, 2), (1, 2), (file.rate, 4), (file.rate, 4), (1, 2), (8, 2)] {
      append(value, width)
    }
    bytes += Array("data".utf8)
    append(count, 4)
    let path = try TestAudio.write(bytes, ending: "wav")
    defer { unlink(path) }
    // A hole: no disk is filled.
    #expect(truncate(path, off_t(bytes.count + count)) == 0)
    #expect(code(path) == (file.seconds > 86_400 ? .tooLong : nil))
  }

  @Test func aGaplessTagIsReadStrictly() {
    #expect(GaplessTag(ITunesTag.text(delay: 2_112, padding: 5, count: 1_000))?.delay == 2_112)
    for text in ["", " 00000000", " 00000000 XY 0 1", " 0 FFFFFFFF 0 1", " 0 1 1 FFFFFFFFFFFFFFFFF", " 0 1 -1 1"] {
      #expect(GaplessTag(text) == nil)
    }
  }

  @Test func aGridTellsFramesApartByAClockThatRounds() {
    for (length, rate) in [(Int64(64), Int64(44_100)), (120, 48_000), (1_024, 44_100), (2_048, 48_000)] {
      var clock = ClockMeasurement(tick: rate / 1_000 + 1)
      func stamp(_ sample: Int64) -> Int64 { (sample * 1_000 / rate + 7) * rate / 1_000 }
      var position: Int64 = 0
      for number in 0..<200 {
        let samples = number == 0 ? length - 13 : length * Int64(1 + number * 7 % 3)
        clock.add(samples: samples, stamp: stamp(position))
        position += samples
      }
      let grid = clock.grid(unit: nil)
      #expect(grid?.length == length)
      let offset = clock.offset ?? 0
      let places = stride(from: Int64(0), to: 100_000, by: 17).map { length - 13 + $0 * length }
      #expect(places.allSatisfy { grid?.nearest(stamp($0) - offset) == $0 })
      #expect(ClockMeasurement(tick: length).grid(unit: length) == nil)
    }
  }
}

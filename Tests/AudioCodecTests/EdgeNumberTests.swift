import Foundation
import Testing

@testable import AudioCodec

/// Numbers from the edges of their fields, in every container that is allowed: each file is sound, or refused with a
/// code, and soon. A sum without room for its result would end this process, as it would the server's.
@Suite struct EdgeNumberTests {
  enum Layout: Sendable {
    case boxes, ogg, matroska
    /// Two Ogg streams, one after the other.
    case chain
    /// Where the header's numbers lie.
    case flat([Range<Int>])
  }

  struct Kind: Sendable, CustomTestStringConvertible {
    var name: String
    var arguments: [String]
    var ending: String
    var layout: Layout
    var testDescription: String { name }

    init(_ name: String, _ arguments: [String], _ ending: String, _ layout: Layout) {
      (self.name, self.arguments, self.ending, self.layout) = (name, arguments, ending, layout)
    }
  }

  static let kinds: [Kind] = [
    Kind("MP4 with AAC", ["-c:a", "aac"], "m4a", .boxes),
    Kind(
      "fragments with AAC", ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov+default_base_moof"], "m4a", .boxes),
    Kind("fragments with an index", ["-c:a", "flac", "-strict", "-2", "-movflags", "+dash"], "mp4", .boxes),
    Kind("MP4 with ALAC", ["-c:a", "alac"], "m4a", .boxes),
    Kind("QuickTime with PCM", ["-c:a", "pcm_s16be"], "mov", .boxes),
    Kind("Ogg with Vorbis", ["-c:a", "libvorbis"], "ogg", .ogg),
    Kind("Ogg with Opus", ["-c:a", "libopus"], "opus", .ogg),
    Kind("Ogg with FLAC", ["-c:a", "flac"], "oga", .ogg),
    Kind("a chain of Opus", ["-c:a", "libopus"], "opus", .chain),
    Kind("a chain of FLAC", ["-c:a", "flac"], "oga", .chain),
    Kind("MP4 with AAC at 24 kHz", ["-c:a", "aac", "-ar", "24000"], "m4a", .boxes),
    Kind("Matroska with Vorbis", ["-c:a", "libvorbis"], "mka", .matroska),
    Kind("Matroska with FLAC", ["-c:a", "flac"], "mka", .matroska),
    Kind("WebM with Opus", ["-c:a", "libopus"], "webm", .matroska),
    Kind("CAF with PCM", ["-c:a", "pcm_s16be"], "caf", .flat([0..<120])),
    Kind("CAF with ALAC", ["-c:a", "alac"], "caf", .flat([0..<240])),
    Kind("W64", [], "w64", .flat([16..<136])),
    Kind("AIFF", [], "aiff", .flat([4..<60])),
    Kind("ASF", ["-c:a", "wmav2"], "wma", .flat([16..<620, 620..<720])),
    Kind("FLAC", [], "flac", .flat([4..<46, 46..<110])),
    Kind("WAV", [], "wav", .flat([4..<60])),
    Kind("RF64", ["-rf64", "always"], "wav", .flat([4..<100])),
    Kind("MP3", ["-c:a", "libmp3lame", "-id3v2_version", "0"], "mp3", .flat([36..<200])),
    Kind("ADTS", ["-c:a", "aac"], "aac", .flat([0..<64])),
    Kind("Sun audio", [], "au", .flat([4..<32])),
    Kind("WavPack", ["-c:a", "wavpack"], "wv", .flat([4..<80])),
    Kind("TTA", ["-c:a", "tta"], "tta", .flat([4..<60])),
    Kind("AC-3", ["-c:a", "ac3"], "ac3", .flat([2..<40])),
    Kind("DTS", ["-c:a", "dca", "-strict", "-2"], "dts", .flat([4..<40])),
  ]

  /// Reads a file as a scan and a listener do. Nil for sound, else how it was refused.
  private func refusal(of bytes: [UInt8], ending: String) throws -> AudioCodecError.Code? {
    let path = try TestAudio.write(bytes, ending: ending)
    defer { unlink(path) }
    // As a time-out would refuse it, and not what is tried here.
    var limits = AudioLimits()
    limits.probeDeadline = .seconds(3)
    limits.operationDeadline = .seconds(3)
    do throws(AudioCodecError) {
      let probe = try AudioProbe.read(path: path, limits: limits)
      #expect((1...Bounds.maxSamples).contains(probe.sampleCount) && probe.bitrate >= 0)
      let reader = try PCMReader(path: path, facts: probe.facts, limits: limits)
      for place in [0, reader.sampleCount / 2, reader.sampleCount - 1_000] {
        reader.seek(to: place)
        _ = try reader.read(3_000)
      }
      return nil
    } catch {
      return error.code
    }
  }

  private static let codes: Set<AudioCodecError.Code> = [
    .notAudio, .noAudio, .truncated, .unsupported, .damaged, .timedOut, .tooLong, .rateChanges,
  ]
  /// Files of each kind; what was found with more is kept below.
  private static let files = ProcessInfo.processInfo.environment["DUBPLATE_EDGE_FILES"].flatMap(Int.init) ?? 16

  @Test(arguments: kinds) func everyFileIsSoundOrRefused(_ kind: Kind) throws {
    let path = "\(TestAudio.folder)/edge-\(UUID().uuidString).\(kind.ending)"
    let made = TestAudio.ffmpeg(
      ["-f", "lavfi", "-i", "sine=440:d=1.5", "-ac", "2", "-ar", "48000"] + kind.arguments + [
        "-fflags", "+bitexact", path,
      ])
    guard made.status == 0 else { return }  // an encoder that this ffmpeg lacks
    let whole = try TestAudio.bytes(path)
    for seed in 0..<Self.files {
      var edges = EdgeNumbers(seed: UInt64(seed) &+ 1)
      let bytes =
        switch kind.layout {
        case .boxes: edges.boxes(whole)
        case .ogg: edges.ogg(whole)
        case .chain: edges.ogg(whole + whole)
        case .matroska: edges.elements(whole)
        case .flat(let ranges): edges.edit(whole, ranges)
        }
      if let code = try refusal(of: bytes, ending: kind.ending) {
        #expect(Self.codes.contains(code), "\(kind.name), seed \(seed): \(code)")
      }
    }
  }

  /// A fragmented MP4 of one track with this clock, whose fragments begin at this moment.
  private func fragments(scale: UInt32, time: (Int) -> UInt64) throws -> [UInt8] {
    let path = "\(TestAudio.folder)/fragments-\(UUID().uuidString).m4a"
    let made = TestAudio.ffmpeg([
      "-f", "lavfi", "-i", "sine=440:d=5", "-ac", "2", "-c:a", "aac", "-movflags",
      "frag_keyframe+empty_moov+default_base_moof", path,
    ])
    try #require(made.status == 0)
    var bytes = try TestAudio.bytes(path)
    func places(_ name: String) -> [Int] {
      (0..<bytes.count - 4).filter { Array(bytes[$0..<$0 + 4]) == Array(name.utf8) }
    }
    func write(_ value: UInt64, _ width: Int, at place: Int) {
      for offset in 0..<width {
        let shift = UInt64(8 * (width - 1 - offset))
        bytes[place + offset] = UInt8(truncatingIfNeeded: value >> shift)
      }
    }
    let header = try #require(places("mdhd").first)
    write(UInt64(scale), 4, at: header + 16)
    for (number, place) in places("tfdt").enumerated() {
      try #require(bytes[place + 4] == 1)
      write(time(number), 8, at: place + 8)
    }
    return bytes
  }

  @Test(arguments: [1, 1_000, 44_100, UInt32.max])
  func aClockThatBeginsAtTheEndOfTimeIsSoundOrRefused(_ scale: UInt32) throws {
    let times: [UInt64] = [1 << 55, 1 << 60, 1 << 62, 1 << 63 - 1, 1 << 63, .max - 1 << 40]
    for time in times {
      for isJump in [false, true] {
        let bytes = try fragments(scale: scale) { number in isJump && number == 0 ? 0 : time }
        if let code = try refusal(of: bytes, ending: "m4a") {
          #expect(Self.codes.contains(code), "\(scale), \(time): \(code)")
        }
      }
    }
  }

  @Test func aDateInAnyYearIsNoMatter() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "1"], to: "flac")
    let seconds: [Int] = [-1 << 40, -1 << 34, 1 << 33, 1 << 34, 1 << 40]
    for second in seconds {
      var times = [timespec(tv_sec: second, tv_nsec: 0), timespec(tv_sec: second, tv_nsec: 0)]
      // A file system clamps what it has no room for.
      _ = utimensat(AT_FDCWD, path, &times, 0)
      let probe = try AudioProbe.read(path: path)
      #expect(try PCMReader(path: path, facts: probe.facts).read(10).count == 10)
    }
  }

  @Test func aFileOfExabytesIsRefusedBeforeItIsRead() throws {
    let path = "\(TestAudio.folder)/exabytes.wav"
    try Data(TestAudio.bytes(TestAudio.piece.path).prefix(4_096)).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    for exponent in [44, 50, 62] {
      // Not every file system holds such a thing.
      guard truncate(path, 1 << exponent + 1) == 0 else { continue }
      #expect(throws: AudioCodecError(.unsupported, "The file is larger than a day of any sound")) {
        try AudioProbe.read(path: path)
      }
    }
  }

  @Test func factsThatNoInspectionFoundAreRefused() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "2"], to: "mp3")
    let found = try AudioProbe.read(path: path).facts
    let edits: [@Sendable (inout SourceFacts) -> Void] = [
      { $0.origin = .min }, { $0.origin = .max }, { $0.sampleCount = .max }, { $0.sampleCount = -1 },
      { $0.sampleRate = 0 }, { $0.sampleRate = .max }, { $0.channels = 0 }, { $0.elementary?.delay = .max },
      { $0.elementary?.firstFrame = .max }, { $0.elementary?.firstFrame = -1 }, { $0.elementary?.model.samples = 0 },
      { $0.elementary?.model.samples = .max }, { $0.elementary?.model.length = .max },
      { $0.elementary?.model.sampleRate = 0 }, { $0.elementary?.padding = .min }, { $0.packetSamples = .max },
      { $0.packetSamples = 0 }, { $0.preRoll = .max }, { $0.grid = FrameGrid(length: 0, phase: 0) },
      { $0.grid = FrameGrid(length: .max, phase: .min) },
      { $0.links = [SourceLink(start: 0, end: .max, sampleCount: .max, origin: .min)] },
    ]
    for (number, edit) in edits.enumerated() {
      var facts = found
      edit(&facts)
      do throws(AudioCodecError) {
        _ = try PCMReader(path: path, facts: facts)
        Issue.record("edit \(number) is taken")
      } catch {
        #expect([.invalidRequest, .changed].contains(error.code), "edit \(number): \(error)")
      }
    }
  }
}

/// The numbers themselves.
@Suite struct MediaTimeTests {
  @Test(arguments: [Int64.min, .min + 1, -1 << 61, 1 << 61, .max - 1, .max])
  func whatIsOutOfRangeHasNoValue(_ value: Int64) {
    #expect(MediaTime(value) == nil)
  }

  @Test func aSumThatLeavesTheRangeHasNoValue() throws {
    let (most, least) = (try #require(MediaTime(1 << 60)), try #require(MediaTime(-1 << 60)))
    #expect(most + most == nil && least + least == nil)
    #expect(least + most == .zero && least < .zero)
  }

  @Test func aConversionWithoutRoomHasNoValue() throws {
    func rescaled(_ value: Int64, from: Int32, to: Int32) throws -> Int64? {
      try #require(MediaTime(value)).rescaled(fromRate: from, to: to)?.value
    }
    #expect(try rescaled(1 << 50, from: 1, to: 48_000) == nil)
    #expect(try rescaled(1 << 60, from: 48_000, to: 48_000) == 1 << 60)
    #expect(try rescaled(3, from: 1, to: 48_000) == 144_000)
    #expect(try rescaled(3, from: 0, to: 48_000) == nil)
  }
}

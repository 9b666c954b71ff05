import Foundation
import Testing

@testable import AudioCodec

/// Whatever decoder and container a file is made of: its length is what an independent decoder finds, its samples are
/// where that finds them, and segments that are read apart are one piece.
@Suite struct ContinuityTests {
  struct Pair: Sendable, CustomStringConvertible {
    var container: String
    var encoder: [String]
    /// Samples beyond the judge's that an exact count takes off again: padding that ffmpeg leaves in.
    var padding = 0..<1
    var description: String { encoder.joined(separator: " ") + " in " + container }

    init(_ container: String, _ encoder: String..., padding: Range<Int> = 0..<1) {
      self.container = container
      self.encoder = encoder
      self.padding = padding
    }
  }

  /// What decodes to the same after a seek as before it. (AC-3 and E-AC-3 have noise of the decoder's own, and Opus
  /// never quite forgets where it began; FFmpeg's AAC has none with its noise substitution off.)
  static let pairs: [Pair] = [
    // Ogg, whose pages say when they end.
    Pair("ogg", "flac"), Pair("ogg", "flac", "-page_duration", "100000"), Pair("ogg", "libvorbis"),
    // Clocks of milliseconds, with frames of one length, of several, and closer to each other than two ticks.
    Pair("mka", "flac"), Pair("mka", "flac", "-ar", "96000"), Pair("mka", "alac"), Pair("mka", "pcm_s16le"),
    Pair("mka", "pcm_s24le", "-ar", "96000"), Pair("mka", "libmp3lame"), Pair("mka", "aac", "-aac_pns", "0"),
    Pair("mka", "libvorbis"), Pair("mka", "libvorbis", "-ar", "96000"), Pair("webm", "libvorbis", "-ar", "22050"),
    Pair("mka", "wavpack"), Pair("mka", "truehd", "-strict", "-2"), Pair("mka", "mp2"),
    Pair("mka", "dca", "-strict", "-2"), Pair("wma", "wmav2"), Pair("wma", "wmav1"), Pair("wma", "libmp3lame"),
    Pair("wma", "pcm_s16le"),
    // Raw streams and RIFF, whose clocks drift.
    Pair("dts", "dca", "-strict", "-2"), Pair("wav", "adpcm_ms"), Pair("wav", "adpcm_ima_wav"), Pair("wav", "wmav2"),
    Pair("wav", "mp2"), Pair("caf", "flac"), Pair("caf", "alac"), Pair("caf", "pcm_s24be"), Pair("w64", "pcm_s16le"),
    Pair("au", "pcm_s16be"),
    // MP4 with FFmpeg's clock of milliseconds.
    Pair("m4a", "aac", "-aac_pns", "0", padding: 0..<1_024), Pair("m4a", "alac"),
    Pair("mp4", "mp2", padding: 0..<1_152),
    Pair("mp4", "libmp3lame", padding: 0..<1_152), Pair("mp4", "truehd", "-strict", "-2"), Pair("mov", "adpcm_ms"),
    // Frames so small that each reaches back over dozens.
    Pair("mp3", "libmp3lame", "-ar", "22050", "-b:a", "8k"), Pair("mp3", "libmp3lame", "-ar", "8000", "-b:a", "8k"),
    Pair("wv", "wavpack"), Pair("tta", "tta"),
  ]

  @Test(arguments: pairs)
  func segmentsAreOnePieceAndTheJudges(_ pair: Pair) throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "13.7717", "-c:a"] + pair.encoder, to: pair.container)
    let probe = try AudioProbe.read(path: path)
    let judge = try TestAudio.decode(path)
    let count = Int(probe.sampleCount)
    #expect(pair.padding.contains(judge.count - count), "\(judge.count) by the judge, \(count) here")
    let straight = try read(path, probe, from: 0, count: count)
    let both = min(count, judge.count)
    // ffmpeg rounds MP2 to 16 bits, and what is too loud for them is cut.
    let (range, allowed) = pair.encoder[0] == "mp2" ? (Float(-1)...1, -85.0) : (-2...2, -90)
    #expect(
      Comparison.peakDifference(
        Comparison.clipped(straight[0..<both], to: range), Comparison.clipped(judge[0..<both], to: range)) < allowed)
    for start in stride(from: 92_160, to: count, by: 92_160) {
      let length = min(92_160, count - start)
      let segment = try read(path, probe, from: start, count: length)
      #expect(
        Comparison.peakDifference(segment, straight[start..<start + length]) < -90, "segment from \(start)")
    }
  }

  /// Where the decoder adds something of its own, no edge is worse than the middle.
  @Test(arguments: [
    Pair("ac3", "ac3"), Pair("eac3", "eac3"), Pair("mka", "ac3"), Pair("webm", "libopus"),
    Pair("webm", "libopus", "-frame_duration", "60"), Pair("opus", "libopus"), Pair("mp4", "libopus", padding: 0..<961),
  ])
  func noEdgeIsWorseThanTheMiddle(_ pair: Pair) throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "13.7717", "-c:a"] + pair.encoder, to: pair.container)
    let probe = try AudioProbe.read(path: path)
    let judge = try TestAudio.decode(path)
    let count = Int(probe.sampleCount)
    #expect(pair.padding.contains(judge.count - count), "\(judge.count) by the judge, \(count) here")
    let straight = try read(path, probe, from: 0, count: count)
    var (edges, middles) = (0.0, 0.0)
    for start in stride(from: 92_160, to: count - 92_160, by: 92_160) {
      let segment = try read(path, probe, from: start, count: 92_160)
      let same = straight[start..<start + 92_160]
      edges += Comparison.error(same, segment, in: 0..<4_096) + Comparison.error(same, segment, in: 88_064..<92_160)
      middles += 2 * Comparison.error(same, segment, in: 40_000..<60_000)
    }
    // 1e-10 is −100 dB of full scale.
    #expect(10 * log10((edges + 1e-10) / (middles + 1e-10)) < 3)
  }

  private func read(_ path: String, _ probe: AudioProbe, from start: Int, count: Int) throws -> StereoSamples {
    let reader = try PCMReader(path: path, facts: probe.facts, rate: probe.sampleRate)
    reader.seek(to: Int64(start))
    let samples = try reader.read(count)
    #expect(samples.count == count && reader.concealedSamples == 0)
    return samples
  }

  @Test(arguments: ["flac", "libvorbis", "libopus"])
  func aChainIsTheSumOfItsLinks(_ encoder: String) throws {
    var chain: [UInt8] = []
    var links: [StereoSamples] = []
    for (start, seconds) in [("0", "3.1"), ("5", "2.77"), ("5", "2.77"), ("9", "4")] {
      let link = try TestAudio.convert(
        TestAudio.piece.path, ["-ss", start, "-t", seconds, "-c:a", encoder, "-fflags", "+bitexact"], to: "ogg")
      chain += try TestAudio.bytes(link)
      links.append(try TestAudio.decode(link))
    }
    let path = try TestAudio.write(chain, ending: "ogg")
    let probe = try AudioProbe.read(path: path)
    let whole = StereoSamples(left: links.flatMap(\.left), right: links.flatMap(\.right))
    #expect(Int(probe.sampleCount) == whole.count)
    let read = try read(path, probe, from: 0, count: whole.count)
    #expect(Comparison.peakDifference(read, Comparison.clipped(whole, to: -2...2)) < -90)
    // Into each link, and across each joint.
    var joint = 0
    for link in links {
      for start in [joint - 3_000, joint + link.count / 2] where start >= 0 {
        let segment = try self.read(path, probe, from: start, count: 6_000)
        #expect(Comparison.peakDifference(segment, read[start..<start + 6_000]) < -90, "\(encoder) from \(start)")
      }
      joint += link.count
    }
    let other = try TestAudio.convert(TestAudio.piece.path, ["-t", "2", "-ar", "32000", "-c:a", "flac"], to: "ogg")
    let mixed = try TestAudio.write(chain + (try TestAudio.bytes(other)), ending: "ogg")
    if encoder != "libopus" { #expect(try code(mixed) == .rateChanges) }
  }

  /// Links that nothing can be made of, before, between and behind those that can be played.
  @Test(arguments: 0..<6) func aLinkThatCannotBeReadIsLeftOut(_ kind: Int) throws {
    func link(_ start: String, _ encoder: String) throws -> String {
      try TestAudio.convert(TestAudio.piece.path, ["-ss", start, "-t", "2.5", "-c:a", encoder], to: "ogg")
    }
    let good = try [link("0", "libvorbis"), link("6", "libvorbis")]
    var bad = try TestAudio.bytes(try link("3", "libvorbis"))
    let pages = bad.indices.dropLast(4).filter { bad[$0...].starts(with: Array("OggS".utf8)) }
    switch kind {
    // The first packet's kind, and the codec's settings, are rubbish; there is no sound; there are no settings.
    case 0: for index in 28..<35 { bad[index] = 0x20 }
    case 1: for index in pages[1] + 60..<pages[2] { bad[index] = 0xAA }
    case 2: bad = Array(bad[0..<pages[2]])
    case 3: bad = Array(bad[0..<pages[1]]) + Array(bad[pages[2]...])
    // The last page ends at the end of time, or ten seconds behind what there is.
    default:
      let last = bad[pages[pages.count - 1]...]
      let granule = kind == 4 ? UInt64(1) << 59 : UInt64(12 * 44_100)
      let (sizes, start) = try #require(OggPage.packets(inPage: last))
      var place = last.startIndex + start
      let packets = sizes.map { size in
        defer { place += size }
        return Array(bad[place..<place + size])
      }
      func number(_ place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bad[last.startIndex + place + $1]) << UInt32(8 * $1) }
      }
      let (serial, sequence) = (number(14), number(18))
      bad.removeSubrange(last.indices)
      OggPage.append(packets, serial: serial, sequence: sequence, granule: granule, flags: .last, to: &bad)
    }
    let music = try good.map(TestAudio.bytes)
    let expected = try good.map { try TestAudio.decode($0) }
    let whole = StereoSamples(left: expected.flatMap(\.left), right: expected.flatMap(\.right))
    for chain in [[bad, music[0], music[1]], [music[0], bad, music[1]], [music[0], music[1], bad]] {
      let path = try TestAudio.write(chain.flatMap { $0 }, ending: "ogg")
      let probe = try AudioProbe.read(path: path)
      #expect(Int(probe.sampleCount) == whole.count)
      let samples = try read(path, probe, from: 0, count: min(whole.count, Int(probe.sampleCount)))
      #expect(Comparison.peakDifference(samples, Comparison.clipped(whole, to: -2...2)) < -90)
      let reader = try PCMReader(path: path, facts: probe.facts, rate: probe.sampleRate)
      // A stream without sound in it is no damage.
      #expect(reader.damagedPackets == 1 || kind == 2 || kind == 3)
    }
    #expect(try code(try TestAudio.write(bad + bad, ending: "ogg")) != nil)
  }

  private func code(_ path: String) throws -> AudioCodecError.Code? {
    do {
      _ = try AudioProbe.read(path: path)
      return nil
    } catch { return error.code }
  }
}

import Testing

@testable import AudioCodec

@Suite struct FormatTests {
  @Test(
    arguments: [
      (0, [0]), (0x7F, [0x7F]), (0x80, [0xC2, 0x80]), (0x7FF, [0xDF, 0xBF]), (0x800, [0xE0, 0xA0, 0x80]),
      (0xFFFF, [0xEF, 0xBF, 0xBF]), (0x10000, [0xF0, 0x90, 0x80, 0x80]), (0x1F_FFFF, [0xF7, 0xBF, 0xBF, 0xBF]),
      (0x20_0000, [0xF8, 0x88, 0x80, 0x80, 0x80]), (0x3FF_FFFF, [0xFB, 0xBF, 0xBF, 0xBF, 0xBF]),
      (0x400_0000, [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]), (0x7FFF_FFFF, [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]),
    ] as [(UInt64, [UInt8])])
  func frameNumbersAreWrittenLikeUTF8(_ pair: (number: UInt64, bytes: [UInt8])) {
    var output: [UInt8] = []
    FLACFormat.appendNumber(pair.number, to: &output)
    #expect(output == pair.bytes)
  }

  @Test func checksumsAreTheStandardOnes() {
    let digits = Array("123456789".utf8)
    #expect(FLACFormat.checksum8(digits[...]) == 0xF4)
    digits.withUnsafeBufferPointer { #expect(FLACFormat.checksum16($0[...]) == 0xFEE8) }
  }

  @Test func theStreamHeaderSaysWhatTheTrackIs() {
    let header = EncoderSettings.flac(bitDepth: 24, sampleRate: 48_000).streamHeader(totalSamples: 0x1_2345_6789)
    #expect(header.count == 42)
    #expect(Array(header[0..<12]) == [0x66, 0x4C, 0x61, 0x43, 0x80, 0, 0, 34, 0x12, 0, 0x12, 0])
    #expect(Array(header[18..<26]) == [0x0B, 0xB8, 0x03, 0x71, 0x23, 0x45, 0x67, 0x89])
    #expect(EncoderSettings.mp3(bitrate: 128_000, sampleRate: 44_100).streamHeader(totalSamples: 1).isEmpty)
  }

  @Test func anADTSHeaderReadsBackAsItself() throws {
    var bytes: [UInt8] = []
    try ADTSFormat.appendHeader(payload: 500, sampleRate: 44_100, to: &bytes)
    #expect(bytes.count == 7)
    let header = bytes.withUnsafeBufferPointer { $0.baseAddress.flatMap { MPEGFrameHeader($0) } }
    #expect(header?.kind == .adts && header?.length == 507 && header?.sampleRate == 44_100 && header?.channels == 2)
    #expect(throws: AudioCodecError.self) {
      var bytes: [UInt8] = []
      try ADTSFormat.appendHeader(payload: 8_190, sampleRate: 44_100, to: &bytes)
    }
  }

  @Test func headersOfFramesAreRead() {
    func read(_ bytes: [UInt8]) -> MPEGFrameHeader? {
      bytes.withUnsafeBufferPointer { $0.baseAddress.flatMap { MPEGFrameHeader($0) } }
    }
    let frame = read([0xFF, 0xFB, 0x90, 0x64, 0, 0, 0])
    #expect(frame?.bitrate == 128_000 && frame?.length == 417 && frame?.samples == 1_152 && frame?.sampleRate == 44_100)
    #expect(read([0xFF, 0xFB, 0x92, 0x64, 0, 0, 0])?.length == 418)
    #expect(read([0xFF, 0xF3, 0x40, 0xC4, 0, 0, 0])?.samples == 576)
    #expect(read([0xFF, 0xFB, 0xF0, 0x64, 0, 0, 0]) == nil)
    #expect(read([0xFF, 0xEB, 0x90, 0x64, 0, 0, 0]) == nil)
    #expect(read([0xFE, 0xFB, 0x90, 0x64, 0, 0, 0]) == nil)
  }

  @Test func theGridFitsEveryCodec() {
    for settings in [
      EncoderSettings.mp3(bitrate: 128_000, sampleRate: 44_100), .aac(bitrate: 128_000, sampleRate: 44_100),
      .flac(bitDepth: 16, sampleRate: 44_100),
    ] {
      #expect(settings.framesPerSegment * settings.frameSamples == EncoderSettings.segmentSamples)
      #expect(
        settings.frames(ofSegment: 1, totalSamples: 92_161) == settings
          .framesPerSegment..<(settings.framesPerSegment + 1))
      #expect(settings.frames(ofSegment: 2, totalSamples: 92_161).isEmpty)
    }
  }

  @Test func theMemoryOfFilesIsBounded() throws {
    let memory = SourceMemory()
    let facts = SourceFacts(
      container: "wav", sampleRate: 44_100, channels: 2, sampleCount: 1, origin: 0, size: 1, modifiedNanoseconds: 0)
    func identity(_ inode: Int) -> FileSource.Identity {
      FileSource.Identity(device: 1, inode: UInt64(inode), size: 1, modifiedNanoseconds: 0)
    }
    for index in 0..<Bounds.rememberedFiles * 2 {
      memory.remember(facts, identity(index))
      _ = memory.facts(identity(0))
    }
    #expect(memory.facts(identity(0)) != nil)
    #expect(memory.facts(identity(1)) == nil)
    #expect(memory.facts(identity(Bounds.rememberedFiles * 2 - 1)) != nil)
  }
}

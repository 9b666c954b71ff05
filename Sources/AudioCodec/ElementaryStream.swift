/// An MP3 (MP2, MP1) or ADTS file: frames without a container, read by our own scanner.
///
/// libavformat's seek in these is a guess from the bitrate or from the 100 steps of a Xing table; an index of our own
/// makes it exact, and spares the cold start a probe.
struct ElementaryStream: Hashable, Sendable, Codable {
  /// A frame of the stream; all have its rate and length in samples.
  var model: MPEGFrameHeader
  /// Offset of the first frame of sound (behind the Xing frame).
  var firstFrame: Int64
  /// Samples in front of the music: LAME's delay and the decoder's 529.
  var delay: Int
  /// Samples behind the music, the decoder's 529 taken off.
  var padding: Int
  /// Frames and bytes that the Xing header declares.
  var declaredFrames: Int?
  var declaredBytes: Int64?
  /// Whether the encoder says that all frames have one bitrate (an Info tag in place of a Xing tag).
  var isConstantRate: Bool?

  /// Bits per second of a file of layer III whose encoder says that all frames have one bitrate. (An encoder's tag is a
  /// frame of its own, which in files of low rates has a higher one.)
  var knownBitrate: Int? {
    model.kind == .layer3 && isConstantRate == true && model.bitrate >= 112_000 ? model.bitrate : nil
  }

  /// Frames in front of one that its sound depends on. Layer III reaches back 511 bytes (255 at the low rates), which is
  /// as many frames as the shortest are small: those of the file's one bitrate, or of the lowest that there is. Two more
  /// for the overlap of the transforms, and one to spare.
  /// - Parameter constant: a frame of layer III, if all are like it.
  func framesNeeded(by constant: MPEGFrameHeader?) -> Int {
    let isLow = model.samples == 576
    let lowest = model.samples / 8 * (isLow ? 8_000 : 32_000) / model.sampleRate
    let mainData = max((constant?.length ?? lowest) - (constant ?? model).sideInformationEnd - 2, 1)
    let reach = isLow ? 255 : 511
    return (reach + mainData - 1) / mainData + 3
  }

  /// Looks for three frames in a row near the beginning (fewer if the file ends with them); nil if there are none.
  static func detect(file: FileSource) -> ElementaryStream? {
    let start = Tags.endOfLeadingTags(file: file)
    let bytes = file.bytes(at: start, count: Bounds.firstFrameSearch)
    guard bytes.count > MPEGFrameHeader.size else { return nil }
    return bytes.withUnsafeBufferPointer { bytes -> ElementaryStream? in
      guard let base = bytes.baseAddress else { return nil }
      for place in 0..<(bytes.count - MPEGFrameHeader.size) where base[place] == 0xFF {
        guard let header = MPEGFrameHeader(base + place),
          chain(from: start + Int64(place), header: header, file: file, known: bytes, knownStart: start)
        else { continue }
        var stream = ElementaryStream(file: file, header: header, offset: start + Int64(place))
        stream.readGaplessTag(file: file, before: start)
        return stream
      }
      return nil
    }
  }

  /// Whether two more frames of the stream follow. Less will do where the file ends with exactly these frames.
  private static func chain(
    from offset: Int64, header: MPEGFrameHeader, file: FileSource, known: UnsafeBufferPointer<UInt8>, knownStart: Int64
  ) -> Bool {
    var next = offset + Int64(header.length)
    for _ in 0..<2 {
      if next == file.size || (next < file.size && Tags.length(file: file, at: next) != nil) { return true }
      let place = Int(next - knownStart)
      var found: MPEGFrameHeader?
      if place + MPEGFrameHeader.size <= known.count {
        found = known.baseAddress.flatMap { MPEGFrameHeader($0 + place) }
      } else {
        let bytes = file.bytes(at: next, count: MPEGFrameHeader.size)
        guard bytes.count == MPEGFrameHeader.size else { return false }
        found = bytes.withUnsafeBufferPointer { bytes in bytes.baseAddress.flatMap { MPEGFrameHeader($0) } }
      }
      guard let found, found.isSameStream(as: header) else { return false }
      next += Int64(found.length)
    }
    return true
  }

  private init(file: FileSource, header: MPEGFrameHeader, offset: Int64) {
    model = header
    firstFrame = offset
    delay = 0
    padding = 0
    if header.kind == .layer3 { readXing(file.bytes(at: offset, count: min(header.length, 512)), at: offset) }
  }

  /// iTunes' comment, where LAME has left no numbers of its own. Like hers, it counts without the decoder's delay.
  private mutating func readGaplessTag(file: FileSource, before end: Int64) {
    guard model.kind == .layer3, delay == 0, padding == 0, let tag = GaplessTag(id3In: file, before: end) else {
      return
    }
    delay = Int(tag.delay) + Self.decoderDelay
    padding = max(Int(tag.padding) - Self.decoderDelay, 0)
  }

  /// Samples by which a decoder of layer III is behind.
  private static let decoderDelay = 529

  /// The Xing (VBR), Info (CBR) or VBRI header in the first frame, with LAME's delay and padding behind the former.
  private mutating func readXing(_ frame: [UInt8], at offset: Int64) {
    func word(_ place: Int) -> Int { frame[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
    func text(_ place: Int) -> String {
      place + 4 <= frame.count ? String(decoding: frame[place..<(place + 4)], as: UTF8.self) : ""
    }
    let crc = frame[1] & 1 == 0 ? 2 : 0
    if text(36) == "VBRI", frame.count >= 36 + 18 {
      declaredBytes = Int64(word(46))
      declaredFrames = word(50)
      firstFrame = offset + Int64(model.length)
      return
    }
    // Writers differ in whether the CRC moves it.
    let places = [model.sideInformationEnd, model.sideInformationEnd + crc]
    guard let start = places.first(where: { ["Xing", "Info"].contains(text($0)) }), start + 8 <= frame.count else {
      return
    }
    firstFrame = offset + Int64(model.length)
    isConstantRate = text(start) == "Info"
    let flags = word(start + 4)
    var place = start + 8
    if flags & 1 != 0, place + 4 <= frame.count {
      declaredFrames = word(place)
      place += 4
    }
    if flags & 2 != 0, place + 4 <= frame.count {
      declaredBytes = Int64(word(place))
      place += 4
    }
    if flags & 4 != 0 { place += 100 }
    if flags & 8 != 0 { place += 4 }
    guard place + 24 <= frame.count, ["LAME", "Lavf", "Lavc"].contains(text(place)) else { return }
    let both = Int(frame[place + 21]) << 16 | Int(frame[place + 22]) << 8 | Int(frame[place + 23])
    delay = both >> 12 + Self.decoderDelay
    padding = max(both & 0xFFF - Self.decoderDelay, 0)
  }

  /// Whether all numbers are ones that a file can have said.
  var makesSense: Bool {
    (1...Bounds.scanWindow).contains(model.length) && (1...Bounds.maxFrameSamples).contains(model.samples)
      && Bounds.sampleRates.contains(model.sampleRate) && (0...Bounds.scanWindow).contains(model.sideInformationEnd)
      && (0...Bounds.maxFileBytes).contains(firstFrame) && (0...Bounds.maxFrameSamples).contains(delay)
      && (0...Bounds.maxFrameSamples).contains(padding)
  }

  /// Samples of music in `frames` frames, after delay and padding.
  func samples(frames: Int, frameSamples: Int) -> Int64 {
    max(Int64(frames) * Int64(frameSamples) - Int64(delay) - Int64(padding), 0)
  }

  /// Whether a file of that size holds what is declared, and hardly more.
  func holdsDeclaredBytes(of fileSize: Int64) -> Bool {
    guard let bytes = declaredBytes, bytes > 0 else { return false }
    // Declared bytes begin with the Xing frame itself or behind it, and tags may follow the last frame.
    let present = fileSize - firstFrame
    return present >= bytes - 3 * 1_500 && present <= bytes + 64 << 10
  }

  /// The declared number of frames, if the file bears it out; otherwise they have to be counted.
  func trustedFrames(in file: FileSource) -> Int? {
    guard let frames = declaredFrames, frames > 0, let bytes = declaredBytes, holdsDeclaredBytes(of: file.size) else {
      return nil
    }
    let mean = bytes / Int64(frames)
    guard mean >= 8, mean <= 2_881, meanLengthIsLike(Double(bytes) / Double(frames), bytes: bytes, in: file) else {
      return nil
    }
    return hasFrames(behind: firstFrame + bytes, in: file) ? nil : frames
  }

  /// Whether frames here and there in the file have, in the mean, the length that the header's numbers amount to. An
  /// unlucky choice costs a count.
  private func meanLengthIsLike(_ declared: Double, bytes: Int64, in file: FileSource) -> Bool {
    var lengths = 0
    var count = 0
    for place in 0..<Bounds.triedPlaces {
      let offset = firstFrame + bytes * Int64(2 * place + 1) / Int64(2 * Bounds.triedPlaces)
      var scanner = FrameScanner(file: file, model: model, offset: offset, number: 0, window: 16 << 10)
      for _ in 0..<Bounds.triedFrames {
        guard let frame = scanner.next() else { break }
        lengths += frame.length
        count += 1
      }
    }
    return count > 0 && abs(Double(lengths) / Double(count) / declared - 1) < 0.05
  }

  /// Whether the stream goes on behind its declared end, as where files were put together.
  private func hasFrames(behind end: Int64, in file: FileSource) -> Bool {
    // A frame may lie across an end that was counted from the Xing frame on.
    var scanner = FrameScanner(file: file, model: model, offset: end, number: 0, window: 16 << 10)
    var frames = 0
    while frames < 2, let frame = scanner.next() {
      if frame.offset >= end { frames += 1 }
    }
    return frames == 2 || scanner.passesOtherRate
  }
}

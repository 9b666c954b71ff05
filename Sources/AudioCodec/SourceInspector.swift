import CFFmpeg

/// Finds out what a file is and how many samples it holds, by its content and never by its name.
struct SourceInspector {
  let file: FileSource
  /// Left open for whoever wants tags; nil for files without a container.
  private(set) var container: ContainerSource?
  private(set) var facts: SourceFacts

  /// Throws `notAudio`, `noAudio`, `truncated`, `damaged`, `unsupported`, `timedOut`, `unreadable`.
  init(file: FileSource) throws(AudioCodecError) {
    _ = LibAV.ready
    self.file = file
    let start = Tags.endOfLeadingTags(file: file)
    let signature = file.bytes(at: start, count: 16)
    try file.check()
    let demuxer = ContainerFormat.demuxer(signature: signature)
    let startsWithFrame = signature.withUnsafeBufferPointer { bytes in
      bytes.count == 16 && bytes.baseAddress.flatMap { MPEGFrameHeader($0) } != nil
    }
    if demuxer == nil, startsWithFrame, let stream = ElementaryStream.detect(file: file) {
      facts = try SourceInspector.inspect(stream, file: file)
    } else {
      do throws(AudioCodecError) {
        let source = try ContainerSource(file: file, container: demuxer)
        if ["mp3", "aac"].contains(source.input.name), let stream = ElementaryStream.detect(file: file) {
          facts = try SourceInspector.inspect(stream, file: file)
        } else {
          container = source
          facts = try SourceInspector.inspect(source, file: file)
        }
      } catch  where error.code == .notAudio {
        // libavformat gives up early on frames behind rubbish; our own search is longer, and asks for three in a row.
        guard demuxer == nil, let stream = ElementaryStream.detect(file: file) else { throw error }
        facts = try SourceInspector.inspect(stream, file: file)
      }
    }
    guard facts.sampleCount > 0 else { throw AudioCodecError(.noAudio, "The file holds sound of no length") }
    guard facts.sampleCount <= Bounds.maxSamples, facts.gridSampleCount <= Bounds.maxSamples else {
      throw SourceInspector.tooLong
    }
    SourceMemory.shared.remember(facts, file.identity)
  }

  private static let tooLong = AudioCodecError(.unsupported, "The file declares more than a day of sound")

  /// The first frame that can be decoded tells what no header tells reliably.
  private struct FirstFrame {
    var rate: Int
    var channels: Int
    /// Nil if the container says none, or one that no clock shows.
    var timestamp: MediaTime?

    init(_ frame: AVFrame) {
      rate = Int(frame.sample_rate)
      channels = Int(frame.ch_layout.nb_channels)
      timestamp = MediaTime(frame.pts)
    }
  }

  private static func firstFrame(of source: any PacketSource) throws(AudioCodecError) -> FirstFrame? {
    let decoder = try Decoder(parameters: source.parameters, codec: source.codec, timeBase: source.timeBase)
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }
    guard let held = packet else { throw LibAV.outOfMemory() }
    for _ in 0..<Bounds.fruitlessPackets {
      if case .frame(let frame) = decoder.receive() { return FirstFrame(frame.pointee) }
      guard try source.read(into: held) else {
        _ = decoder.send(nil)
        guard case .frame(let frame) = decoder.receive() else { return nil }
        return FirstFrame(frame.pointee)
      }
      _ = decoder.send(held)
      av_packet_unref(held)
    }
    return nil
  }

  private static func check(rate: Int, channels: Int) throws(AudioCodecError) {
    guard Bounds.sampleRates.contains(rate), (1...Bounds.maxChannels).contains(channels) else {
      throw AudioCodecError(.unsupported, "A sampling rate or a number of channels that is not supported")
    }
  }

  private static func inspect(_ stream: ElementaryStream, file: FileSource) throws(AudioCodecError) -> SourceFacts {
    let model = stream.model
    let first = ElementarySource(
      file: file, stream: stream, sampleRate: model.sampleRate, frameSamples: model.samples)
    guard let frame = try firstFrame(of: first) else {
      throw AudioCodecError(.damaged, "None of the file's frames can be decoded")
    }
    try check(rate: frame.rate, channels: frame.channels)
    let frameSamples = model.samples * frame.rate / model.sampleRate
    var facts = SourceFacts(
      container: model.kind == .adts ? "adts" : "mp3", sampleRate: frame.rate, channels: frame.channels, sampleCount: 0,
      origin: Int64(stream.delay), size: file.identity.size, modifiedNanoseconds: file.identity.modifiedNanoseconds,
      elementary: stream)
    if let frames = stream.trustedFrames(fileSize: file.size) {
      facts.sampleCount = stream.samples(frames: frames, frameSamples: frameSamples)
    } else {
      let source = ElementarySource(file: file, stream: stream, sampleRate: frame.rate, frameSamples: frameSamples)
      let count = try source.index().frameCount
      let slack = 2 + Int(Bounds.endToleranceMilliseconds) * frame.rate / 1_000 / frameSamples
      if let declared = stream.declaredFrames, count < declared - slack {
        throw AudioCodecError(.truncated, "The file holds \(count) of the \(declared) frames that its header declares")
      }
      facts.sampleCount = stream.samples(frames: count, frameSamples: frameSamples)
    }
    facts.isVerified = true
    return facts
  }

  /// The length that the header says; 0 if it says none.
  private static func declaredSamples(of source: ContainerSource, rate: Int) throws(AudioCodecError) -> Int64 {
    let (stream, whole) = (source.stream.pointee.duration, source.input.format.pointee.duration)
    guard max(stream, whole) > 0 else { return 0 }
    let declared =
      stream > 0
      ? MediaTime(stream).flatMap { source.sample(ofTimestamp: $0, rate: rate) }
      : MediaTime(whole)?.rescaled(
        from: AVRational(num: 1, den: AV_TIME_BASE), to: AVRational(num: 1, den: Int32(rate)))
    guard let declared, (0...Bounds.maxSamples).contains(declared.value) else { throw tooLong }
    return declared.value
  }

  private static func inspect(_ source: ContainerSource, file: FileSource) throws(AudioCodecError) -> SourceFacts {
    guard let frame = try firstFrame(of: source) else {
      throw AudioCodecError(.noAudio, "The file's sound track holds nothing that can be decoded")
    }
    try check(rate: frame.rate, channels: frame.channels)
    let rate = frame.rate
    guard let origin = source.sample(ofTimestamp: frame.timestamp ?? .zero, rate: rate)?.value else {
      throw AudioCodecError(.unsupported, "The file's clock begins at a moment that is none")
    }
    var facts = SourceFacts(
      container: source.input.name, sampleRate: rate, channels: frame.channels, sampleCount: 0, origin: origin,
      size: file.identity.size, modifiedNanoseconds: file.identity.modifiedNanoseconds)
    let timeBase = source.timeBase
    let declared = try declaredSamples(of: source, rate: rate)
    // Held against what is there: a decode of the last half second, or of all where nothing is declared.
    let reader = try SourceReader(
      file: file, source: try ContainerSource(file: file, container: facts.container), rate: rate, origin: origin,
      sampleCount: Bounds.maxSamples)
    let end = try reader.end(from: declared - Int64(rate / 2))
    let isExact = ContainerFormat.declaresExactly(facts.container)
    let slack = isExact ? 0 : Int64(rate) * Bounds.endToleranceMilliseconds / 1_000
    let missing = WAVHeader.missingBytes(file: file, container: facts.container)
    if missing > 0 || (declared > 0 && end < declared - slack) {
      throw AudioCodecError(.truncated, "The file ends before the length that its header declares")
    }
    // Lossy codecs decode to whole frames; where the container's clock counts samples, its duration is the music's.
    // (An MP4 edit list rounds it to a tick of the movie's clock: up to a millisecond of the encoder's padding stays.)
    let counts = timeBase.num == 1 && Int(timeBase.den) % rate == 0
    facts.sampleCount = declared > 0 && (isExact || counts) ? min(declared, end) : end
    facts.isVerified = true
    return facts
  }
}

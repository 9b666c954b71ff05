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
        let links = demuxer == "ogg" ? try OggLinks.ranges(in: file) : []
        if links.count > 1 {
          (facts, container) = try SourceInspector.inspect(links, file: file)
        } else {
          let source = try ContainerSource(file: file, container: demuxer)
          if ["mp3", "aac"].contains(source.input.name), let stream = ElementaryStream.detect(file: file) {
            facts = try SourceInspector.inspect(stream, file: file)
          } else {
            container = source
            facts = try SourceInspector.inspect(source, file: file)
          }
        }
      } catch  where error.code == .notAudio {
        // libavformat gives up early on frames behind rubbish; our own search is longer, and asks for three in a row.
        guard demuxer == nil, let stream = ElementaryStream.detect(file: file) else { throw error }
        facts = try SourceInspector.inspect(stream, file: file)
      }
    }
    guard facts.sampleCount > 0 else { throw AudioCodecError(.noAudio, "The file holds sound of no length") }
    // Multiplied by a rate only once it is known to be small.
    guard facts.sampleCount <= Bounds.maxSamples, facts.sampleCount(atRate: 48_000) <= Bounds.maxSamples else {
      throw AudioCodecError.moreThanADay
    }
    guard facts.makeSense else {
      throw AudioCodecError(.unsupported, "What the file says of its clock makes no sense")
    }
    SourceMemory.shared.remember(facts, file.identity)
  }

  /// The first frame that can be decoded tells what no header tells reliably.
  private static func firstFrame(of source: any PacketSource) throws(AudioCodecError) -> DecodedFrames.Frame? {
    try DecodedFrames(source).next()
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
    if model.kind == .adts, frameSamples == 2 * model.samples {
      facts.preRoll = try SBRHeaders.preRoll(
        ElementarySource(file: file, stream: stream, sampleRate: frame.rate, frameSamples: frameSamples),
        frameSamples: Int64(frameSamples))
    }
    if model.kind == .adts, frameSamples == model.samples, frame.channels == 2, model.channels == 2,
      file.bytes(at: stream.firstFrame, count: 3).last.map({ $0 >> 6 == 1 }) ?? false
    {
      facts.plainAACStart = 0
    }
    if let frames = stream.trustedFrames(in: file) {
      facts.sampleCount = stream.samples(frames: frames, frameSamples: frameSamples)
    } else {
      let source = ElementarySource(file: file, stream: stream, sampleRate: frame.rate, frameSamples: frameSamples)
      let index = try source.index()
      guard !index.passesOtherRate else {
        throw AudioCodecError(.rateChanges, "The sampling rate changes within the file")
      }
      let count = index.frameCount
      let slack = 2 + Int(Bounds.endToleranceMilliseconds) * frame.rate / 1_000 / frameSamples
      // Where all declared bytes are there, it is the number of frames that is wrong.
      if let declared = stream.declaredFrames, count < declared - slack, !stream.holdsDeclaredBytes(of: file.size) {
        throw AudioCodecError(.truncated, "The file holds \(count) of the \(declared) frames that its header declares")
      }
      facts.sampleCount = stream.samples(frames: count, frameSamples: frameSamples)
    }
    return facts
  }

  /// The length that the header says; 0 if it says none. Where libavformat guesses one from a bitrate, it does not.
  private static func declaredSamples(of source: ContainerSource, rate: Int) throws(AudioCodecError) -> Int64 {
    let (stream, whole) = (source.stream.pointee.duration, source.input.format.pointee.duration)
    guard max(stream, whole) > 0,
      source.input.format.pointee.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE
    else { return 0 }
    let declared =
      stream > 0
      ? MediaTime(stream).flatMap { source.sample(ofTimestamp: $0, rate: rate) }
      : MediaTime(whole)?.rescaled(
        from: AVRational(num: 1, den: AV_TIME_BASE), to: AVRational(num: 1, den: Int32(rate)))
    guard let declared, (0...Bounds.maxSamples).contains(declared.value) else { throw AudioCodecError.moreThanADay }
    return declared.value
  }

  /// What is wrong with one link alone. The file, the disk and the clock are all links'.
  private static let damagesALink: Set<AudioCodecError.Code> = [
    .notAudio, .damaged, .unsupported, .truncated, .tooLong, .tooManyTags,
  ]

  /// A chained file: the sound of all links that hold any, and the first of these.
  private static func inspect(
    _ ranges: [Range<Int64>], file: FileSource
  ) throws(AudioCodecError) -> (SourceFacts, ContainerSource) {
    var whole: SourceFacts?
    var first: ContainerSource?
    var links: [SourceLink] = []
    var damage: (links: Int, first: AudioCodecError?) = (0, nil)
    for range in ranges {
      let part = FileSource(file, part: range)
      let facts: SourceFacts
      do throws(AudioCodecError) {
        let source = try ContainerSource(file: part, container: "ogg")
        facts = try inspect(source, file: part)
        first = first ?? source
      } catch  where error.code == .noAudio {
        continue
      } catch  where damagesALink.contains(error.code) {
        // The others are music all the same.
        damage = (damage.links + 1, damage.first ?? error)
        continue
      }
      guard facts.sampleRate == whole?.sampleRate ?? facts.sampleRate else {
        throw AudioCodecError(.rateChanges, "The file's sampling rate changes from one of its streams to the next")
      }
      whole = whole ?? facts
      links.append(
        SourceLink(
          start: range.lowerBound, end: range.upperBound, sampleCount: facts.sampleCount, origin: facts.origin))
    }
    guard var whole, let first else {
      throw damage.first ?? AudioCodecError(.noAudio, "The file holds no sound")
    }
    whole.sampleCount = links.reduce(0) { $0 + $1.sampleCount }
    whole.size = file.identity.size
    whole.links = links
    if damage.links > 0 { whole.damagedLinks = damage.links }
    return (whole, first)
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
    let counts = timeBase.num == 1 && Int(timeBase.den) % rate == 0
    let isExactClock = counts && !ContainerFormat.driftsIn(facts.container, source.codec)
    if !isExactClock { try measureClock(of: source, file: file, into: &facts) }
    if source.codec == AV_CODEC_ID_AAC { facts.preRoll = try heAACPreRoll(file: file, facts: facts) }
    let packets = try SourceReader.packets(of: file, facts: facts, isKnown: false)
    let declared =
      if let counted = packets as? CountedSource {
        try counted.length() - facts.origin
      } else {
        try declaredSamples(of: source, rate: rate)
      }
    // Held against what is there: a decode of the last half second, or of all where nothing is declared.
    let reader = try SourceReader(
      file: file, source: packets, rate: rate, origin: facts.origin, sampleCount: Bounds.maxSamples, grid: facts.grid,
      beginsAtZero: facts.isCounted == true)
    let end = try reader.end(from: declared - Int64(rate / 2))
    let isExact = ContainerFormat.declaresExactly(facts.container, source.codec)
    // The last of packets that are counted may be shorter than the others: Musepack has 1.7 s in each.
    let slack =
      isExact ? 0 : max(Int64(rate) * Bounds.endToleranceMilliseconds / 1_000, facts.packetSamples ?? 0)
    let missing = WAVHeader.missingBytes(file: file, container: facts.container)
    // A declared length may begin in front of an encoder's delay.
    if missing > 0 || (declared > 0 && end + max(facts.origin, 0) < declared - slack) {
      throw AudioCodecError(.truncated, "The file ends before the length that its header declares")
    }
    // Lossy codecs decode to whole frames; where the container's clock counts samples, its duration is the music's.
    facts.sampleCount = declared > 0 && (isExact || isExactClock) ? min(declared, end) : end
    refineLength(&facts, of: source, end: end, file: file)
    if isExactClock { facts.plainAACStart = try plainAACStart(of: source, file: file, facts: facts) }
    return facts
  }

  /// Nil for all but AAC-LC in stereo in an MP4 file that says of each packet that it holds 1,024 samples.
  private static func plainAACStart(
    of source: ContainerSource, file: FileSource, facts: SourceFacts
  ) throws(AudioCodecError) -> Int64? {
    let parameters = source.stream.pointee.codecpar.pointee
    guard source.codec == AV_CODEC_ID_AAC, facts.preRoll == nil, facts.channels == 2, facts.container.hasPrefix("mov"),
      Int(source.timeBase.den) == facts.sampleRate, parameters.extradata_size >= 2, let config = parameters.extradata,
      // AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): object type 2, two channels, no frames of 960 samples.
      config[0] >> 3 == 2, config[1] & 0x7C == 2 << 3,
      let timing = MP4Timing(file: file, track: Int64(source.stream.pointee.id)), timing.packetTicks == 1_024
    else { return nil }
    guard let packet = av_packet_alloc() else { throw LibAV.outOfMemory() }
    defer {
      var packet: UnsafeMutablePointer<AVPacket>? = packet
      av_packet_free(&packet)
    }
    guard try ContainerSource(file: file, container: facts.container).read(into: packet) else { return nil }
    return MediaTime(packet.pointee.pts)?.value
  }

  /// Nil for AAC without replication, whose frames give half as much.
  private static func heAACPreRoll(file: FileSource, facts: SourceFacts) throws(AudioCodecError) -> Int64? {
    let frames = try DecodedFrames(try ContainerSource(file: file, container: facts.container))
    var longest = 0
    // The first is cut by the encoder's delay.
    for _ in 0..<3 { longest = max(longest, try frames.next()?.samples ?? 0) }
    guard longest == 2_048 else { return nil }
    return try SBRHeaders.preRoll(
      try ContainerSource(file: file, container: facts.container), frameSamples: Int64(longest))
  }

  /// What MP4 files say of delay and padding beside what libavformat reads.
  private static func refineLength(
    _ facts: inout SourceFacts, of source: ContainerSource, end: Int64, file: FileSource
  ) {
    guard facts.container.hasPrefix("mov"), let timing = MP4Timing(file: file, track: Int64(source.stream.pointee.id))
    else { return }
    let tag = source.input.text("iTunSMPB").flatMap { GaplessTag($0) }
    if timing.edit != nil {
      if let count = timing.sampleCount(rate: facts.sampleRate), count <= end { facts.sampleCount = count }
      // iTunes' list is a tick off as well, and its table counts the padding.
      if let tag, tag.sampleCount <= end,
        abs(tag.sampleCount - facts.sampleCount) <= 2 * Int64(facts.sampleRate) / max(timing.movieScale, 1)
      {
        facts.sampleCount = tag.sampleCount
      }
    } else if let tag, timing.trackScale > 0, Int64(facts.sampleRate) % timing.trackScale == 0 {
      // Counted at the rate of the track's clock: with replication, at half of what is decoded.
      let (delay, count) = tag.scaled(by: Int64(facts.sampleRate) / timing.trackScale)
      guard delay + count <= end + facts.origin else { return }
      facts.origin = delay
      facts.sampleCount = count
    }
  }

  /// Finds out what timestamps mean where they don't count samples: decodes the beginning, where counting is certain.
  private static func measureClock(
    of source: ContainerSource, file: FileSource, into facts: inout SourceFacts
  ) throws(AudioCodecError) {
    let rate = facts.sampleRate
    let codec = SourceCodec(id: source.codec, parameters: source.parameters, timeBase: source.timeBase, rate: rate)
    var clock = ClockMeasurement(tick: codec.tolerance / 2)
    let opened = try ContainerSource(file: file, container: facts.container)
    let frames = try DecodedFrames(opened)
    var packet: (number: Int, samples: Int64, stamp: Int64?)?
    for _ in 0..<Bounds.measuredFrames {
      guard let frame = try frames.next() else { break }
      let samples = Int64(frame.samples)
      if let current = packet, current.number == frame.packet {
        packet?.samples += samples
        continue
      }
      if let packet { clock.add(samples: packet.samples, stamp: packet.stamp) }
      packet = (
        frame.packet, samples, frame.timestamp.flatMap { opened.sample(ofTimestamp: $0, rate: rate)?.value }
      )
    }
    if let packet { clock.add(samples: packet.samples, stamp: packet.stamp) }
    let drifts = ContainerFormat.driftsIn(facts.container, source.codec)
    if !drifts, let grid = clock.grid(unit: codec.frameUnit) {
      facts.origin = clock.offset ?? facts.origin
      facts.grid = grid
    } else if PacketCounter(opened.parameters, constant: clock.constantLength) != nil {
      facts.isCounted = true
      facts.packetSamples = clock.constantLength
      if let length = facts.packetSamples {
        // What the first packet gives less than the others was cut from it: the encoder's delay.
        facts.origin = max(length - clock.firstLength, 0)
      } else {
        let counted = try SourceReader.packets(of: file, facts: facts, isKnown: false)
        facts.origin = try firstFrame(of: counted)?.timestamp?.value ?? 0
      }
    }
  }
}

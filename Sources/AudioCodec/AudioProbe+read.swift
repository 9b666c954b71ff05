import CFFmpeg

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension AudioProbe {
  /// Reads what a file is; never believes its name, and holds its header against what can be decoded.
  ///
  /// Blocks for some milliseconds: not for an event loop. Throws `vanished`, `unreadable`, `notAudio`, `noAudio`,
  /// `truncated`, `damaged`, `unsupported`, `timedOut`.
  public static func read(path: String, limits: AudioLimits = AudioLimits()) throws(AudioCodecError) -> AudioProbe {
    let file = try FileSource(path: path)
    file.allow(limits.probeDeadline)
    let inspector = try SourceInspector(file: file)
    let facts = inspector.facts
    if let container = inspector.container {
      return AudioProbe(facts: facts, container: container, file: file, limits: limits)
    }
    return try AudioProbe(facts: facts, elementaryIn: file, limits: limits)
  }

  private init(facts: SourceFacts, container: ContainerSource, file: FileSource, limits: AudioLimits) {
    let parameters = container.stream.pointee.codecpar.pointee
    self.facts = facts
    codec = String(cString: avcodec_get_name(parameters.codec_id))
    isLosslessSource = dubplate_is_lossless(parameters.codec_id) != 0
    let bits = parameters.bits_per_raw_sample > 0 ? parameters.bits_per_raw_sample : parameters.bits_per_coded_sample
    // Where a lossless file doesn't say, as many as FLAC has; where it's a bit a sample (DSD), it is at a far higher rate.
    bitsPerSample = isLosslessSource ? (bits > 1 ? Int(bits) : 24) : 0
    bitrate = parameters.bit_rate > 0 ? Int(parameters.bit_rate) : AudioProbe.meanBitrate(facts)
    tags = AudioTags()
    cover = nil
    readTags(of: container.input, stream: container.stream, limits: limits)
  }

  /// MP3 and ADTS: we read the frames by ourselves, and libavformat the tags around them.
  private init(facts: SourceFacts, elementaryIn file: FileSource, limits: AudioLimits) throws(AudioCodecError) {
    self.facts = facts
    let model = facts.elementary?.model
    codec =
      switch model?.kind {
      case .layer1: "mp1"
      case .layer2: "mp2"
      case .adts: "aac"
      case .layer3, nil: "mp3"
      }
    isLosslessSource = false
    bitsPerSample = 0
    bitrate = AudioProbe.meanBitrate(facts)
    tags = AudioTags()
    cover = nil
    do throws(AudioCodecError) {
      let input = try ContainerInput(file: file, demuxer: facts.container == "adts" ? "aac" : "mp3")
      readTags(of: input, stream: input.streams.first, limits: limits)
    } catch  where error.code == .notAudio {
      // libavformat does not get along with the file; it plays all the same, without tags.
      return
    }
  }

  private static func meanBitrate(_ facts: SourceFacts) -> Int {
    if let stream = facts.elementary, let known = stream.knownBitrate { return known }
    let seconds = Double(facts.sampleCount) / Double(facts.sampleRate)
    let bytes = facts.size - (facts.elementary?.firstFrame ?? 0)
    // A file of terabytes may hold a single sample.
    return seconds > 0 ? Int(min(Double(bytes) * 8 / seconds, Double(Int32.max))) : 0
  }

  private mutating func readTags(
    of input: ContainerInput, stream: UnsafeMutablePointer<AVStream>?, limits: AudioLimits
  ) {
    // Ogg keeps its tags with the stream, everything else with the file.
    let dictionaries = [input.format.pointee.metadata, stream?.pointee.metadata]
    func text(_ keys: String...) -> String? {
      for key in keys {
        for dictionary in dictionaries {
          guard let entry = av_dict_get(dictionary, key, nil, 0), let value = entry.pointee.value else { continue }
          let text = AudioProbe.text(value, maxBytes: limits.maxTagBytes)
            .filter { !$0.isNewline && $0 != "\0" }
          let trimmed = text.drop { $0 == " " }
          if !trimmed.isEmpty { return String(trimmed) }
        }
      }
      return nil
    }
    func lyrics(_ keys: String...) -> String? {
      for key in keys {
        for dictionary in dictionaries {
          // An ID3 `USLT` frame has its language behind the key.
          guard let entry = av_dict_get(dictionary, key, nil, AV_DICT_IGNORE_SUFFIX), let value = entry.pointee.value
          else { continue }
          let text = AudioProbe.text(value, maxBytes: limits.maxLyricsBytes)
          if text.contains(where: { !$0.isWhitespace }) { return text }
        }
      }
      return nil
    }
    /// `3`, `3/12`, `03`; nil for what is no small number.
    func numbers(_ text: String?) -> (Int?, Int?) {
      let parts = (text ?? "").split(separator: "/", maxSplits: 1).map { part in
        Int(part.filter { $0 != " " }).flatMap { (1...99_999).contains($0) ? $0 : nil }
      }
      return (parts.first ?? nil, parts.count > 1 ? parts[1] : nil)
    }
    tags.title = text("title")
    tags.artist = text("artist")
    tags.album = text("album")
    tags.albumArtist = text("album_artist", "albumartist", "album artist")
    tags.composer = text("composer")
    tags.genre = text("genre")
    tags.year = text("date", "year", "TYER", "TDRC", "originaldate").flatMap { Int($0.prefix(4)) }
    (tags.trackNumber, tags.trackTotal) = numbers(text("track", "tracknumber"))
    (tags.discNumber, tags.discTotal) = numbers(text("disc", "discnumber"))
    tags.trackTotal = tags.trackTotal ?? numbers(text("tracktotal", "totaltracks")).0
    tags.discTotal = tags.discTotal ?? numbers(text("disctotal", "totaldiscs")).0
    tags.lyrics = lyrics("lyrics", "syncedlyrics", "unsyncedlyrics", "unsynced lyrics")
    cover = AudioProbe.cover(in: input, limits: limits)
  }

  /// What a tag says, cut in front of the scalar that has no room any more. What isn't UTF-8 is taken for Latin-1, in which
  /// ID3v1 is mostly written.
  static func text(_ value: UnsafePointer<CChar>, maxBytes: Int) -> String {
    let length = strnlen(value, maxBytes + 1)
    let bytes = UnsafeRawBufferPointer(start: value, count: min(length, maxBytes))
    guard length > maxBytes else { return String(validating: bytes, as: UTF8.self) ?? latin1(bytes) }
    // A scalar has at most three bytes behind its first.
    let first = bytes.indices.suffix(4).last { bytes[$0] & 0xC0 != 0x80 }
    let isWhole = UInt8(bitPattern: value[maxBytes]) & 0xC0 != 0x80
    let whole = isWhole ? bytes[...] : bytes[..<(first ?? maxBytes)]
    return String(validating: whole, as: UTF8.self) ?? latin1(whole)
  }

  private static func latin1(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
    return String(text)
  }

  private static func cover(in input: ContainerInput, limits: AudioLimits) -> AudioCover? {
    for stream in input.streams where stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 {
      let picture = stream.pointee.attached_pic
      guard let data = picture.data, picture.size > 0, Int(picture.size) <= limits.maxCoverBytes else { continue }
      let bytes = [UInt8](UnsafeBufferPointer(start: data, count: Int(picture.size)))
      if let type = imageType(bytes) { return AudioCover(bytes: bytes, mimeType: type) }
    }
    return nil
  }

  /// By its first bytes: what a tag says of a picture is wrong too often, and goes out as a Content-Type.
  private static func imageType(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
    if bytes.starts(with: Array("GIF8".utf8)) { return "image/gif" }
    if bytes.starts(with: Array("BM".utf8)) { return "image/bmp" }
    if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      return "image/webp"
    }
    return nil
  }
}

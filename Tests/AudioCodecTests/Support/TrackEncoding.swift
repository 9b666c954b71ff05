import AudioCodec

/// Whole tracks out of ranges, as a server makes them.
enum TrackEncoding {
  struct Track {
    var settings: EncoderSettings
    var totalSamples: Int64
    /// Stream header, priming of the first range, and all frames.
    var file: [UInt8]
    var primingSamples: Int
    var frameCount: Int
    var frameSizes: [Int]
  }

  /// Encodes `ranges` (ascending, without a gap) by themselves, in shuffled order, and puts them together.
  static func encode(
    _ path: String, _ probe: AudioProbe, _ settings: EncoderSettings, ranges: [Range<Int>], pieceFrames: Int = 7
  ) throws -> Track {
    var parts: [Int: (bytes: [UInt8], sizes: [Int], priming: [UInt8], primingFrames: Int)] = [:]
    for range in ranges.enumerated().sorted(by: { ($0.offset % 3, $0.offset) < ($1.offset % 3, $1.offset) }) {
      let encoder = try FrameRangeEncoder(
        path: path, facts: probe.facts, settings: settings, totalSamples: total(probe, settings), frames: range.element)
      var part: (bytes: [UInt8], sizes: [Int], priming: [UInt8], primingFrames: Int) = ([], [], [], 0)
      var expected = range.element.lowerBound
      while let piece = try encoder.next(maxFrames: pieceFrames) {
        guard piece.firstFrame == expected, piece.frameCount <= pieceFrames,
          piece.frameSizes.reduce(0, +) == piece.bytes.count
        else { throw TestFailure("a piece is not what it says") }
        expected += piece.frameCount
        if part.sizes.isEmpty { (part.priming, part.primingFrames) = (piece.priming, piece.primingFrames) }
        part.bytes += piece.bytes
        part.sizes += piece.frameSizes
      }
      guard expected == range.element.upperBound else { throw TestFailure("frames are missing") }
      parts[range.offset] = part
    }
    var track = Track(
      settings: settings, totalSamples: total(probe, settings),
      file: settings.streamHeader(totalSamples: total(probe, settings)), primingSamples: 0, frameCount: 0,
      frameSizes: []
    )
    for index in ranges.indices {
      guard let part = parts[index] else { continue }
      if index == 0 {
        track.file += part.priming
        track.primingSamples = settings.primingSamples
      }
      track.file += part.bytes
      track.frameSizes += part.sizes
      track.frameCount += part.sizes.count
    }
    return track
  }

  /// Samples of the track at the settings' rate.
  static func total(_ probe: AudioProbe, _ settings: EncoderSettings) -> Int64 {
    probe.facts.sampleCount(atRate: settings.sampleRate)
  }

  static func segments(_ settings: EncoderSettings, _ total: Int64) -> [Range<Int>] {
    (0..<EncoderSettings.segmentCount(totalSamples: total)).map {
      settings.frames(ofSegment: $0, totalSamples: total)
    }
  }

  /// Decodes with the ffmpeg program and takes the priming off; what is behind the track's end stays.
  static func decode(_ track: Track) throws -> StereoSamples {
    let isOgg = track.settings.codec == .opus || track.settings.codec == .vorbis
    let format = isOgg ? "ogg" : track.settings.codec.rawValue
    let path = try TestAudio.write(track.file, ending: format)
    let decoded = try TestAudio.decode(path, format: format)
    // What the header says of a pre-skip and the last page of the end, every decoder heeds.
    if isOgg { return decoded }
    guard decoded.count >= track.primingSamples else { throw TestFailure("nothing was decoded") }
    return decoded[track.primingSamples..<decoded.count]
  }

  /// Samples that a decoder makes of a whole track: of whole frames, or exactly the track's where the codec can say so.
  static func decodedSamples(of track: Track) -> Int {
    switch track.settings.codec {
    case .mp3, .aac: track.frameCount * track.settings.frameSamples
    case .opus, .vorbis, .flac: Int(track.totalSamples)
    }
  }

  static func all(_ probe: AudioProbe) -> [EncoderSettings] {
    [
      .mp3(bitrate: 128_000, sampleRate: probe.gridRate), .mp3(bitrate: 192_000, sampleRate: probe.gridRate),
      .mp3(bitrate: 320_000, sampleRate: probe.gridRate), .aac(bitrate: 128_000, sampleRate: probe.gridRate),
      .aac(bitrate: 192_000, sampleRate: probe.gridRate),
      .opus(bitrate: 48_000), .opus(bitrate: 128_000),
      .vorbis(bitrate: 160_000, sampleRate: probe.gridRate),
      .flac(bitDepth: probe.flacBitDepth, sampleRate: probe.gridRate),
    ]
  }
}

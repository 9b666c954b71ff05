import AudioCodec
import NIOCore
import Segments

/// A track in one rendition, as a container has to know it.
public struct PackagedTrack: Sendable {
  public let track: SegmentTrack
  public let rendition: Rendition
  let settings: EncoderSettings
  let timeline: Timeline

  public init(_ track: SegmentTrack, rendition: Rendition) {
    timeline = track.timeline(rendition)
    self.track = track
    self.rendition = rendition
    settings = rendition.encoderSettings(for: track)
  }

  /// Samples of music, a second of it, and the segments that they are cut into.
  var sampleCount: Int64 { timeline.sampleCount }
  var sampleRate: Int { settings.sampleRate }
  public var segmentCount: Int { timeline.segmentCount }

  /// Samples that a decoder makes of the priming frames, in front of the music.
  var primingSamples: Int { settings.primingSamples }

  /// Frames of a segment, without priming.
  func frameCount(_ index: Int) -> Int {
    settings.frames(ofSegment: index, totalSamples: sampleCount).count
  }

  /// Seconds of a segment, exactly as its samples say.
  public func seconds(_ index: Int) -> Double {
    Double(timeline.samples(inSegment: index)) / Double(sampleRate)
  }

  /// The codec as `CODECS` and media types name it (RFC 6381; for MP3 the object type of ISO/IEC 14496-3).
  public var codecParameter: String {
    switch rendition.codec {
    case .mp3: "mp4a.40.34"
    case .aac: "mp4a.40.2"
    case .opus: "Opus"
    case .flac: "fLaC"
    case .vorbis: "vorbis"
    }
  }

  /// Bits per second at most, and in the mean, with the container's share: what `BANDWIDTH` and `AVERAGE-BANDWIDTH` say.
  ///
  /// Of a lossless rendition nobody knows before it's encoded: at most it's what the samples take as they are, and music
  /// takes about two thirds of that.
  public var bandwidth: (peak: Int, average: Int) {
    let overhead = 8 * 600 * sampleRate / SampleGrid.segmentSamples
    switch rendition.codec {
    case .mp3:
      let bits = settings.constantFrameBytes * 8 * sampleRate / settings.frameSamples + overhead / 4
      return (bits, bits)
    case .aac: return (rendition.bitrate * 130 / 100 + overhead, rendition.bitrate * 101 / 100 + overhead)
    case .opus: return (rendition.bitrate * 125 / 100 + overhead, rendition.bitrate + overhead)
    case .vorbis:
      let slot = settings.vorbisSlotBytes * 8 * sampleRate / settings.frameSamples
      return (slot, rendition.bitrate)
    case .flac:
      let raw = sampleRate * settings.channels * settings.bitDepth
      return (raw + overhead, raw * 2 / 3 + overhead)
    }
  }
}

/// What a file says of its music.
public struct FileTags: Sendable {
  public var title: String
  public var artist: String?
  public var album: String?

  public init(title: String, artist: String? = nil, album: String? = nil) {
    self.title = title
    self.artist = artist
    self.album = album
  }
}

/// A segment that does not fit the container's plan.
public struct PackagingError: Error, Sendable, CustomStringConvertible {
  public let description: String

  public init(description: String) { self.description = description }
}

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

  /// A segment as it goes over HTTP on its own (of Vorbis, which doesn't, nothing), made once for all who get it.
  public func segmentForm(_ segment: Segment) -> ByteBuffer {
    segment.packaged {
      FragmentedMP4(self, for: .playlist)?.fragment($0) ?? MP3File(self)?.packedSegment($0) ?? ByteBuffer()
    }
  }

}

/// A segment that does not fit the container's plan.
public struct PackagingError: Error, Sendable, CustomStringConvertible {
  public let description: String

  public init(description: String) { self.description = description }
}

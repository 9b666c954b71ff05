import AudioCodec
import Foundation
import Logging
import NIOCore

/// Makes all segments of whole tracks ahead of need, each track from one decode.
///
/// Calls block, and may come from several threads at once. What is there already isn't made again, so a run that was
/// broken off goes on where it was.
public final class BulkTranscoder: Sendable {
  /// What became of a track.
  public struct Outcome: Sendable {
    /// Segments that were made, and their bytes on disk.
    public var segments = 0
    public var bytes = 0
    /// Packets of the source that could not be decoded; they are silence.
    public var damagedPackets = 0

    public init() {}
  }

  private let store: SegmentStore

  /// - Parameters:
  ///   - directory: of the segment store.
  ///   - budgetBytes: of the store; the least recently used segments go when it's full.
  /// - Throws: what making the folder throws.
  public init(directory: URL, budgetBytes: Int, logger: Logger) throws {
    store = try SegmentStore(root: directory, budgetBytes: budgetBytes, logger: logger)
    store.buildIndex()
  }

  /// The renditions of a track that aren't whole.
  public func missing(_ renditions: [Rendition], of track: SegmentTrack) -> [Rendition] {
    renditions.filter { store.fileBytes(Self.keys($0, of: track)) == nil }
  }

  /// Bytes on disk of the renditions of a track that are whole.
  public func keptBytes(_ renditions: [Rendition], of track: SegmentTrack) -> Int {
    renditions.reduce(0) { $0 + (store.fileBytes(Self.keys($1, of: track))?.reduce(0, +) ?? 0) }
  }

  private static func keys(_ rendition: Rendition, of track: SegmentTrack) -> [SegmentKey] {
    (0..<track.timeline(rendition).segmentCount).map {
      SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: $0)
    }
  }

  /// Makes all segments of a track in these renditions.
  ///
  /// - Parameter progress: called after each round of segments with the part of the track that is done, 0…1; false
  ///   ends it with `cancelled`. Segments that are made stay.
  /// - Throws: ``SegmentError``.
  public func transcode(
    _ track: SegmentTrack, into renditions: [Rendition], progress: (Double) -> Bool
  ) throws(SegmentError) -> Outcome {
    var outcome = Outcome()
    do {
      let all = renditions.map { rendition in
        (settings: rendition.encoderSettings(for: track), totalSamples: track.timeline(rendition).sampleCount)
      }
      let encoder = try TrackEncoder(path: track.path, facts: track.facts, settings: all)
      var lines = renditions.map { Line(track, $0) }
      let latest =
        ContinuousClock.now + .seconds(SegmentLimits.bulkSeconds + lines.reduce(0) { $0 + $1.duration })
      while let place = lines.indices.filter({ !lines[$0].isDone }).min(by: { lines[$0].seconds < lines[$1].seconds }) {
        guard progress(lines[place].seconds / max(lines[place].duration, 1)) else { throw SegmentError.nobodyWaits }
        guard let frames = try encoder.nextSegment(place) else {
          throw SegmentError(.undecodable, "the track ended before its time")
        }
        guard ContinuousClock.now < latest else {
          throw SegmentError(.timedOut, "the file's sound takes too long to decode")
        }
        let segment = lines[place].take(frames)
        let bytes = store.save(segment)
        guard bytes > 0 else { throw SegmentError(.notKept, "the disk is full, or can't be written to") }
        outcome.bytes += bytes
        outcome.segments += 1
        if store.isWalkDue { store.buildIndex() }
      }
      outcome.damagedPackets = encoder.damagedPackets
    } catch {
      throw SegmentError(encoding: error)
    }
    return outcome
  }

  /// How far a rendition has come.
  private struct Line {
    let rendition: Rendition
    let settings: EncoderSettings
    let timeline: Timeline
    let fingerprint: String
    var index = 0
    var priming = ByteBuffer()

    init(_ track: SegmentTrack, _ rendition: Rendition) {
      self.rendition = rendition
      settings = rendition.encoderSettings(for: track)
      timeline = track.timeline(rendition)
      fingerprint = track.fingerprint
    }

    var isDone: Bool { index >= timeline.segmentCount }
    var seconds: Double { Double(index * SampleGrid.segmentSamples) / Double(timeline.sampleRate) }
    var duration: Double { Double(timeline.sampleCount) / Double(timeline.sampleRate) }

    mutating func take(_ encoded: EncodedFrames) -> Segment {
      if index == 0 { priming = ByteBuffer(bytes: encoded.priming) }
      let segment = Segment(
        key: SegmentKey(fingerprint: fingerprint, rendition: rendition, index: index),
        frameSamples: settings.frameSamples, sampleCount: timeline.samples(inSegment: index), priming: priming,
        primingFrames: settings.primingFrames, frames: ByteBuffer(bytes: encoded.bytes),
        offsets: Segment.offsets(encoded.frameSizes, count: encoded.frameCount))
      index += 1
      priming =
        settings.primingFrames > 0
        ? rendition.priming(ofFrame: segment.bytes(of: segment.frameCount - 1..<segment.frameCount)) : ByteBuffer()
      return segment
    }
  }
}

import AudioCodec
import Foundation
import NIOCore
import Segments
import TestSupport
import Testing

@testable import Gateway

@Suite struct SegmentCursorTests {
  private func track(samples: Int64) -> SegmentTrack {
    SegmentTrack(fingerprint: "ff", path: "/nowhere", gridRate: 44_100, sampleCount: samples, losslessBitDepth: 16)
  }

  private func segment(_ index: Int, of track: SegmentTrack, _ rendition: Rendition) -> Segment {
    let settings = rendition.encoderSettings(for: track)
    let samples = track.timeline(rendition).samples(inSegment: index)
    let count = (samples + settings.frameSamples - 1) / settings.frameSamples
    return Segment(
      key: SegmentKey(fingerprint: "ff", rendition: rendition, index: index), frameSamples: settings.frameSamples,
      sampleCount: samples,
      priming: ByteBuffer(repeating: 9, count: settings.primingFrames * 2), primingFrames: settings.primingFrames,
      frames: ByteBuffer(repeating: 1, count: count * 2), offsets: (0...count).map { UInt32($0 * 2) })
  }

  /// Walks a track from a position of its grid to its end; returns how many of the rendition's samples were kept,
  /// checking that pieces follow on each other.
  private func walk(_ track: SegmentTrack, _ rendition: Rendition, from sample: Int64, most: Int) throws -> Int64 {
    var cursor = SegmentCursor(track: track, rendition: rendition, sample: sample)
    let timeline = track.timeline(rendition)
    let start = timeline.sample(ofGrid: sample)
    var kept: Int64 = 0
    var place = sample
    var isFirst = true
    while place < track.sampleCount {
      let piece = try #require(cursor.piece(from: segment(cursor.index, of: track, rendition), maxSamples: most))
      #expect(piece.samples > 0)
      let frameSamples = rendition.encoderSettings(for: track).frameSamples
      let decoded =
        piece.range.count * frameSamples
        + (isFirst ? rendition.encoderSettings(for: track).primingFrames * frameSamples : 0)
      #expect(piece.skip + piece.samples <= decoded)
      #expect(isFirst || piece.skip == 0)
      kept += Int64(piece.samples)
      #expect(piece.gridEnd == timeline.gridSample(of: start + kept))
      place = piece.gridEnd
      isFirst = false
      _ = cursor.advance(past: piece)
    }
    return kept
  }

  @Test(arguments: Rendition.all, [0, 1, 1_151, 1_152, 46_080, 92_159, 92_160, 100_000, 200_000] as [Int64])
  func everySampleFromAPositionToTheEndIsKeptOnce(rendition: Rendition, start: Int64) throws {
    let track = track(samples: 92_160 * 2 + 20_001)
    for most in [1, 11_025, Int.max] {
      let timeline = track.timeline(rendition)
      let kept = try walk(track, rendition, from: start, most: most)
      #expect(kept == timeline.sampleCount - timeline.sample(ofGrid: start))
    }
  }

  /// A track whose file's own AAC frames begin somewhere within the grid's.
  private func foreignTrack(samples: Int64, origin: Int64) throws -> (SegmentTrack, Rendition) {
    let facts = try JSONDecoder().decode(
      SourceFacts.self,
      from: Data(
        """
        {"container": "mov", "sampleRate": 44100, "channels": 2, "sampleCount": \(samples), "origin": \(origin),
         "size": 1, "modifiedNanoseconds": 1, "plainAACStart": 0}
        """.utf8))
    let track = SegmentTrack(
      fingerprint: "ff", path: "/nowhere", gridRate: 44_100, sampleCount: samples, losslessBitDepth: 16, facts: facts)
    return (track, try #require(track.original(bitrate: 128_000)))
  }

  @Test(arguments: [0, 1, 1_023, 1_024, 2_112] as [Int64], [0, 1, 1_023, 46_080, 92_159, 92_160, 200_000] as [Int64])
  func everySampleOfAFilesOwnFramesIsKeptOnce(origin: Int64, start: Int64) throws {
    let (track, original) = try foreignTrack(samples: 92_160 * 2 + 20_001, origin: origin)
    for most in [1, 11_025, Int.max] {
      #expect(try walk(track, original, from: start, most: most) == track.sampleCount - start)
    }
  }

  @Test(arguments: [0, 1, 1_023, 1_105, 2_112] as [Int64])
  func aChangeToOrFromAFilesOwnFramesLosesAndDoublesNothing(origin: Int64) throws {
    let (track, original) = try foreignTrack(samples: 92_160 * 9 + 20_001, origin: origin)
    var random = SeededGenerator(seed: UInt64(origin))
    for _ in 0..<20 {
      var place: Int64 = 0
      while place < track.sampleCount {
        let rendition = [original, .mp3x128, .aac192, .flac].randomElement(using: &random) ?? original
        var cursor = SegmentCursor(track: track, rendition: rendition, sample: place)
        var isEdge = false
        repeat {
          let piece = try #require(cursor.piece(from: segment(cursor.index, of: track, rendition), maxSamples: 30_000))
          #expect(piece.samples > 0 && piece.gridEnd == place + Int64(piece.samples))
          place = piece.gridEnd
          isEdge = cursor.advance(past: piece)
        } while !isEdge
      }
      #expect(place == track.sampleCount)
    }
  }

  @Test func theFirstPieceBeginsWithPrimingAndDropsUpToTheSample() throws {
    let track = track(samples: 92_160)
    let cursor = SegmentCursor(track: track, rendition: .mp3x192, sample: 1_200)
    let piece = try #require(cursor.piece(from: segment(0, of: track, .mp3x192), maxSamples: 5_000))
    #expect(piece.range == 1..<5)
    #expect(piece.skip == 1_152 + 48)
    #expect(piece.samples == 4 * 1_152 - 48)
    #expect(piece.preamble.readableBytes == 2)
  }

  @Test func aLosslessRunBeginsWithTheStreamHeader() throws {
    let track = track(samples: 92_160)
    let cursor = SegmentCursor(track: track, rendition: .flac, sample: 0)
    let piece = try #require(cursor.piece(from: segment(0, of: track, .flac), maxSamples: 11_025))
    #expect(String(buffer: piece.preamble.getSlice(at: 0, length: 4)!) == "fLaC")
    #expect(piece.preamble.readableBytes == 42)
    #expect(piece.skip == 0)
  }

  @Test func chunksAreCutAtHalfASegment() throws {
    let track = track(samples: 92_160)
    var cursor = SegmentCursor(track: track, rendition: .aac192, sample: 0)
    let whole = segment(0, of: track, .aac192)
    let first = try #require(cursor.piece(from: whole, maxSamples: .max))
    #expect(first.range == 0..<45)
    let firstEnds = cursor.advance(past: first)
    #expect(!firstEnds)
    let second = try #require(cursor.piece(from: whole, maxSamples: .max))
    #expect(second.range == 45..<90)
    let secondEnds = cursor.advance(past: second)
    #expect(secondEnds)
    #expect(cursor.index == 1)
  }
}

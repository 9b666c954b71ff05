import AudioCodec
import Gateway
import Hummingbird
import Logging
import NIOCore
import Packaging
import Segments

/// Sends a whole file, or a part of it, segment by segment as they come; when the client leaves, what was to be made ahead
/// for it alone isn't begun any more. The one segment that is waited for is made to its end.
struct FileTransfer: Sendable {
  let library: SegmentLibrary
  let track: SegmentTrack
  let rendition: Rendition
  let file: ProgressiveFile
  let owner: String
  let logger: Logger
  /// A segment has other bytes than its place: what said the places is wrong.
  var onMisfit: (@Sendable () async throws -> Void)?

  /// The first segment of an answer: there before the answer says that it has something.
  struct Beginning: Sendable {
    let index: Int
    let bytes: [ByteBuffer]
    /// Keeps the segment and the next one while the answer is on its way to the client.
    let lease: SegmentLease
  }

  /// Has the first segment made that an answer from `offset` on needs. Nil for a track without any.
  ///
  /// - Throws: why there is none: a file that has gone, or isn't the one that was scanned, has a status of its own.
  func begin(from offset: Int) async throws -> Beginning? {
    guard track.timeline(rendition).segmentCount > 0 else { return nil }
    let index = file.locate(max(offset, file.head.readableBytes))?.segment ?? 0
    do {
      let lease = try lease(index, deadline: AudioController.now)
      return Beginning(index: index, bytes: try file.part(try await lease.feed.whole()), lease: lease)
    } catch let error as SegmentError {
      throw DubplateError(error)
    } catch let error as PackagingError {
      // What said how long the file is was wrong, and is forgotten: the next answer knows better.
      logger.error("a file could not be begun", metadata: ["error": "\(error)"])
      try await onMisfit?()
      throw DubplateError(.busy, "the file is being measured anew", retryAfterMilliseconds: 1_000)
    }
  }

  /// A file whose length nobody knows, from its beginning.
  func everything(_ beginning: Beginning?) -> ResponseBody {
    ResponseBody { writer in
      try await writer.write(file.head)
      try await sendSegments(from: beginning) { part in
        try await writer.write(contentsOf: part)
        return true
      }
      try await writer.finish(nil)
    }
  }

  /// A range of a file whose length is known.
  func part(_ range: Range<Int>, _ beginning: Beginning?) -> ResponseBody {
    ResponseBody(contentLength: range.count) { writer in
      var left = range.count
      let head = file.head
      if range.lowerBound < head.readableBytes {
        let count = min(left, head.readableBytes - range.lowerBound)
        if let slice = head.getSlice(at: head.readerIndex + range.lowerBound, length: count) {
          try await writer.write(slice)
        }
        left -= count
      }
      if left > 0, let start = file.locate(max(range.lowerBound, head.readableBytes)) {
        var skip = start.offset
        try await sendSegments(from: beginning) { part in
          for var piece in part where left > 0 {
            let skipped = min(skip, piece.readableBytes)
            piece.moveReaderIndex(forwardBy: skipped)
            skip -= skipped
            guard let slice = piece.readSlice(length: min(left, piece.readableBytes)), slice.readableBytes > 0 else {
              continue
            }
            left -= slice.readableBytes
            try await writer.write(slice)
          }
          return left > 0
        }
      }
      try await writer.finish(nil)
    }
  }

  /// Hands over one segment after the other, the next one in the making meanwhile, until `send` has had enough.
  private func sendSegments(from first: Beginning?, _ send: ([ByteBuffer]) async throws -> Bool) async throws {
    guard let first else { return }
    do {
      try await sendEach(from: first, send)
    } catch let error as SegmentError {
      // The answer has begun: all that can be done is to break it off, so that nobody takes it for the whole.
      logger.warning("a file was broken off", metadata: ["rendition": "\(rendition)", "error": "\(error)"])
      throw error
    } catch let error as PackagingError {
      logger.error("a file was broken off", metadata: ["error": "\(error)"])
      try await onMisfit?()
      throw error
    }
  }

  private func sendEach(from first: Beginning, _ send: ([ByteBuffer]) async throws -> Bool) async throws {
    let began = AudioController.now
    let timeline = track.timeline(rendition)
    // Whole grid steps last that long: when a segment's sound would be heard, if this is for a player.
    let step = Int64(SampleGrid.segmentSamples) * 1_000_000_000 / Int64(timeline.sampleRate)
    var present = (bytes: first.bytes, lease: first.lease)
    for index in first.index..<timeline.segmentCount {
      guard index + 1 < timeline.segmentCount else {
        _ = try await send(present.bytes)
        return
      }
      let deadline = began + Int64(index + 1 - first.index) * step
      let ahead = try leaseUnlessBusy(index + 1, deadline: deadline)
      guard try await send(present.bytes) else { return }
      // A refusal ahead of need is asked again when it's needed.
      let next = if let ahead { ahead } else { try await patientLease(index + 1, deadline: deadline) }
      present = (try file.part(try await next.feed.whole()), next)
    }
  }

  /// Nil while every encoder is taken.
  private func leaseUnlessBusy(_ index: Int, deadline: Int64) throws -> SegmentLease? {
    do {
      return try lease(index, deadline: deadline)
    } catch {
      guard error.code == .busy else { throw error }
      return nil
    }
  }

  /// A lease, waited for while every encoder is taken: an answer that has begun is not broken off for that.
  private func patientLease(_ index: Int, deadline: Int64) async throws -> SegmentLease {
    for _ in 0..<WebLimits.busyTries {
      if let lease = try leaseUnlessBusy(index, deadline: deadline) { return lease }
      try await Task.sleep(for: .seconds(1))
    }
    return try lease(index, deadline: deadline)
  }

  private func lease(_ index: Int, deadline: Int64) throws(SegmentError) -> SegmentLease {
    try library.lease(track, rendition: rendition, index: index, deadline: deadline, owner: owner)
  }
}

import AudioCodec
import Gateway
import Hummingbird
import Logging
import NIOCore
import Packaging
import Segments

/// Sends a whole file, or a part of it, segment by segment as they come; when the client leaves, what only it wanted
/// isn't made any more.
struct FileTransfer: Sendable {
  let library: SegmentLibrary
  let track: SegmentTrack
  let rendition: Rendition
  let file: ProgressiveFile
  let owner: String
  let logger: Logger

  /// A file whose length nobody knows, from its beginning.
  func everything() -> ResponseBody {
    ResponseBody { writer in
      try await writer.write(file.head)
      try await sendSegments(from: 0) { part in
        try await writer.write(part)
        return true
      }
      try await writer.finish(nil)
    }
  }

  /// A range of a file whose length is known.
  func part(_ range: Range<Int>) -> ResponseBody {
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
        try await sendSegments(from: start.segment) { part in
          var part = part
          part.moveReaderIndex(forwardBy: skip)
          skip = 0
          let slice = part.readSlice(length: min(left, part.readableBytes)) ?? ByteBuffer()
          left -= slice.readableBytes
          try await writer.write(slice)
          return left > 0
        }
      }
      try await writer.finish(nil)
    }
  }

  /// Hands over one segment after the other, the next one in the making meanwhile, until `send` has had enough.
  private func sendSegments(from first: Int, _ send: (ByteBuffer) async throws -> Bool) async throws {
    do {
      try await sendEach(from: first, send)
    } catch let error as SegmentError {
      // The answer has begun: all that can be done is to break it off, so that nobody takes it for the whole.
      logger.warning("a file was broken off", metadata: ["rendition": "\(rendition)", "error": "\(error)"])
      throw error
    } catch let error as PackagingError {
      logger.error("a file was broken off", metadata: ["error": "\(error)"])
      throw error
    }
  }

  private func sendEach(from first: Int, _ send: (ByteBuffer) async throws -> Bool) async throws {
    let began = AudioController.now
    let timeline = track.timeline(rendition)
    var next: SegmentLease? = try lease(first, deadline: began)
    for index in first..<timeline.segmentCount {
      guard let lease = next else { return }
      let segment = try await lease.feed.whole()
      // When its sound would be heard, if this is for a player.
      let sound =
        Int64(index + 1 - first) * Int64(SampleGrid.segmentSamples) * 1_000_000_000 / Int64(timeline.sampleRate)
      next = index + 1 < timeline.segmentCount ? try self.lease(index + 1, deadline: began + sound) : nil
      guard try await send(try file.part(segment)) else { return }
    }
  }

  private func lease(_ index: Int, deadline: Int64) throws(SegmentError) -> SegmentLease {
    try library.lease(track, rendition: rendition, index: index, deadline: deadline, owner: owner)
  }
}

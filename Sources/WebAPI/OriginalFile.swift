import Catalog
import Foundation
import Gateway
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import Segments

/// A track's own file, as it lies in the library: open, so that it stays the one that was looked at.
struct OriginalFile: Sendable {
  let length: Int
  /// Names the file's format in URLs: its own ending.
  let ending: String
  let tag: EntityTag
  private let handle: FileHandle

  /// Nil for a file whose name has no ending that a URL may have.
  static func ending(of track: Track) -> String? {
    let ending = (track.path as NSString).pathExtension.lowercased()
    let isPlain = ending.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    return (1...8).contains(ending.utf8.count) && isPlain ? ending : nil
  }

  /// Nil for a file that has no name in URLs.
  /// - Throws: `track_unavailable` where there is no such file, or another than the one that was scanned.
  static func open(_ track: PlayableTrack) async throws -> OriginalFile? {
    guard let ending = ending(of: track.track) else { return nil }
    return try await NIOThreadPool.singleton.runIfActive {
      guard let handle = FileHandle(forReadingAtPath: track.segments.path) else { throw unavailable }
      var status = stat()
      guard fstat(handle.fileDescriptor, &status) == 0, Int64(status.st_size) == track.track.size,
        Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec) == track.track.modified
      else { throw unavailable }
      return OriginalFile(
        length: Int(track.track.size), ending: ending,
        tag: EntityTag("\(track.segments.fingerprint.prefix(24))-original", isStrong: true), handle: handle)
    }
  }

  private static let unavailable = DubplateError(.trackUnavailable, "the track's file can't be read, or has changed")

  var mediaType: String {
    switch ending {
    case "mp3": "audio/mpeg"
    case "m4a", "mp4", "m4b": "audio/mp4"
    case "aac": "audio/aac"
    case "ogg", "oga", "opus": "audio/ogg"
    case "flac": "audio/flac"
    case "wav": "audio/wav"
    case "aif", "aiff": "audio/aiff"
    case "webm": "audio/webm"
    case "mka": "audio/matroska"
    default: "application/octet-stream"
    }
  }

  /// Some bytes of it, read a piece at a time as the client takes them. A file that ends before that ends the answer.
  func body(_ range: Range<Int>) -> ResponseBody {
    ResponseBody(contentLength: range.count) { writer in
      let file = handle
      try await NIOThreadPool.singleton.runIfActive { try file.seek(toOffset: UInt64(range.lowerBound)) }
      var left = range.count
      while left > 0 {
        let wanted = min(left, WebLimits.filePieceBytes)
        guard let piece = try await NIOThreadPool.singleton.runIfActive({ try file.read(upToCount: wanted) }) else {
          throw DubplateError(.trackUnavailable, "the file has become shorter")
        }
        left -= piece.count
        try await writer.write(ByteBuffer(bytes: piece))
      }
      try await writer.finish(nil)
    }
  }
}

import Foundation

/// A playable file of the library, as the last scan found it.
public struct Track: Sendable, Equatable, Identifiable {
  /// 16 characters of base32, random; given once to a relative path and kept as long as the catalogue remembers it.
  public let id: String

  /// 32 hexadecimal digits that stand for this very content: another size or modification time gives another
  /// fingerprint. Whatever is derived from the sound is stored under it, so a replaced file never plays old sound.
  public let fingerprint: String

  /// Where the file is, relative to the library's root, with `/` between names.
  public let path: String

  /// Bytes of the file.
  public let size: Int64

  /// Modification time in nanoseconds since 1970.
  public let modified: Int64

  /// The title tag, or the file's name without its extension.
  public let title: String

  public let artist: String?
  public let album: String?
  public let albumArtist: String?
  public let genre: String?

  /// 1…9,999.
  public let year: Int?

  /// 1…9,999.
  public let trackNumber: Int?

  /// 1…9,999.
  public let discNumber: Int?

  /// Seconds.
  public let duration: Double

  /// The codec's name: `mp3`, `flac`, `aac`, …
  public let codec: String

  /// The container's name: `mp3`, `ogg`, `mp4`, …
  public let container: String

  /// Bit/s of the file; 0 when unknown.
  public let bitrate: Int

  /// Hz of the source.
  public let sampleRate: Int

  public let channels: Int

  /// Bits of a source sample; nil for lossy codecs.
  public let bitsPerSample: Int?

  /// Samples of one channel at ``sampleRate``.
  public let sampleCount: Int64

  /// Hz of the segment grid, 44,100 or 48,000.
  public let gridRate: Int

  /// Samples of one channel at ``gridRate``.
  public let gridSampleCount: Int64

  /// The key of the embedded picture in ``CoverStore``, or nil.
  public let coverKey: String?

  /// What the codec wants to know of the file to open it quickly, as ``AudioInspecting`` wrote it (opaque here); nil
  /// when there is nothing.
  public let sourceFacts: String?

  /// When the path was first seen.
  public let addedAt: Date

  /// Since when the file is gone or unreadable; nil for a track that can be played.
  public let missingSince: Date?

  /// Whether a sound can have these numbers: reckoning with them is safe.
  static func makeSense(
    duration: Double, sampleRate: Int, channels: Int, sampleCount: Int64, gridRate: Int, gridSampleCount: Int64
  ) -> Bool {
    duration > 0 && duration <= Double(Limits.samples.upperBound) && (1...1_000_000).contains(sampleRate)
      && (1...64).contains(channels) && Limits.samples.contains(sampleCount)
      && (gridRate == 44_100 || gridRate == 48_000) && Limits.samples.contains(gridSampleCount)
  }

  /// The file's absolute path in a library.
  /// - Parameter root: the library's folder.
  public func filePath(in root: String) -> String {
    root.hasSuffix("/") ? root + path : root + "/" + path
  }
}

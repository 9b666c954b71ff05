import AudioCodec
import Foundation

extension CoverStore {
  /// Squares that covers are scaled to, in pixels: few, so that what is kept is bounded.
  public static let sizes = [64, 128, 256, 512, 1_024]

  /// A scaled cover that was made before; nil when it wasn't.
  /// - Throws: when the disk refuses.
  public func keptScaled(key: String, size: Int) throws -> Cover? {
    guard Self.isKey(key), Self.sizes.contains(size),
      let bytes = try FileSystem.read(scaledPath(of: key, size: size), limit: Limits.coverBytes)
    else { return nil }
    // Empty says that the picture itself is what is shown at this size.
    return bytes.isEmpty
      ? try cover(key: key) : Cover(key: Self.scaledName(key, size), mime: "image/jpeg", data: Data(bytes))
  }

  /// A stored picture as a JPEG that fits a square; the picture itself where it fits already, or can't be scaled. Kept
  /// beside it, and made when it isn't there.
  /// - Parameter size: one of ``sizes``.
  /// - Returns: nil for an unknown key.
  /// - Throws: when the disk refuses to be read.
  public func scaled(key: String, size: Int) throws -> Cover? {
    if let kept = try keptScaled(key: key, size: size) { return kept }
    guard Self.sizes.contains(size), let original = try cover(key: key) else { return nil }
    var scaled: [UInt8] = []
    do throws(AudioCodecError) {
      if case .scaled(let bytes) = try PictureScaler.fit([UInt8](original.data), size: size) { scaled = bytes }
    } catch {
      // Damaged, too large, or of a kind that isn't scaled here: a browser may make more of it.
    }
    do throws(FileSystem.Failure) {
      try FileSystem.writeAtomically(scaled, to: scaledPath(of: key, size: size), mode: 0o600)
    } catch {
      // A full disk costs the time to scale it again, not the picture.
    }
    return scaled.isEmpty ? original : Cover(key: Self.scaledName(key, size), mime: "image/jpeg", data: Data(scaled))
  }

  private func scaledPath(of key: String, size: Int) -> String {
    path(of: Self.scaledName(key, size))
  }

  private static func scaledName(_ key: String, _ size: Int) -> String { "\(key)-\(size)" }

  /// The key of the picture that a file holds, scaled or not; nil for another file.
  static func key(ofFile name: String) -> String? {
    let parts = name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let key = parts.first.map(String.init), isKey(key) else { return nil }
    return parts.count == 1 || sizes.contains(where: { parts[1] == "\($0)" }) ? key : nil
  }
}

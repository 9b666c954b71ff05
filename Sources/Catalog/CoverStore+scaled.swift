import AudioCodec
import Foundation

extension CoverStore {
  /// Squares that covers are scaled to, in pixels: few, so that what is kept is bounded.
  public static let sizes = [64, 128, 256, 512, 1_024]

  /// A scaled cover that was made before; nil when it wasn't.
  /// - Parameter isConverted: as of ``scaled(key:size:isConverted:)``.
  /// - Throws: when the disk refuses.
  public func keptScaled(key: String, size: Int, isConverted: Bool = false) throws -> Cover? {
    let name = Self.scaledName(key, size, isConverted)
    guard Self.isKey(key), Self.sizes.contains(size),
      let bytes = try FileSystem.read(path(of: name), limit: Limits.coverBytes)
    else { return nil }
    // Empty says that the picture itself is what is shown at this size.
    return bytes.isEmpty ? try cover(key: key) : Cover(key: name, mime: "image/jpeg", data: Data(bytes))
  }

  /// A stored picture as a JPEG that fits a square; the picture itself where it fits already, or can't be scaled. Kept
  /// beside it, and made when it isn't there.
  /// - Parameters:
  ///   - size: one of ``sizes``.
  ///   - isConverted: whether a picture that fits is made a JPEG as well, for who knows no other kinds.
  /// - Returns: nil for an unknown key.
  /// - Throws: when the disk refuses to be read.
  public func scaled(key: String, size: Int, isConverted: Bool = false) throws -> Cover? {
    if let kept = try keptScaled(key: key, size: size, isConverted: isConverted) { return kept }
    guard Self.sizes.contains(size), let original = try cover(key: key) else { return nil }
    let name = Self.scaledName(key, size, isConverted)
    var scaled: [UInt8] = []
    do throws(AudioCodecError) {
      let result = try PictureScaler.fit([UInt8](original.data), size: size, isConverted: isConverted)
      if case .scaled(let bytes) = result { scaled = bytes }
    } catch {
      // Damaged, too large, or of a kind that isn't scaled here: a browser may make more of it.
    }
    do throws(FileSystem.Failure) {
      try FileSystem.writeAtomically(scaled, to: path(of: name), mode: 0o600)
    } catch {
      // A full disk costs the time to scale it again, not the picture.
    }
    return scaled.isEmpty ? original : Cover(key: name, mime: "image/jpeg", data: Data(scaled))
  }

  private static func scaledName(_ key: String, _ size: Int, _ isConverted: Bool) -> String {
    "\(key)-\(size)\(isConverted ? "c" : "")"
  }

  /// The key of the picture that a file holds, scaled or not; nil for another file.
  static func key(ofFile name: String) -> String? {
    let parts = name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let key = parts.first.map(String.init), isKey(key) else { return nil }
    return parts.count == 1 || sizes.contains(where: { parts[1] == "\($0)" || parts[1] == "\($0)c" }) ? key : nil
  }
}

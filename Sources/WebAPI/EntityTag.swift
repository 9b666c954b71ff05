/// Says which version of a file an answer is of (RFC 9110, section 8.8.3).
///
/// A strong one promises the same bytes, so that parts got at different times can be put together. A weak one promises
/// the same music: a lossy segment that is made again, from another place on or together with the whole track, may have
/// other bytes.
struct EntityTag {
  private let opaque: String
  private let isStrong: Bool

  init(_ opaque: String, isStrong: Bool) {
    self.opaque = "\"\(opaque)\""
    self.isStrong = isStrong
  }

  /// As it stands in `ETag`.
  var text: String { isStrong ? opaque : "W/" + opaque }

  /// For `If-None-Match`: whether one of its tags is this one, weak or not (section 13.1.2).
  func matches(anyOf field: String) -> Bool { Self.hasElement(field, ["*", opaque, "W/" + opaque]) }

  /// For `If-Match`: whether one of its tags is this one, and promises the same bytes (section 13.1.1).
  func isStronglyEqual(toAnyOf field: String) -> Bool { isStrong && Self.hasElement(field, ["*", opaque]) }

  /// For `If-Range`: whether a part may be answered with a part. Never so for a weak one (section 13.1.5).
  func isStronglyEqual(to field: String) -> Bool { isStrong && field.utf8.elementsEqual(opaque.utf8) }

  /// Whether one of the wanted stands in a list. No tag that is made here has a comma or a space in it. By bytes: two
  /// strings of Swift's may be equal that no cache takes for the same tag.
  private static func hasElement(_ field: String, _ wanted: [String]) -> Bool {
    field.utf8.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      .contains { element in wanted.contains { $0.utf8.elementsEqual(element) } }
  }
}

/// One range of a `Range` header (RFC 9110, section 14.1.2).
enum ByteRange: Equatable {
  /// There is none, or one that may be ignored: several ranges, another unit, bad syntax.
  case whole
  case part(Range<Int>)
  /// Nothing of the file lies in it.
  case unsatisfiable

  /// - Parameter length: bytes of the file.
  init(_ header: String?, length: Int) {
    guard let header, header.hasPrefix("bytes="), header.utf8.count <= 64 else {
      self = .whole
      return
    }
    let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map {
      String($0).trimmingPrefix(" ")
    }
    guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
      self = .whole
      return
    }
    switch (Int(ends[0]), Int(ends[1])) {
    case (let first?, let last?) where first > last: self = .whole
    case (let first?, let last?): self = first < length ? .part(first..<min(last, length - 1) + 1) : .unsatisfiable
    case (let first?, nil) where ends[1].isEmpty: self = first < length ? .part(first..<length) : .unsatisfiable
    case (nil, let count?) where ends[0].isEmpty:
      self = count > 0 && length > 0 ? .part(max(0, length - count)..<length) : .unsatisfiable
    default: self = .whole
    }
  }
}

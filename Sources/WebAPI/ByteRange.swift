/// What a `Range` header asks of a file (RFC 9110, section 14).
enum ByteRange: Equatable {
  /// The whole: there is no header, or one that may be ignored: several ranges, another unit, bad syntax.
  case whole
  case part(Range<Int>)
  /// Nothing of the file lies in it.
  case unsatisfiable

  /// - Parameter length: bytes of the file.
  init(_ header: String?, length: Int) {
    guard let header, header.utf8.count <= WebLimits.rangeBytes,
      let set = Self.set(Array(header.utf8)), set.count == 1, let range = set.first
    else {
      self = .whole
      return
    }
    switch range {
    case .from(let first, let last):
      self = first < length ? .part(first..<min(last, length - 1) + 1) : .unsatisfiable
    case .last(let count):
      self = count > 0 && length > 0 ? .part(max(0, length - count)..<length) : .unsatisfiable
    }
  }

  private enum Specifier {
    case from(Int, through: Int)
    case last(Int)
  }

  /// Nil for what isn't a set of ranges in bytes. Units are in any case; a list may have empty elements (section 5.6.1).
  private static func set(_ header: [UInt8]) -> [Specifier]? {
    guard let equals = header.firstIndex(of: UInt8(ascii: "=")),
      String(decoding: header[..<equals], as: UTF8.self).lowercased() == "bytes"
    else { return nil }
    var found: [Specifier] = []
    for element in header[(equals + 1)...].split(separator: UInt8(ascii: ",")) {
      let range = trimmed(element)
      if range.isEmpty { continue }
      guard let specifier = specifier(range) else { return nil }
      found.append(specifier)
    }
    return found
  }

  /// `first-`, `first-last` or `-count`.
  private static func specifier(_ range: ArraySlice<UInt8>) -> Specifier? {
    guard let dash = range.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    let (before, after) = (range[..<dash], range[(dash + 1)...])
    switch (number(before), number(after)) {
    case (let first?, let last?):
      return first < last || first == last && isOrdered(before, after) ? .from(first, through: last) : nil
    case (let first?, nil): return after.isEmpty ? .from(first, through: .max - 1) : nil
    case (nil, let count?): return before.isEmpty ? .last(count) : nil
    case (nil, nil): return nil
    }
  }

  /// Whether a number is at most another one, also where both are beyond all files.
  private static func isOrdered(_ first: ArraySlice<UInt8>, _ last: ArraySlice<UInt8>) -> Bool {
    let (first, last) = (first.drop { $0 == UInt8(ascii: "0") }, last.drop { $0 == UInt8(ascii: "0") })
    return first.count != last.count ? first.count < last.count : !last.lexicographicallyPrecedes(first)
  }

  /// Digits and nothing else; a number beyond all files is as good as any.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (product, isTooMuch) = value.multipliedReportingOverflow(by: 10)
      let (sum, isMore) = product.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      value = isTooMuch || isMore ? .max - 1 : min(sum, .max - 1)
    }
    return value
  }

  private static func trimmed(_ element: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let start = element.drop(while: isSpace)
    guard let last = start.lastIndex(where: { !isSpace($0) }) else { return [] }
    return start[...last]
  }
}

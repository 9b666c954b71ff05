import HTTPTypes

/// What a client has of a file, and on which condition it wants the file (RFC 9110 section 13).
struct FileConditions {
  private let ifMatch: String?
  private let ifNoneMatch: String?
  private let modifiedSince: HTTPMoment?
  private let unmodifiedSince: HTTPMoment?

  /// - Parameter now: seconds since 1970.
  init(_ fields: HTTPFields, now: Int64) {
    ifMatch = fields[.ifMatch]
    ifNoneMatch = fields[.ifNoneMatch]
    modifiedSince = fields[.ifModifiedSince].flatMap { HTTPMoment($0, now: now) }
    unmodifiedSince = fields[.ifUnmodifiedSince].flatMap { HTTPMoment($0, now: now) }
  }

  /// The status of an answer without the file; nil when it is to be sent. In the order of section 13.2.2: a tag counts
  /// before a date, and what is no date isn't there.
  /// - Parameters:
  ///   - tag: nil for a file that has none.
  ///   - modified: the seconds of its `Last-Modified`.
  func refusal(tag: EntityTag?, modified: Int64) -> HTTPResponse.Status? {
    if let ifMatch {
      // Compared weakly, against section 13.1.1: VLC takes the mark off a weak tag and goes on with it like this.
      guard Self.matches(tag, ifMatch) else { return .preconditionFailed }
    } else if let unmodifiedSince, modified > unmodifiedSince.seconds {
      return .preconditionFailed
    }
    if let ifNoneMatch { return Self.matches(tag, ifNoneMatch) ? .notModified : nil }
    return modifiedSince.map { modified <= $0.seconds } == true ? .notModified : nil
  }

  /// `*` is any version of a file, with a tag or without.
  private static func matches(_ tag: EntityTag?, _ field: String) -> Bool {
    tag?.matches(anyOf: field) ?? (field == "*")
  }
}

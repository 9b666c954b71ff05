/// Files that could not be decoded a moment ago: the next who asks is told so, instead of having it tried again.
struct FileRefusals {
  private var files: [String: (error: SegmentError, until: Int64)] = [:]

  var count: Int { files.count }

  /// Why a file is refused, if it is.
  /// - Parameter now: monotonic nanoseconds.
  mutating func refusal(of fingerprint: String, now: Int64) -> SegmentError? {
    guard let known = files[fingerprint] else { return nil }
    if now < known.until { return known.error }
    files[fingerprint] = nil
    return nil
  }

  /// What became of a file; errors that aren't the file's own are not remembered.
  mutating func note(_ error: SegmentError, of fingerprint: String, now: Int64) {
    guard error.code == .undecodable || error.code == .timedOut else { return }
    if files.count >= SegmentLimits.refusedFiles, files[fingerprint] == nil,
      let first = files.min(by: { $0.value.until < $1.value.until })
    {
      files[first.key] = nil
    }
    files[fingerprint] = (error, now + SegmentLimits.refusalNanoseconds)
  }
}

import CFFmpeg

/// Process-wide set-up of libav, and words for its error numbers.
enum LibAV {
  /// Touch before the first call: libav writes to standard error unless told otherwise, and allocates what a file asks
  /// for.
  static let ready: Void = {
    av_log_set_level(AV_LOG_QUIET)
    av_max_alloc(Bounds.maxAllocation)
  }()

  static func words(_ error: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      guard let base = buffer.baseAddress, av_strerror(error, base, buffer.count) == 0 else { return "error \(error)" }
      return String(cString: base)
    }
  }

  static func outOfMemory() -> AudioCodecError {
    AudioCodecError(.encoderFailed, "Out of memory")
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a file system has left.
struct DiskSpace: Sendable, Equatable {
  /// Bytes that this process may still write.
  var available: Int
  /// Bytes of the whole file system.
  var total: Int

  init(available: Int, total: Int) {
    (self.available, self.total) = (available, total)
  }

  /// Of the file system that a folder lies on; nil where that can't be said.
  init?(at path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    func bytes(_ blocks: UInt64) -> Int {
      let (product, overflow) = blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize))
      return overflow ? .max : Int(clamping: product)
    }
    self.init(available: bytes(UInt64(status.f_bavail)), total: bytes(UInt64(status.f_blocks)))
  }

  /// What segments leave to the database beside them.
  var reserve: Int { min(SegmentLimits.reservedBytes, total / SegmentLimits.reservedShare) }

  /// Bytes that have to go so that `bytes` more leave the reserve untouched.
  func shortfall(for bytes: Int) -> Int { max(0, reserve + bytes - min(available, .max / 2)) }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the calling thread has had of a processor: what work costs, whoever else is busy meanwhile.
public enum ProcessorTime {
  /// Nanoseconds; only differences on one thread mean something.
  public static var nanoseconds: Int64 {
    var time = timespec()
    // Fails for an unknown clock only.
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

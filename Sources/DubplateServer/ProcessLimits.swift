import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the operating system lets this process have.
enum ProcessLimits {
  /// Raises the number of open files to what is allowed: every listener is one.
  static func raiseOpenFiles(logger: Logger) {
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    if setrlimit(resource, &limit) != 0 {
      logger.warning("the number of open files stays small", metadata: ["limit": "\(before)"])
    }
  }
}

import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the operating system lets this process have.
enum ProcessLimits {
  /// Raises the number of open files to what is allowed: every listener is one. Returns how many there may be.
  static func raiseOpenFiles(logger: Logger) -> Int {
    var limit = rlimit()
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    guard getrlimit(resource, &limit) == 0 else { return Int(FD_SETSIZE) }
    guard limit.rlim_cur < limit.rlim_max else { return Int(clamping: limit.rlim_cur) }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(resource, &limit) == 0 else {
      logger.warning("the number of open files stays small", metadata: ["limit": "\(before)"])
      return Int(clamping: before)
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// How many connections so many open files leave room for; fewer, if fewer are wanted.
  /// - Throws: ``ConfigurationError`` when not even the fewest connections leave what the rest needs.
  static func connections(openFiles: Int, wanted: Int?, logger: Logger) throws(ConfigurationError) -> Int {
    let least = ServerLimits.reservedFiles.lowerBound + ServerLimits.fewestConnections
    guard openFiles >= least else {
      throw ConfigurationError(
        complaint: "the process may open \(openFiles) files, and needs \(least) or more (ulimit -n, LimitNOFILE)")
    }
    let reserve = min(max(openFiles / 4, ServerLimits.reservedFiles.lowerBound), ServerLimits.reservedFiles.upperBound)
    let room = openFiles - reserve
    guard let wanted else { return room }
    if wanted > room {
      logger.warning(
        "fewer connections than set: the process may not open more files",
        metadata: ["connections": "\(room)", "set": "\(wanted)", "openFiles": "\(openFiles)"])
    }
    return min(wanted, room)
  }
}

import Foundation

/// A process's CPU time and resident memory, read from `/proc` (proc(5)).
struct ServerGauge: Sendable {
  let pid: Int32

  struct Reading: Sendable, Equatable {
    /// User and system time of all threads, in seconds.
    var cpuSeconds: Double
    var residentBytes: Int
  }

  /// Nil when there is no such process, or no `/proc`.
  func read() -> Reading? {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    else { return nil }
    return Self.reading(stat: stat, status: status, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  static func reading(stat: String, status: String, ticksPerSecond: Double) -> Reading? {
    // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
    guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]), ticksPerSecond > 0,
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return Reading(cpuSeconds: (user + system) / ticksPerSecond, residentBytes: kilobytes * 1_024)
  }
}

/// Makes room for `count` open sockets; returns how many descriptors the process may have after that.
func raiseDescriptorLimit(to count: Int) -> Int {
  var limit = rlimit()
  guard getrlimit(descriptorResource, &limit) == 0 else { return 0 }
  let wanted = rlim_t(count)
  if limit.rlim_cur < wanted {
    var raised = limit
    raised.rlim_cur = wanted
    // Only root may raise the hard limit; anyone else gets as far as it allows.
    raised.rlim_max = max(limit.rlim_max, wanted)
    if setrlimit(descriptorResource, &raised) != 0 {
      raised = limit
      raised.rlim_cur = min(wanted, limit.rlim_max)
      _ = setrlimit(descriptorResource, &raised)
    }
    guard getrlimit(descriptorResource, &limit) == 0 else { return 0 }
  }
  return Int(clamping: limit.rlim_cur)
}

#if os(Linux) && canImport(Glibc)
  private let descriptorResource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let descriptorResource = RLIMIT_NOFILE
#endif

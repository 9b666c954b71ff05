import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension DataDirectory {
  /// What stands behind the number of a holder that is no server.
  static let busyMark = "busy"

  /// How a request to the holder of a folder went.
  public enum Request: Sendable, Equatable {
    /// It was told.
    case made(pid: Int32)
    /// It can't be told, but it goes on for a while and then gives the folder up.
    case busy(pid: Int32)
    /// Nobody holds it, or it's somebody who can't be seen from here: another user's process, or one in a container.
    case nobody
  }

  /// Has the server that holds a folder look through its library: SIGHUP, to a process that has this very lock open. A
  /// number alone may be that of a stranger, in a container of its own or long after.
  public static func requestScan(path: String) -> Request {
    guard let holder = holder(path + "/lock"), hasOpen(path + "/lock", holder.pid) else { return .nobody }
    guard holder.takesRequests else { return .busy(pid: holder.pid) }
    return kill(holder.pid, SIGHUP) == 0 ? .made(pid: holder.pid) : .nobody
  }

  /// Whether a process has a folder's lock open, which its holder has as long as it lives.
  public static func isHeld(path: String, by pid: Int32) -> Bool { hasOpen(path + "/lock", pid) }

  /// Whether a process has a file open.
  private static func hasOpen(_ path: String, _ pid: Int32) -> Bool {
    do {
      let wanted = try FileSystem.status(path).identity
      let folder = "/proc/\(pid)/fd"
      return try FileManager.default.contentsOfDirectory(atPath: folder).contains { name in
        // What was closed meanwhile isn't it.
        do { return try FileSystem.status("\(folder)/\(name)").identity == wanted } catch { return false }
      }
    } catch {
      // Not to be seen.
      return false
    }
  }
}

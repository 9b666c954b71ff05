import Foundation
import ServiceLifecycle

#if canImport(Glibc)
  import CLinux
#endif

/// Gives memory back to the system that encoders, files and buffers have left behind.
///
/// glibc keeps pages that are free in the middle of its arenas until it's asked for them (malloc_trim(3)): after
/// somebody has had very much encoded at once, the process would stay as large as it was then.
struct MemoryService: Service {
  func run() async throws {
    await cancelWhenGracefulShutdown {
      var watch = MemoryWatch()
      while (try? await Task.sleep(for: ServerLimits.memoryInterval)) != nil {
        guard let resident = Self.residentBytes, watch.hasGrown(resident) else { continue }
        Self.giveBack()
        watch.gaveBack(leaving: Self.residentBytes ?? resident)
      }
    }
  }

  /// Bytes of the process that are in memory; nil where nobody says.
  private static var residentBytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
  }

  private static func giveBack() {
    #if canImport(Glibc)
      malloc_trim(0)
    #endif
  }
}

/// Says when it's worth while: when the process has grown by so much since it was smallest.
struct MemoryWatch {
  private var least = Int.max

  mutating func hasGrown(_ resident: Int) -> Bool {
    least = min(least, resident)
    return resident - least >= ServerLimits.memoryWorthReturning
  }

  /// What is there now is in use.
  mutating func gaveBack(leaving resident: Int) { least = resident }
}

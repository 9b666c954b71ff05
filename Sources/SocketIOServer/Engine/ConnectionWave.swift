#if canImport(Glibc)
  import CLinux
#endif

/// Notices that many sessions came and most of them have left.
struct ConnectionWave {
  private var peak = 0
  private var isReturning = false

  mutating func rose(to count: Int) {
    peak = max(peak, count)
  }

  /// - Returns: whether memory is to be given back now; then ``returned(at:)`` must follow.
  mutating func fell(to count: Int) -> Bool {
    guard !isReturning, peak - count >= ServerLimits.sessionsWorthReturning, count <= peak / 2 else { return false }
    isReturning = true
    return true
  }

  mutating func returned(at count: Int) {
    isReturning = false
    peak = count
  }
}

enum FreedMemory {
  /// glibc keeps pages that are free in the middle of its arenas until it's asked for them (malloc_trim(3)); other
  /// allocators give them back by themselves.
  static func giveBack() {
    #if canImport(Glibc)
      malloc_trim(0)
    #endif
  }
}

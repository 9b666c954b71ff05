#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The standing of threads whose work nobody hears.
enum BackgroundThread {
  /// How far a thread steps back, as a niceness.
  enum Standing: Int32 {
    /// That of encoders.
    case aLittle = 5
    /// The last: a twentieth of an encoder's share of a busy core.
    case behindAll = 19
  }

  /// Lets others than the calling thread go first. On Linux a niceness belongs to a thread (sched(7)), and setting it
  /// again costs nothing; elsewhere nothing is done.
  static func stepBack(_ standing: Standing) {
    #if os(Linux)
      // A refusal (a container that forbids it) costs a little speed elsewhere, nothing else.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, standing.rawValue)
    #endif
  }
}

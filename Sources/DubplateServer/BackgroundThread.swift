#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The standing of threads whose work nobody hears.
enum BackgroundThread {
  /// How far a thread steps back.
  enum Standing {
    /// As far as encoders do: a niceness of 5.
    case aLittle
    /// Behind everything: it runs where nobody else wants to, and whoever wakes up takes its core at once.
    case behindAll
  }

  /// `SCHED_IDLE` of Linux's `sched.h`, which the module of the C library leaves out.
  private static let idlePolicy: Int32 = 5

  /// Lets others than the calling thread go first. On Linux policy and niceness belong to a thread (sched(7)), and
  /// setting them again costs nothing; elsewhere nothing is done.
  ///
  /// A niceness of 19 alone would not do for the last: its share is small, but a server thread that wakes up has to wait
  /// until it is used up, which costs a busy core a fifth of its requests.
  static func stepBack(_ standing: Standing) {
    #if os(Linux)
      // A refusal (a container that forbids it) costs a little speed elsewhere, nothing else.
      switch standing {
      case .aLittle: _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
      case .behindAll:
        var parameter = sched_param()
        _ = sched_setscheduler(0, idlePolicy, &parameter)
      }
    #endif
  }
}

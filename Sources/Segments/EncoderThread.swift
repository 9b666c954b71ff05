#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The standing of the threads that encode among the threads of the process.
enum EncoderThread {
  /// How far an encoder steps back. Five weighs a third of an ordinary thread: enough for sockets and look-ups to go
  /// first, not so much that a busy neighbour on the machine starves the encoders.
  private static let niceness: Int32 = 5

  /// Lets everyone else go first: sockets, commands and look-ups are a few microseconds that somebody waits for, and
  /// under load they would otherwise share the cores evenly with encoders.
  ///
  /// On Linux a niceness belongs to the calling thread (sched(7)); setting it again costs nothing. Elsewhere nothing
  /// is done.
  static func stepBack() {
    #if os(Linux)
      // A refusal (a container that forbids it) costs latency under load, nothing else.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    #endif
  }
}

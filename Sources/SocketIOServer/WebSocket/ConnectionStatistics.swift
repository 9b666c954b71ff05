import NIOCore

#if os(Linux)
  import CLinux
  import Glibc
#endif

/// The kernel's account of what a TCP connection has carried (Linux' `TCP_INFO`).
public struct ConnectionStatistics: Sendable, Equatable {
  /// Bytes that the peer has acknowledged.
  public var acknowledgedBytes: UInt64
  /// Time during which there was something on its way, in nanoseconds: pauses of the sender are no part of it.
  public var busyNanoseconds: Int64
  /// Bytes that were handed over and are not acknowledged.
  public var pendingBytes: Int
  /// Round trip time as TCP estimates it, in nanoseconds.
  public var roundTripNanoseconds: Int64
}

extension ConnectionStatistics {
  /// Nil for what is no TCP connection, on another system, and on a kernel without these figures (before Linux 4.10).
  /// On the channel's event loop.
  init?(_ channel: any Channel) {
    #if os(Linux)
      guard channel.eventLoop.inEventLoop, let provider = channel as? any SocketOptionProvider else { return nil }
      var found: ConnectionStatistics?
      // On the loop, the answer is there at once.
      let answer: EventLoopFuture<dubplate_tcp_info> = provider.unsafeGetSocketOption(
        level: .init(rawValue: CInt(IPPROTO_TCP)), name: .init(rawValue: CInt(TCP_INFO)))
      answer.assumeIsolated().whenSuccess { found = ConnectionStatistics($0) }
      guard let found else { return nil }
      self = found
    #else
      return nil
    #endif
  }

  #if os(Linux)
    private init(_ info: dubplate_tcp_info) {
      acknowledgedBytes = info.bytes_acked
      busyNanoseconds = Int64(clamping: info.busy_time) * 1_000
      pendingBytes = Int(info.notsent_bytes) + Int(info.unacked) * Int(info.snd_mss)
      roundTripNanoseconds = Int64(info.rtt) * 1_000
    }
  #endif
}

extension Channel {
  /// Whether the kernel holds bytes of the peer's, or his end, that haven't been read (Linux' `SO_MEMINFO`). On the
  /// channel's event loop; false where it can't be told.
  var hasUnreadBytes: Bool {
    #if os(Linux)
      guard eventLoop.inEventLoop, let provider = self as? any SocketOptionProvider else { return false }
      // The first of its figures is the memory of what has been received and waits.
      let answer: EventLoopFuture<UInt32> = provider.unsafeGetSocketOption(
        level: .socket, name: .init(rawValue: CInt(SO_MEMINFO)))
      var received: UInt32 = 0
      answer.assumeIsolated().whenSuccess { received = $0 }
      return received > 0
    #else
      return false
    #endif
  }
}

import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where the server listens, as people are told of it.
struct ListenAddress {
  /// Why nobody can be listened to.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let host: String
  let port: Int

  /// Host and port as in a URL: IPv6 in brackets (RFC 3986 section 3.2.2).
  var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Takes the address and gives it back, so that one that can't be had is known before anything else is begun. Nobody is
  /// listened to meanwhile: who asks then is refused, as a moment before.
  /// - Throws: ``Failure``.
  func check() throws {
    do {
      let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
      let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, Self.stream, 0)
      guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
      defer { close(descriptor) }
      var isReused: CInt = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<CInt>.size))
      let status = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
      guard status == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    } catch {
      throw failure(error)
    }
  }

  /// What binding has thrown, in plain words; every other error as it is.
  func failure(_ error: any Error) -> any Error {
    switch error {
    case let error as IOError:
      let reason = String(cString: strerror(error.errnoCode))
      return Failure(description: "can't listen on \(authority): \(reason)\(advice(error.errnoCode))")
    case let error as SocketAddressError.UnknownHost:
      return Failure(
        description:
          "can't listen on \(authority): \(error.errorDescription); \(hostNames) wants an address of this machine")
    default: return error
    }
  }

  private var hostNames: String { "'\(ConfigurationKey.host.names)'" }
  private var portNames: String { "'\(ConfigurationKey.port.names)'" }

  /// What is to be done.
  private func advice(_ number: CInt) -> String {
    switch number {
    case EADDRINUSE: "; another program has that port: end it, or choose another by \(portNames)"
    case EACCES: "; this user may not have that port: choose one from 1024 on by \(portNames)"
    case EADDRNOTAVAIL:
      "; no address of this machine: choose one by \(hostNames), as 127.0.0.1, or 0.0.0.0 for all there are"
    default: ""
    }
  }

  #if canImport(Glibc)
    private static let stream = CInt(SOCK_STREAM.rawValue)
  #else
    private static let stream = SOCK_STREAM
  #endif
}

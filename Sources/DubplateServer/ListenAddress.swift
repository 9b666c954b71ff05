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

  /// What binding has thrown, in plain words; every other error as it is.
  func failure(_ error: any Error) -> any Error {
    switch error {
    case let error as IOError:
      Failure(description: "can't listen on \(authority): \(String(cString: strerror(error.errnoCode)))")
    case let error as SocketAddressError.UnknownHost:
      Failure(description: "can't listen on \(authority): \(error.errorDescription)")
    default: error
    }
  }
}

import ArgumentParser
import Foundation
import NIOCore

/// Where the server is, and how it is reached.
struct LoadTarget: Sendable {
  /// As it goes into the `Host` header.
  var authority: String
  var address: SocketAddress
  var scope: AddressScope

  init(authority: String, address: SocketAddress) {
    self.authority = authority
    self.address = address
    scope = AddressScope(address)
  }

  /// Resolves an `http://host[:port]` address; throws a `ValidationError` that says what is wrong with it. `localhost`
  /// is 127.0.0.1, whatever the resolver thinks of IPv6.
  init(url: String) throws {
    guard let parts = URLComponents(string: url), let given = parts.host, !given.isEmpty else {
      throw ValidationError("--url: \(url) is no address; it looks like http://127.0.0.1:3001")
    }
    guard parts.scheme?.lowercased() == "http" else {
      throw ValidationError("--url: only http:// is possible, not \(parts.scheme ?? "nothing")://")
    }
    guard parts.path.isEmpty || parts.path == "/", parts.query == nil, parts.user == nil else {
      throw ValidationError("--url: only the host and the port, as in http://127.0.0.1:3001")
    }
    let port = parts.port ?? 80
    guard (1...65_535).contains(port) else { throw ValidationError("--url: \(port) is no port") }
    let host = given.hasPrefix("[") ? String(given.dropFirst().dropLast()) : given
    let name = host.lowercased() == "localhost" ? "127.0.0.1" : host
    do {
      let address = try SocketAddress.makeAddressResolvingHost(name, port: port)
      self.init(authority: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)", address: address)
    } catch {
      throw ValidationError("--url: \(host) cannot be resolved")
    }
  }
}

public import NIOCore

/// What the server tells a client when a session opens: the payload of the OPEN packet (Engine.IO protocol v4,
/// "Handshake").
public struct EngineHandshake: Sendable, Equatable {
  /// The session's id.
  public var sid: String
  /// Transports that the client may upgrade to.
  public var upgrades: [EngineTransport]
  /// Between two pings of the server.
  public var pingInterval: TimeAmount
  /// How long the server waits for a pong.
  public var pingTimeout: TimeAmount
  /// Bytes that one message, or one polling request, may have.
  public var maxPayload: Int

  public init(
    sid: String, upgrades: [EngineTransport], pingInterval: TimeAmount, pingTimeout: TimeAmount, maxPayload: Int
  ) {
    self.sid = sid
    self.upgrades = upgrades
    self.pingInterval = pingInterval
    self.pingTimeout = pingTimeout
    self.maxPayload = maxPayload
  }

  /// The OPEN packet. Keys and their order are the official server's.
  public var packet: EnginePacket {
    let list = upgrades.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
    return EnginePacket(
      .open,
      """
      {"sid":"\(sid)","upgrades":[\(list)],"pingInterval":\(pingInterval.milliseconds),\
      "pingTimeout":\(pingTimeout.milliseconds),"maxPayload":\(maxPayload)}
      """)
  }
}

/// How a session's bytes travel.
public enum EngineTransport: String, Sendable, CaseIterable {
  case polling
  case webSocket = "websocket"
}

extension TimeAmount {
  var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

/// Makes session ids out of a source of randomness.
public enum SessionID {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Whether a text can be an id: letters, digits, `-` and `_`, which need no quoting in JSON, URLs and cookies.
  public static func isValid(_ text: String, maxLength: Int) -> Bool {
    (1...maxLength).contains(text.utf8.count)
      && text.utf8.allSatisfy { alphabet.contains($0) }
  }

  /// 20 characters of base64url, 120 bits of `generator`.
  public static func make(using generator: inout some RandomNumberGenerator) -> String {
    var high = generator.next() as UInt64
    var low = generator.next() as UInt64
    return String(unsafeUninitializedCapacity: EngineLimits.sessionIDLength) { target in
      for index in 0..<10 {
        target[index] = alphabet[Int(high & 63)]
        target[index + 10] = alphabet[Int(low & 63)]
        high >>= 6
        low >>= 6
      }
      return EngineLimits.sessionIDLength
    }
  }
}

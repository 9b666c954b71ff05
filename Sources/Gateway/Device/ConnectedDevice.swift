import Access
import Playback
import Segments
import SocketIO

/// Who is at the other end of a connection, as its token and its CONNECT packet say.
struct ConnectedDevice: Sendable {
  let userId: String
  /// Whose share of encoders it takes.
  let owner: String
  /// Of the token that it has shown, and whether that was made for one stream.
  let tokenId: String
  let isForStream: Bool
  let plan: Plan
  let deviceId: String
  /// Whether the client chose the id, and so can be known again.
  let isNamed: Bool
  let name: String
  let kind: PlaybackDevice.Kind
  let format: ChunkFormat
  let bufferSeconds: Double
  /// Has no part in the user's session.
  let isStandalone: Bool
  /// Its id ends with it.
  let isTemporary: Bool
  let dataSaver: Bool
  let outputDelayMs: Double
  /// What it can decode.
  let codecs: Set<PlaybackDevice.Codec>

  /// How the others see it.
  var announcement: PlaybackDevice.Announcement {
    PlaybackDevice.Announcement(
      name: name, kind: kind, codecs: codecs, dataSaver: dataSaver, outputDelayMs: outputDelayMs,
      isTemporary: isTemporary || !isNamed)
  }

  func decodes(_ rendition: Rendition) -> Bool { codecs.contains { $0.rawValue == rendition.codecName } }

  /// Reads the `auth` of a CONNECT packet.
  /// - Throws: `bad_request`, which names the field.
  init(_ claims: AccessClaims, connectionId: String, auth: SocketValue) throws(DubplateError) {
    userId = claims.userID
    owner = AccountMark.mark(of: claims.userID)
    tokenId = claims.id
    isForStream = if case .stream = claims.kind { true } else { false }
    plan = claims.plan
    format = try Self.choice(auth, "format", of: ChunkFormat.init(rawValue:), "binary, protobuf or base64") ?? .binary
    kind = try Self.choice(auth, "deviceKind", of: PlaybackDevice.Kind.init(rawValue:), "a kind of device") ?? .other
    let id = try Self.choice(
      auth, "deviceId", of: { Self.isId($0) ? $0 : nil }, "1 to 64 of A–Z, a–z, 0–9, _ and -")
    deviceId = id ?? connectionId
    isNamed = id != nil
    let given = auth["deviceName"]?.string.map { String($0.prefix(GatewayLimits.nameLength)) } ?? ""
    name = given.isEmpty || given.utf8.count > 16 * GatewayLimits.nameLength ? "Device" : given
    bufferSeconds =
      try Self.number(
        auth, "bufferSeconds", in: PlaybackLimits.leastBufferSeconds...PlaybackLimits.mostBufferSeconds)
      ?? PlaybackLimits.defaultBufferSeconds
    outputDelayMs = try Self.number(auth, "outputDelayMs", in: 0...PlaybackLimits.outputDelayMs) ?? 0
    isStandalone = try Self.flag(auth, "standalone")
    isTemporary = try Self.flag(auth, "temporary")
    dataSaver = try Self.flag(auth, "dataSaver")
    if let asked = auth["codecs"], !asked.isNull {
      let named = asked.array?.map { $0.string.flatMap(PlaybackDevice.Codec.init(rawValue:)) } ?? []
      guard !named.isEmpty, !named.contains(nil) else {
        throw DubplateError(.badRequest, "auth.codecs: must be a list of mp3, aac, ogg, opus, flac")
      }
      codecs = Set(named.compactMap(\.self))
    } else {
      codecs = Set(PlaybackDevice.Codec.allCases)
    }
  }

  private static func choice<T>(
    _ auth: SocketValue, _ key: String, of parse: (String) -> T?, _ what: String
  ) throws(DubplateError) -> T? {
    guard let asked = auth[key], !asked.isNull else { return nil }
    guard let text = asked.string, let value = parse(text) else {
      throw DubplateError(.badRequest, "auth.\(key): must be \(what)")
    }
    return value
  }

  private static func number(
    _ auth: SocketValue, _ key: String, in range: ClosedRange<Double>
  ) throws(DubplateError) -> Double? {
    guard let asked = auth[key], !asked.isNull else { return nil }
    guard let value = asked.double, range.contains(value) else {
      throw DubplateError(
        .badRequest, "auth.\(key): must be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
    }
    return value
  }

  private static func flag(_ auth: SocketValue, _ key: String) throws(DubplateError) -> Bool {
    guard let asked = auth[key], !asked.isNull else { return false }
    guard let value = asked.bool else { throw DubplateError(.badRequest, "auth.\(key): must be true or false") }
    return value
  }

  private static func isId(_ id: String) -> Bool {
    (1...GatewayLimits.nameLength).contains(id.utf8.count)
      && id.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}

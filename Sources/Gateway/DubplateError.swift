import Access
import Playback
import Segments
import SocketIO

/// What a client is told when something can't be done; the catalogue of all codes, with their HTTP statuses.
///
/// The message is for people and holds no path, token or SQL.
public struct DubplateError: Error, Sendable, CustomStringConvertible {
  /// A code of section 4 of `Docs/protocol.md`.
  public struct Code: Hashable, Sendable {
    /// As it stands on the wire.
    public let name: String
    /// The status of an HTTP answer that carries it.
    public let httpStatus: Int

    public static let badRequest = Code(name: "bad_request", httpStatus: 400)
    public static let unauthorized = Code(name: "unauthorized", httpStatus: 401)
    public static let tokenInvalid = Code(name: "token_invalid", httpStatus: 401)
    public static let tokenExpired = Code(name: "token_expired", httpStatus: 401)
    public static let wrongCredentials = Code(name: "wrong_credentials", httpStatus: 401)
    public static let urlInvalid = Code(name: "url_invalid", httpStatus: 403)
    public static let urlExpired = Code(name: "url_expired", httpStatus: 403)
    public static let notEntitled = Code(name: "not_entitled", httpStatus: 403)
    public static let originRefused = Code(name: "origin_refused", httpStatus: 403)
    public static let unknownTrack = Code(name: "unknown_track", httpStatus: 404)
    public static let unknownStream = Code(name: "unknown_stream", httpStatus: 404)
    public static let noCover = Code(name: "no_cover", httpStatus: 404)
    public static let notFound = Code(name: "not_found", httpStatus: 404)
    public static let unknownItem = Code(name: "unknown_item", httpStatus: 404)
    public static let unknownDevice = Code(name: "unknown_device", httpStatus: 404)
    public static let methodNotAllowed = Code(name: "method_not_allowed", httpStatus: 405)
    public static let deviceOffline = Code(name: "device_offline", httpStatus: 409)
    public static let deviceOnline = Code(name: "device_online", httpStatus: 409)
    public static let notInSession = Code(name: "not_in_session", httpStatus: 409)
    public static let staleVersion = Code(name: "stale_version", httpStatus: 409)
    public static let queueEnded = Code(name: "queue_ended", httpStatus: 409)
    public static let queueFull = Code(name: "queue_full", httpStatus: 413)
    public static let bodyTooLarge = Code(name: "body_too_large", httpStatus: 413)
    public static let noStream = Code(name: "no_stream", httpStatus: 409)
    public static let trackUnavailable = Code(name: "track_unavailable", httpStatus: 410)
    public static let positionOutOfRange = Code(name: "position_out_of_range", httpStatus: 416)
    public static let unknownQuality = Code(name: "unknown_quality", httpStatus: 422)
    public static let undecodable = Code(name: "undecodable", httpStatus: 422)
    public static let timedOut = Code(name: "timed_out", httpStatus: 422)
    public static let rateLimited = Code(name: "rate_limited", httpStatus: 429)
    public static let internalFault = Code(name: "internal", httpStatus: 500)
    public static let busy = Code(name: "busy", httpStatus: 503)
  }

  public let code: Code
  public let message: String
  /// When to try again, with `busy` and `rate_limited`.
  public let retryAfterMilliseconds: Int?
  /// What an ack says beside the error: the present state, where the command was about an older one.
  var context: SocketObject = [:]

  public init(_ code: Code, _ message: String, retryAfterMilliseconds: Int? = nil) {
    self.code = code
    self.message = message
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  public init(_ error: SegmentError) {
    switch error.code {
    case .unavailable: self.init(.trackUnavailable, "the track's file can't be read")
    case .undecodable: self.init(.undecodable, "the track's sound can't be decoded")
    case .timedOut: self.init(.timedOut, "the track's sound takes too long to decode")
    case .busy, .shuttingDown:
      self.init(.busy, error.message, retryAfterMilliseconds: error.retryAfterMilliseconds ?? 1_000)
    case .failed, .cancelled, .notKept: self.init(.internalFault, "the track could not be prepared")
    }
  }

  public init(_ error: AccessError) {
    if error == .missing {
      self.init(.unauthorized, "a token is needed")
    } else if error == .expired {
      self.init(.tokenExpired, "the token has expired")
    } else {
      self.init(.tokenInvalid, "the token is not valid here")
    }
  }

  public init(_ error: SessionError) {
    let codes: [SessionError.Code: Code] = [
      .staleVersion: .staleVersion, .queueEnded: .queueEnded, .queueFull: .queueFull, .unknownItem: .unknownItem,
      .unknownDevice: .unknownDevice, .deviceOffline: .deviceOffline, .deviceOnline: .deviceOnline,
      .nothingPlays: .noStream, .positionOutOfRange: .positionOutOfRange, .badRequest: .badRequest,
    ]
    self.init(codes[error.code] ?? .internalFault, error.message)
  }

  public var description: String { "\(code.name): \(message)" }

  /// `{code, message, retryAfterMs?}`.
  public var wireValue: SocketValue {
    var object: SocketObject = ["code": .string(code.name), "message": .string(message)]
    if let retryAfterMilliseconds { object["retryAfterMs"] = .int(Int64(retryAfterMilliseconds)) }
    return .object(object)
  }
}

import Access
import Catalog
import Foundation
import Logging
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer
import Synchronization

/// The Socket.IO side of the product: who may connect, and what a connected device can do.
public final class StreamGateway: Sendable {
  /// What every session works with.
  struct Services: Sendable {
    let library: SegmentLibrary
    let tracks: TrackDirectory
    let streams: StreamDirectory
    let roster: UserRoster
    let logger: Logger
    /// Wall-clock time, Unix ms.
    let unixMilliseconds: @Sendable () -> Int64
  }

  /// The name of the cookie that carries an access token.
  public static let tokenCookie = "dubplate_token"

  /// Every stream, for the status route.
  public let streams = StreamDirectory()
  private let services: Services
  private let tokens: AccessTokens
  private let pumps = Mutex<[ObjectIdentifier: NIOLoopBound<StreamPump>]>([:])

  public init(library: SegmentLibrary, tracks: TrackDirectory, tokens: AccessTokens, logger: Logger) {
    self.tokens = tokens
    services = Services(
      library: library, tracks: tracks, streams: streams, roster: UserRoster(), logger: logger,
      unixMilliseconds: { Int64(Date().timeIntervalSince1970 * 1_000) })
  }

  /// Serves the namespace `/` of a Socket.IO server.
  public func attach(to server: SocketIOServer) {
    let namespace = server.of("/")
    namespace.use { [self] connection in
      do throws(DubplateError) {
        connection.context = try admit(connection.handshake, connectionId: connection.id)
      } catch {
        throw ConnectError(error.message, data: ["code": .string(error.code.name)])
      }
    }
    namespace.onConnection { [self] socket in
      guard let device = socket.context as? Device else { return socket.disconnect(close: true) }
      serve(socket, device)
    }
  }

  /// Makes a stream that a device of that user may play within a minute; its first segment is prepared meanwhile.
  /// - Returns: the stream's id, and when it expires.
  /// - Throws: as `play_track`.
  public func prepareStream(
    userId: String, plan: Plan, trackId: String, quality: String?, codec: String?, position: Double
  ) async throws(DubplateError) -> String {
    let choice = try QualityLadder.resolve(quality: quality, codec: codec, plan: plan)
    let track = try await services.tracks.track(trackId)
    let sample = try track.sample(at: position)
    let cursor = SegmentCursor(track: track.segments, rendition: choice.rendition, sample: sample)
    if cursor.index < track.segments.timeline(choice.rendition).segmentCount {
      do {
        _ = try services.library.open(
          track.segments, rendition: choice.rendition, index: cursor.index, frame: cursor.frame, deadline: .max,
          owner: userId)
      } catch {
        throw DubplateError(error)
      }
    }
    let id = StreamDirectory.makeId()
    let prepared = StreamDirectory.Prepared(
      userId: userId, track: track, choice: choice, sample: sample, expires: .now() + GatewayLimits.preparedLifetime)
    streams.add(prepared, id: id)
    return id
  }

  /// Who is at the other end.
  private func admit(_ handshake: Handshake, connectionId: String) throws(DubplateError) -> Device {
    let auth = handshake.auth
    let claims: AccessClaims
    do {
      claims = try tokens.verify(auth["token"]?.string ?? handshake.cookies[Self.tokenCookie], now: Date())
    } catch {
      throw DubplateError(error)
    }
    var format = ChunkFormat.binary
    if let asked = auth["format"] {
      guard let known = asked.string.flatMap(ChunkFormat.init(rawValue:)) else {
        throw DubplateError(.badRequest, "auth.format: must be binary, protobuf or base64")
      }
      format = known
    }
    var deviceId = connectionId
    if let asked = auth["deviceId"] {
      guard let id = asked.string, Self.isDeviceId(id) else {
        throw DubplateError(.badRequest, "auth.deviceId: must be 1 to 64 of A–Z, a–z, 0–9, _ and -")
      }
      deviceId = id
    }
    var bufferSeconds = PlaybackLimits.defaultBufferSeconds
    if let asked = auth["bufferSeconds"] {
      guard let seconds = asked.double,
        (PlaybackLimits.leastBufferSeconds...PlaybackLimits.mostBufferSeconds).contains(seconds)
      else {
        throw DubplateError(.badRequest, "auth.bufferSeconds: must be a number from 1 to 120")
      }
      bufferSeconds = seconds
    }
    return Device(
      userId: claims.userID, plan: claims.plan, deviceId: deviceId,
      deviceName: auth["deviceName"]?.string.map { String($0.prefix(GatewayLimits.nameLength)) },
      format: format, bufferSeconds: bufferSeconds)
  }

  private static func isDeviceId(_ id: String) -> Bool {
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

  private func serve(_ socket: Socket, _ device: Device) {
    let session = DeviceSession(socket: socket, device: device, services: services, pump: pump(of: socket.eventLoop))
    let bound = NIOLoopBound(session, eventLoop: socket.eventLoop)
    socket.onAny { bound.value.handle($0) }
    socket.onWritabilityChange { isWritable in
      if isWritable { bound.value.socketBecameWritable() }
    }
    socket.onDisconnect { _ in bound.value.close() }
  }

  private func pump(of eventLoop: any EventLoop) -> StreamPump {
    pumps.withLock { pumps in
      if let known = pumps[ObjectIdentifier(eventLoop)] { return known }
      let pump = NIOLoopBound(StreamPump(eventLoop: eventLoop), eventLoop: eventLoop)
      pumps[ObjectIdentifier(eventLoop)] = pump
      return pump
    }.value
  }
}

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
    let sessions: SessionDirectory
    let allowances: UserAllowances
    let logger: Logger
    let clock: ServerClock
  }

  /// The name of the cookie that carries an access token.
  public static let tokenCookie = "dubplate_token"

  /// Every stream, for the status route.
  public let streams = StreamDirectory()
  private let services: Services
  private let tokens: AccessTokens
  private let pumps = Mutex<[ObjectIdentifier: NIOLoopBound<StreamPump>]>([:])

  /// - Parameter sessions: where listeners' queues and devices survive a restart; nil for nowhere.
  public init(
    library: SegmentLibrary, tracks: TrackDirectory, tokens: AccessTokens, sessions: (any SessionRepository)? = nil,
    logger: Logger
  ) {
    self.tokens = tokens
    services = Services(
      library: library, tracks: tracks, streams: streams,
      sessions: SessionDirectory(repository: sessions, logger: logger) { library.makeRoom() },
      allowances: UserAllowances(), logger: logger, clock: ServerClock())
  }

  /// Leaves signs of life until the task is cancelled, from which a server after a crash reckons where listeners were.
  public func leaveSigns() async {
    let start = services.clock.date(at: DeviceSession.now)
    var isFailing = false
    repeat {
      let now = services.clock.date(at: DeviceSession.now)
      await services.sessions.leaveSign(since: start, at: now, isFailing: &isFailing)
    } while (try? await Task.sleep(for: GatewayLimits.signInterval)) != nil
  }

  /// Writes down what is to survive. After the last device has gone.
  public func close() async { await services.sessions.flush() }

  /// Serves the namespace `/` of a Socket.IO server.
  public func attach(to server: SocketIOServer) {
    let namespace = server.of("/")
    namespace.use { [self] connection in
      do throws(DubplateError) {
        connection.context = try admit(connection.handshake, connectionId: connection.id)
      } catch {
        var data: SocketObject = ["code": .string(error.code.name)]
        if let milliseconds = error.retryAfterMilliseconds { data["retryAfterMs"] = .int(Int64(milliseconds)) }
        throw ConnectError(error.message, data: .object(data))
      }
    }
    namespace.onConnection { [self] socket in
      guard let device = socket.context as? ConnectedDevice else { return socket.disconnect(close: true) }
      serve(socket, device)
    }
  }

  /// Pays for a request over HTTP out of its user's budget.
  /// - Parameter cost: in the requests that cost as much.
  /// - Throws: `rate_limited`.
  public func spendRequest(userId: String, cost: Double = 1) throws(DubplateError) {
    let now = DeviceSession.now
    guard let wait = services.allowances.allowance(of: userId, now: now).spendRequest(cost, now: now) else { return }
    throw DubplateError(
      .rateLimited, "too many requests", retryAfterMilliseconds: Int((wait + 999_999) / 1_000_000))
  }

  /// Pays for a look through the library.
  /// - Throws: `rate_limited`.
  public func spendScan(userId: String) throws(DubplateError) {
    let now = DeviceSession.now
    guard let wait = services.allowances.allowance(of: userId, now: now).spendScan(now: now) else { return }
    throw DubplateError(
      .rateLimited, "the library can be looked through once a minute",
      retryAfterMilliseconds: Int((wait + 999_999) / 1_000_000))
  }

  /// Makes a stream that a device of that user may play within a minute; its first segment is prepared meanwhile.
  /// - Returns: the stream's id, and when it expires.
  /// - Throws: as `play_track`.
  public func prepareStream(
    userId: String, plan: Plan, trackId: String, quality: String?, codec: String?, position: Double
  ) async throws(DubplateError) -> String {
    let asked = try QualityLadder.resolve(quality: quality, codec: codec, plan: plan)
    let track = try await services.tracks.track(trackId)
    // Which device will take it isn't known yet.
    let choice = QualityLadder.choice(asked, of: track.lossySource, plan: plan) { _ in true }
    let sample = try track.sample(at: position)
    let cursor = SegmentCursor(track: track.segments, rendition: choice.rendition, sample: sample)
    if cursor.index < track.segments.timeline(choice.rendition).segmentCount {
      do {
        _ = try services.library.open(
          track.segments, rendition: choice.rendition, index: cursor.index, frame: cursor.frame, deadline: .max,
          owner: AccountMark.mark(of: userId))
      } catch {
        throw DubplateError(error)
      }
    }
    let id = StreamDirectory.makeId()
    let prepared = StreamDirectory.Prepared(
      userId: userId, track: track, choice: asked, sample: sample, expires: .now() + GatewayLimits.preparedLifetime)
    streams.add(prepared, id: id)
    return id
  }

  /// Who is at the other end.
  private func admit(_ handshake: Handshake, connectionId: String) throws(DubplateError) -> ConnectedDevice {
    let auth = handshake.auth
    let claims: AccessClaims
    do {
      claims = try tokens.verify(auth["token"]?.string ?? handshake.cookies[Self.tokenCookie], now: Date())
    } catch {
      throw DubplateError(error)
    }
    let device = try ConnectedDevice(claims, connectionId: connectionId, auth: auth)
    let now = DeviceSession.now
    let allowance = services.allowances.allowance(of: device.userId, now: now)
    if let wait = allowance.spendCommand(GatewayLimits.connectionCost, now: now) {
      throw DubplateError(
        .rateLimited, "too many connections at once", retryAfterMilliseconds: Int((wait + 999_999) / 1_000_000))
    }
    try allowance.checkConnection(token: device.tokenId, isForStream: device.isForStream)
    return device
  }

  private func serve(_ socket: Socket, _ device: ConnectedDevice) {
    let allowance: UserAllowance
    do {
      allowance = try services.allowances.connect(
        device.userId, token: device.tokenId, isForStream: device.isForStream, now: DeviceSession.now)
    } catch {
      // Others of the same user have come since it was let in.
      return socket.disconnect(close: true)
    }
    let session = DeviceSession(
      socket: socket, device: device, services: services, pump: pump(of: socket.eventLoop), allowance: allowance)
    let bound = NIOLoopBound(session, eventLoop: socket.eventLoop)
    socket.setOwner(ConnectionOwner(id: device.userId) { allowance.metering($0) })
    socket.onAny { bound.value.handle($0) }
    socket.onWritabilityChange { isWritable in
      if isWritable { bound.value.socketBecameWritable() }
    }
    socket.onDisconnect { _ in bound.value.close() }
    session.joinSession(bound)
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

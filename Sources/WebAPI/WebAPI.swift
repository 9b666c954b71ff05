import Access
import Catalog
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Segments
import SocketIOServer

/// Everything that is answered over plain HTTP: the REST interface, health, and the player's files.
public struct WebAPI: Sendable {
  private let auth: AuthController
  private let tracks: TrackController
  private let covers: CoverController
  private let waveforms: WaveformController
  private let streams: StreamController
  private let library: LibraryController
  private let gateway: StreamGateway
  private let audio: AudioController
  private let origins: @Sendable () -> CORSPolicy
  private let audioKeys: AudioKeyring
  private let tokens: AccessTokens
  private let readiness: Readiness
  private let player: @Sendable (Request) -> StaticFiles
  private let logger: Logger

  /// - Parameters:
  ///   - socketPath: where the Socket.IO server is, for `websocketUrl`.
  ///   - trustedProxies: who is believed when saying for whom he asks.
  ///   - playerFolder: whose files are served as they are at each request, in place of those that are part of the program.
  ///   - origins: whose pages may use the interface, and fetch the sound.
  public init(
    users: any UserRepository, tracks: any TrackRepository, analyses: any AnalysisRepository,
    analyst: any TrackAnalysing, scans: any LibraryScanning, covers: CoverStore, scaler: CoverScaler,
    tokens: AccessTokens,
    audioKeys: AudioURLKeys, hasher: LoginHasher, library: SegmentLibrary, directory: TrackDirectory,
    gateway: StreamGateway, readiness: Readiness, socketPath: String,
    trustedProxies: [AddressRange] = AddressRange.loopback, playerFolder: String? = nil,
    origins: @escaping @Sendable () -> CORSPolicy,
    logger: Logger
  ) {
    self.origins = origins
    self.audioKeys = AudioKeyring(audioKeys)
    auth = AuthController(users: users, tokens: tokens, hasher: hasher, trustedProxies: trustedProxies)
    self.tracks = TrackController(tracks: tracks, analyses: analyses)
    self.covers = CoverController(tracks: tracks, covers: covers, scaler: scaler)
    waveforms = WaveformController(tracks: tracks, analyses: analyses, analyst: analyst)
    self.gateway = gateway
    self.library = LibraryController(library: scans, gateway: gateway)
    streams = StreamController(
      gateway: gateway, tokens: tokens, socketPath: socketPath, links: AudioLinks(keys: self.audioKeys),
      tracks: directory)
    audio = AudioController(
      library: library, tracks: directory, analyses: analyses,
      files: WholeFiles(tracks: tracks, covers: covers, scaler: scaler), gateway: gateway, keys: self.audioKeys,
      origins: origins, logger: logger)
    self.tokens = tokens
    self.readiness = readiness
    player = playerFolder.map(StaticFiles.folder) ?? StaticFiles.player()
    self.logger = logger
  }

  /// The HTTP service.
  /// - Parameters:
  ///   - server: builds the child channels; where the Socket.IO server hooks in.
  ///   - onServerRunning: called when the port is listened on.
  public func application(
    server: HTTPServerBuilder, configuration: ApplicationConfiguration, logger: Logger,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void
  ) -> some ApplicationProtocol {
    Application(
      responder: responder(), server: server, configuration: configuration, onServerRunning: onServerRunning,
      logger: logger)
  }

  /// Signs and believes audio URLs by these keys from now on, and by no others.
  public func replaceAudioKeys(_ keys: AudioURLKeys) {
    audioKeys.replace(keys)
  }

  /// Answers what needs neither a task nor the router: segments in memory. For the server builder.
  public var quickResponder: QuickResponder {
    { [audio] head in audio.answerQuickly(head) }
  }

  private func responder() -> RouterResponder<APIContext> {
    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: PageMiddleware())
    router.add(middleware: StaticFileMiddleware(files: player))
    router.add(middleware: OriginMiddleware(policy: origins))
    router.add(middleware: ErrorMiddleware())
    router.get("healthz") { _, _ in "ok\n" }
    router.get("readyz") { [readiness] _, _ in
      if let reason = readiness.reason {
        return Response(status: .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: reason + "\n")))
      }
      return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ready\n")))
    }
    audio.addRoutes(to: router)
    let api = router.group("api/v1")
    auth.addOpenRoutes(to: api)
    let closed = api.group().add(middleware: TokenMiddleware(tokens: tokens))
      .add(middleware: BudgetMiddleware(gateway: gateway))
    auth.addRoutes(to: closed)
    tracks.addRoutes(to: closed)
    covers.addRoutes(to: closed)
    waveforms.addRoutes(to: closed)
    streams.addRoutes(to: closed)
    library.addRoutes(to: closed)
    // Behind all routes, which pass over it: it is for what none of them takes.
    router.add(middleware: MethodMiddleware(routes: router.routes))
    return router.buildResponder()
  }
}

import Access
import Catalog
import Foundation
import Gateway
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Segments
import ServiceLifecycle
import SocketIO
import SocketIOServer
import UnixSignals
import WebAPI

/// The whole product in one process, without any service beside it.
///
/// The only place that knows the live implementations of every seam and puts them together.
public struct DubplateServer: Sendable {
  private let configuration: ServerConfiguration
  private let logger: Logger
  private let threshold: LogThreshold?
  private let reread: (@Sendable () throws -> ServerConfiguration)?
  /// Called once, with the port that is listened on.
  private let onListening: @Sendable (Int) -> Void

  /// - Parameters:
  ///   - threshold: of the logger, for a reload to change; nil leaves the level as it is.
  ///   - reread: reads the configuration again, at SIGHUP; nil leaves that signal alone.
  ///   - onListening: gets the port, once.
  public init(
    configuration: ServerConfiguration, logger: Logger, threshold: LogThreshold? = nil,
    reread: (@Sendable () throws -> ServerConfiguration)? = nil,
    onListening: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.logger = logger
    self.threshold = threshold
    self.reread = reread
    self.onListening = onListening
  }

  /// Serves until SIGTERM or SIGINT, then goes down in good order.
  /// - Throws: ``ConfigurationError``, `DataDirectoryError` (another server uses the data folder), and when the port
  ///   can't be bound.
  public func run() async throws {
    try configuration.checkFolders()
    try ListenAddress(host: configuration.host, port: configuration.port).check()
    let certificate = try configuration.certificate()
    let openFiles = ProcessLimits.raiseOpenFiles(logger: logger)
    let room = try ProcessLimits.connections(
      openFiles: openFiles, wanted: configuration.maxConnections, logger: logger)
    let connections = ConnectionGate(
      total: room, perAddress: configuration.connectionsPerAddress ?? ServerLimits.connectionsPerAddress(of: room),
      unbounded: configuration.trustedProxies)
    // From here on, before anybody can know that the server is there.
    let hangups = reread == nil ? nil : await UnixSignalsSequence(trapping: .sighup)
    let data = try DataDirectory.open(path: configuration.dataDirectory)
    defer { withExtendedLifetime(data) {} }
    makeRoom(in: data)
    let database = try data.openDatabase(mayBeginAnew: configuration.mayBeginAnew)
    defer { close(database) }
    let trackRepository = SQLiteTrackRepository(database)
    let index = SQLiteLibraryIndex(database)
    let journal = try InspectionJournal(path: data.journalPath)
    defer { journal.close() }
    let covers = CoverStore(directory: data.coversPath)
    let analyses = SQLiteAnalysisRepository(database)
    let scaler = CoverScaler(covers: covers)
    let secret = try secret(data)
    let tokens = try await AccessTokens(secret: secret)
    let library = try SegmentLibrary(configuration: segmentConfiguration(data), logger: logger)
    let hasher = LoginHasher()
    let readiness = Readiness()
    let scans = ScanDesk(
      schedule: ScanSchedule(intervalSeconds: configuration.scanIntervalSeconds), readiness: readiness)
    let scanner = LibraryScanner(
      root: configuration.libraryDirectory, index: index, covers: covers, inspector: ProbeInspector(),
      journal: journal, logger: logger, onFolder: watch(scans))
    let users = SQLiteUserRepository(database)

    let tracks = TrackDirectory(
      repository: trackRepository, analyses: analyses, libraryRoot: configuration.libraryDirectory, logger: logger)
    let desk = AnalysisDesk(
      repository: analyses, libraryRoot: configuration.libraryDirectory, journal: journal,
      threads: configuration.analysisTracks
    ) { library.statistics.inTheMaking > 0 }
    let gateway = StreamGateway(
      library: library, tracks: tracks, tokens: tokens, sessions: SQLiteSessionRepository(database), logger: logger)
    let sockets = SocketIOServer(
      configuration: socketConfiguration(connections: connections.total), logger: logger)
    gateway.attach(to: sockets)
    let web = WebAPI(
      users: users, tracks: trackRepository, analyses: analyses, analyst: desk, scans: scans, covers: covers,
      scaler: scaler, tokens: tokens, audioKeys: try configuration.audioURLKeys(secret), hasher: hasher,
      library: library, directory: tracks,
      gateway: gateway,
      readiness: readiness, socketPath: Self.socketPath, trustedProxies: configuration.trustedProxies,
      playerFolder: configuration.playerDirectory, origins: { sockets.engine.cors }, logger: logger)

    let application = web.application(
      server: .socketIO(sockets, quickly: web.quickResponder, connections: connections, secure: certificate?.secure),
      configuration: .init(
        address: .hostname(configuration.host, port: configuration.port), serverName: "Dubplate", backlog: 4_096,
        availableConnectionsDelegate: connections),
      logger: Self.quiet(logger)
    ) { [onListening, logger, configuration] channel in
      let port = channel.localAddress?.port ?? configuration.port
      let address = ListenAddress(host: configuration.host, port: port)
      logger.info(
        "serving", metadata: ["address": "\(configuration.tls == nil ? "http" : "https")://\(address.authority)/"])
      readiness.becomeReady()
      onListening(port)
    }
    await ScanService.check(scanner, scans, library: configuration.libraryDirectory, logger: logger)
    await greet(users)
    // A scan that ends while the one before is still being worked on is remembered, a third is not.
    let (ended, scanEnded) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let scan = ScanService(
      scanner: scanner, index: index, desk: scans, library: configuration.libraryDirectory, logger: logger,
      onScanned: { scanEnded.yield() })
    let analysis = AnalysisService(
      desk: desk, repository: analyses, width: configuration.analysisTracks, scans: ended, logger: logger)

    // In the order of need; a shutdown goes through them from the last to the first.
    var services: [any Service] = [
      ShutdownService(name: "segments", logger: logger) { try await library.close() },
      SessionService(gateway: gateway),
      MemoryService(),
      ShutdownService(name: "logins", logger: logger) { try await hasher.close() },
      ShutdownService(name: "covers", logger: logger) { try await scaler.close() },
      application,
      analysis,
      scan,
      ShutdownService(name: "connections", logger: logger) {
        readiness.becomeUnready("going down")
        logger.info("going down: listeners are told to come back")
        sockets.of("/").emit("server_draining", ["reconnectAfterMs": .int(Self.reconnectAfterMilliseconds)])
        await sockets.close()
      },
    ]
    let renewal = certificate.map { CertificateService(certificate: $0, logger: logger) }
    if let renewal { services.append(renewal) }
    if let hangups, let reread {
      let reload = ReloadService(
        hangups: hangups, initial: configuration, read: reread,
        apply: { new in
          web.replaceAudioKeys(try new.audioURLKeys(secret))
          sockets.engine.cors = new.corsPolicy
          threshold?.level = new.logLevel
          scans.schedule.intervalSeconds = new.scanIntervalSeconds
        },
        lookAgain: {
          renewal?.reload()
          scans.lookAgain()
        }, logger: logger)
      services.append(reload)
    }
    try await supervise(services)
  }

  /// Runs the services until the process is told to end, or one of them can't go on.
  private func supervise(_ services: [any Service]) async throws {
    var group = ServiceGroupConfiguration(
      services: services.map {
        // What ends by itself ends the server: a reload service on a terminal that is gone.
        .init(
          service: $0, successTerminationBehavior: $0 is ReloadService ? .gracefullyShutdownGroup : .ignore,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      },
      gracefulShutdownSignals: [.sigterm, .sigint], logger: Self.quiet(logger))
    group.maximumGracefulShutdownDuration = ServerLimits.farewell
    do {
      try await ServiceGroup(configuration: group).run()
    } catch {
      throw ListenAddress(host: configuration.host, port: configuration.port).failure(error)
    }
    logger.info("stopped")
  }

  /// Whoever still holds it, the process leaves one file that is whole: a log beside it would be part of it.
  private func close(_ database: CatalogDatabase) {
    do {
      try database.close()
    } catch {
      logger.warning(
        "the database can't be closed; the next start brings its log in", metadata: ["error": "\(error.plainWords)"])
    }
  }

  /// What the scanner tells of the library's folders; from then on a change in one of them leads to a scan.
  private func watch(_ scans: ScanDesk) -> @Sendable (String) -> Void {
    #if os(Linux)
      guard configuration.watchesLibrary,
        let watch = FolderWatch(logger: logger, onChange: { scans.lookAgain() })
      else { return { _ in } }
      return { watch.add($0) }
    #else
      return { _ in }
    #endif
  }

  private static let socketPath = "/socket.io/"
  /// A process is back within seconds; all listeners need not come in the same one.
  private static let reconnectAfterMilliseconds: Int64 = 2_000

  /// Says what is still to be done where nobody can log in.
  private func greet(_ users: any UserRepository) async {
    do {
      guard try await users.list(limit: 1, offset: 0).isEmpty else { return }
    } catch {
      logger.warning("the accounts can't be read", metadata: ["error": "\(error.plainWords)"])
      return
    }
    logger.notice(
      "nobody can log in yet: make an account, now or later",
      metadata: ["command": "dubplate user add NAME --plan premium --data \(configuration.dataDirectory)"])
  }

  /// Segments give way to the database, which must be able to write.
  private func makeRoom(in data: DataDirectory) {
    let removed = StoreMaintenance(directory: URL(fileURLWithPath: data.segmentsPath, isDirectory: true)).makeRoom()
    if removed.segments > 0 {
      logger.warning(
        "the disk is nearly full: segments were removed to leave room for the database",
        metadata: ["segments": "\(removed.segments)", "bytes": "\(removed.bytes)"])
    }
  }

  private func secret(_ data: DataDirectory) throws -> [UInt8] {
    if let secret = configuration.jwtSecret { return try AccessTokens.secret(fromEnvironment: secret) }
    return try data.jwtSecret()
  }

  private func segmentConfiguration(_ data: DataDirectory) -> SegmentLibrary.Configuration {
    var segments = SegmentLibrary.Configuration()
    segments.directory = URL(fileURLWithPath: data.segmentsPath, isDirectory: true)
    segments.diskBudgetBytes = configuration.segmentBudgetBytes
    segments.memoryBudgetBytes = configuration.memoryBudgetBytes
    segments.encoderThreads = configuration.encoderThreads > 0 ? configuration.encoderThreads : System.coreCount
    return segments
  }

  private func socketConfiguration(connections: Int) -> SocketIOServer.Configuration {
    var sockets = SocketIOServer.Configuration()
    sockets.path = Self.socketPath
    // Who hasn't logged in yet can't hold all the connections that there are.
    sockets.maxGuests = min(sockets.maxGuests, max(connections / ServerLimits.guestsShare, 1))
    sockets.trustedProxies = configuration.trustedProxies
    // What a device is known by: the token's cookie, or `auth`.
    sockets.keptHeaders = ["cookie"]
    // Nothing else in it is that large.
    sockets.oversizedConnect = ConnectError(
      "the token has more than \(SocketIOLimits.maxConnectBytes) bytes with what comes along",
      data: ["code": .string(DubplateError.Code.tokenInvalid.name)])
    sockets.clientBundle = configuration.socketIOClientPath ?? BrowserClient.find()
    if sockets.clientBundle == nil {
      logger.warning(
        "the web player can't play: the Socket.IO browser client is nowhere; put it beside the program or name it",
        metadata: [
          "file": "\(BrowserClient.name)", "setting": "\(ConfigurationKey.socketIOClient.names)",
          "from": "https://cdn.socket.io/\(BrowserClient.version)/\(BrowserClient.name)",
        ])
    }
    sockets.cors = configuration.corsPolicy
    return sockets
  }

  /// Libraries speak from `warning` up.
  private static func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

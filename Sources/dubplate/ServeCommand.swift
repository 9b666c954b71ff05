import ArgumentParser
import DubplateServer
import Foundation
import Logging

/// `dubplate serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the library: everything in one process.",
    discussion: """
      All that is needed is a folder of music; everything else has a default:

        dubplate serve --library /music

      The library is scanned at the start, when something in it changes, and
      every ten minutes; what is playing goes on meanwhile. Ctrl-C ends in good
      order, and all is remembered in the data folder: users, tracks, covers,
      finished segments.

      SIGHUP has the --config file read again and the library looked through:
      origins, audio keys, log level and scan interval change while everybody
      listens on.

      JWT_SECRET (at least 32 bytes) signs the tokens; without it a secret is
      made once and kept in the data folder.
      """)

  @Option(help: "Address to listen on (HOST; default 127.0.0.1). 0.0.0.0 listens on all.")
  var host: String?
  @Option(help: "Port to listen on (PORT; default 3001). 0 lets the system choose.")
  var port: String?
  @Option(
    help: """
      File of the certificate, with those that vouch for it, in PEM (DUBPLATE_TLS_CERT): serves HTTPS alone, with \
      --tls-key. It is read again when it changes.
      """)
  var tlsCert: String?
  @Option(help: "File of the certificate's private key in PEM (DUBPLATE_TLS_KEY).")
  var tlsKey: String?
  @OptionGroup var places: PlaceOptions
  @Flag(
    name: .customLong("init"),
    help: "Begin with an empty database in a data folder that was used before and has lost its own.")
  var beginsAnew = false
  @Option(
    help: "Origins of other sites' pages that may connect, separated by commas, or * (ALLOWED_ORIGINS; default none).")
  var allowedOrigins: String?
  @Option(help: "Bytes of finished segments in memory (DUBPLATE_MEMORY_BUDGET; default 256M).")
  var memoryBudget: String?
  @Option(help: "Threads that encode (DUBPLATE_ENCODERS; default 0: one a core).")
  var encoders: String?
  @Option(
    help: """
      Connections at a time (DUBPLATE_MAX_CONNECTIONS; default: what the process's bound on open files leaves room for). \
      When there are more, those that have been idle for longest end.
      """)
  var maxConnections: String?
  @Option(
    help: """
      Connections that one address may have, of IPv6 a /64 (DUBPLATE_CONNECTIONS_PER_ADDRESS; default 1024, but a \
      quarter of all at most; 0: any number). Those of this machine and of trusted proxies aren't bounded.
      """)
  var connectionsPerAddress: String?
  @Option(
    help: """
      Addresses or networks (10.0.0.0/8), separated by commas, of proxies that are believed when they say for whom they \
      ask in X-Forwarded-For (DUBPLATE_TRUSTED_PROXIES). This machine's own always are.
      """)
  var trustedProxies: String?
  @Option(
    help: """
      Seconds between two scans of the library (DUBPLATE_SCAN_INTERVAL; default 600; 0: at the start, and when it \
      changes).
      """)
  var scanInterval: String?
  @Option(
    help: "Look through the library soon when something in its folders changes (DUBPLATE_WATCH; default on): on or off."
  )
  var watch: String?
  @Option(
    help: """
      Measure loudness, waveforms and sizes of new tracks in the background (DUBPLATE_ANALYSIS; default on: a track at \
      a time): on, off, or a number of tracks at a time.
      """)
  var analysis: String?
  @Option(
    name: .customLong("socketio-client"),
    help:
      "The official browser client, served at /socket.io/socket.io.js (DUBPLATE_SOCKETIO_CLIENT; default: looked for beside the program, in share/dubplate and .build-assets)."
  )
  var socketIOClient: String?
  @Option(
    help: """
      Folder of the web player's files, read anew at each request, for who works on it (DUBPLATE_PLAYER; default: the \
      files that are part of the program).
      """)
  var player: String?
  @Option(help: "trace, debug, info, notice, warning, error or critical (LOG_LEVEL; default info).")
  var logLevel: String?
  @Option(help: "File of KEY=value lines; the keys are the environment variables' names.")
  var config: String?

  func run() async throws {
    let read = reader()
    do {
      var settings = try read()
      settings.mayBeginAnew = beginsAnew
      let threshold = LogThreshold(settings.logLevel)
      try await DubplateServer(
        configuration: settings, logger: threshold.logger(label: "dubplate"), threshold: threshold, reread: read
      ).run()
    } catch {
      throw CommandFailure(error)
    }
  }

  /// Reads the settings, and again when the server is told to.
  private func reader() -> @Sendable () throws -> ServerConfiguration {
    let flags: [ConfigurationKey: String?] = [
      .host: host, .port: port, .tlsCertificate: tlsCert, .tlsKey: tlsKey, .data: places.data, .library: places.library,
      .allowedOrigins: allowedOrigins,
      .segmentBudget: places.segmentBudget,
      .memoryBudget: memoryBudget, .encoders: encoders, .maxConnections: maxConnections,
      .connectionsPerAddress: connectionsPerAddress, .trustedProxies: trustedProxies, .scanInterval: scanInterval,
      .watch: watch, .analysis: analysis,
      .socketIOClient: socketIOClient, .player: player,
      .logLevel: logLevel,
    ]
    return { [config, environment = ProcessInfo.processInfo.environment] in
      let file = try config.map { try ConfigurationReader.text(ofFile: $0) }
      return try ConfigurationReader(
        flags: flags.compactMapValues { $0 }, environment: environment, file: file,
        named: config ?? ""
      ).read()
    }
  }
}

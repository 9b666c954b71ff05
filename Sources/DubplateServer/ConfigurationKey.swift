/// Every setting: its flag, its environment variable (also its name in a configuration file) and what it is for.
public enum ConfigurationKey: String, CaseIterable, Sendable {
  case host = "HOST"
  case port = "PORT"
  case tlsCertificate = "DUBPLATE_TLS_CERT"
  case tlsKey = "DUBPLATE_TLS_KEY"
  case data = "DUBPLATE_DATA"
  case library = "DUBPLATE_LIBRARY"
  case jwtSecret = "JWT_SECRET"
  case audioKeys = "DUBPLATE_AUDIO_KEYS"
  case allowedOrigins = "ALLOWED_ORIGINS"
  case segmentBudget = "DUBPLATE_SEGMENT_BUDGET"
  case memoryBudget = "DUBPLATE_MEMORY_BUDGET"
  case encoders = "DUBPLATE_ENCODERS"
  case maxConnections = "DUBPLATE_MAX_CONNECTIONS"
  case connectionsPerAddress = "DUBPLATE_CONNECTIONS_PER_ADDRESS"
  case trustedProxies = "DUBPLATE_TRUSTED_PROXIES"
  case scanInterval = "DUBPLATE_SCAN_INTERVAL"
  case watch = "DUBPLATE_WATCH"
  case analysis = "DUBPLATE_ANALYSIS"
  case socketIOClient = "DUBPLATE_SOCKETIO_CLIENT"
  case player = "DUBPLATE_PLAYER"
  case logLevel = "LOG_LEVEL"

  /// As an operator is told of it: `--port / PORT`.
  var names: String { [flag, rawValue].compactMap { $0 }.joined(separator: " / ") }

  /// Whether its value is nobody's business but the operator's.
  var isSecret: Bool { self == .jwtSecret || self == .audioKeys }

  /// The flag of `dubplate serve`; nil for what has no business on a command line that every user of the machine can
  /// read.
  public var flag: String? {
    switch self {
    case .host: "--host"
    case .port: "--port"
    case .tlsCertificate: "--tls-cert"
    case .tlsKey: "--tls-key"
    case .data: "--data"
    case .library: "--library"
    case .jwtSecret, .audioKeys: nil
    case .allowedOrigins: "--allowed-origins"
    case .segmentBudget: "--segment-budget"
    case .memoryBudget: "--memory-budget"
    case .encoders: "--encoders"
    case .maxConnections: "--max-connections"
    case .connectionsPerAddress: "--connections-per-address"
    case .trustedProxies: "--trusted-proxies"
    case .scanInterval: "--scan-interval"
    case .watch: "--watch"
    case .analysis: "--analysis"
    case .socketIOClient: "--socketio-client"
    case .player: "--player"
    case .logLevel: "--log-level"
    }
  }
}

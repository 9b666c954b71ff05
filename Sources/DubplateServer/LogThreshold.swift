public import Logging
import Synchronization

/// The least severe message that is logged, by all loggers that are made of it; it can be changed while they are in use.
public final class LogThreshold: Sendable {
  private let severity: Atomic<Int>

  public init(_ level: Logger.Level) {
    severity = Atomic(Self.severity(of: level))
  }

  public var level: Logger.Level {
    get { Logger.Level.allCases[severity.load(ordering: .relaxed)] }
    set { severity.store(Self.severity(of: newValue), ordering: .relaxed) }
  }

  /// A logger to standard error. Its own level is a floor: what is below that isn't logged whatever the threshold.
  public func logger(label: String) -> Logger {
    Logger(label: label) { _ in
      Handler(output: LineLogHandler(), threshold: self)
    }
  }

  private static func severity(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }

  private struct Handler: LogHandler {
    var output: LineLogHandler
    let threshold: LogThreshold
    var floor = Logger.Level.trace

    var logLevel: Logger.Level {
      get { max(floor, threshold.level) }
      set { floor = newValue }
    }
    var metadata: Logger.Metadata {
      get { output.metadata }
      set { output.metadata = newValue }
    }
    var metadataProvider: Logger.MetadataProvider? {
      get { output.metadataProvider }
      set { output.metadataProvider = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { output[metadataKey: key] }
      set { output[metadataKey: key] = newValue }
    }
    func log(event: LogEvent) { output.log(event: event) }
  }
}

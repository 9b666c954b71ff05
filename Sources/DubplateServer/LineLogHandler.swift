import Foundation
public import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A log for people: when, how severe, what has happened, and then the fields, by name.
///
///     2026-03-01T12:00:00Z info serving address=http://127.0.0.1:3001/
public struct LineLogHandler: LogHandler {
  public var logLevel = Logger.Level.trace
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let write: @Sendable (String) -> Void

  /// To standard error, a line at a stroke.
  public init() {
    self.init(write: Self.writeToStandardError)
  }

  init(write: @escaping @Sendable (String) -> Void) {
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var fields = metadata
    fields.merge(metadataProvider?.get() ?? [:]) { $1 }
    fields.merge(event.metadata ?? [:]) { $1 }
    if let error = event.error { fields["error"] = "\(error.plainWords)" }
    write(Self.line(Date(), event.level, "\(event.message)", fields))
  }

  static func line(_ time: Date, _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
    var line = "\(time.formatted(.iso8601)) \(level.rawValue) \(LineText.escaped(message))"
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      line += " \(LineText.escaped(name))=\(field("\(value)"))"
    }
    return line + "\n"
  }

  /// In quotes where it would else not be seen where it ends.
  private static func field(_ value: String) -> String {
    let text = LineText.escaped(value)
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" }) else { return text }
    return "\"\(text.replacing("\"", with: "\\\""))\""
  }

  @Sendable private static func writeToStandardError(_ line: String) {
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
      // Where nobody takes the log there is nobody to tell.
      guard written > 0 || (written < 0 && errno == EINTR) else { return }
      rest = rest.dropFirst(max(written, 0))
    }
  }
}

/// `write` by a name that does not collide with the handler's own.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

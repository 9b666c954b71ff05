import Access
import Foundation
import Logging
import SocketIOServer

/// A setting that can't be used: names its key, its file, or the system's bound.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ key: ConfigurationKey, _ complaint: String) {
    description = "'\(key.names)' \(complaint)"
  }

  /// A value that was read somewhere.
  fileprivate init(_ fault: ConfigurationReader.Fault, _ value: ConfigurationReader.Value?) {
    var text = "'\(fault.key.names)' \(fault.complaint)"
    if let value {
      if !fault.key.isSecret { text += ", not '\(LineText.escaped(value.text))'" }
      text += " (from \(value.place))"
    }
    description = text
  }

  init(complaint: String) {
    description = complaint
  }
}

/// Makes a ``ServerConfiguration`` of what was said: a flag goes before the environment, that before a file, that
/// before the default.
public struct ConfigurationReader: Sendable {
  /// A value, and where it stands, for people.
  fileprivate struct Value {
    let text: String
    let place: String
  }

  /// A value that can't be used.
  fileprivate struct Fault: Error {
    let key: ConfigurationKey
    let complaint: String

    init(_ key: ConfigurationKey, _ complaint: String) {
      self.key = key
      self.complaint = complaint
    }
  }

  private let sources: [[String: Value]]

  /// - Parameters:
  ///   - flags: values by key's name.
  ///   - file: text of a configuration file: `KEY=value` lines, `#` comments.
  ///   - name: the file's, for people.
  /// - Throws: ``ConfigurationError`` for a line that is neither, or an unknown key.
  public init(
    flags: [ConfigurationKey: String], environment: [String: String], file: String? = nil,
    named name: String = "the configuration file"
  ) throws(ConfigurationError) {
    sources = [
      Dictionary(
        uniqueKeysWithValues: flags.map { ($0.key.rawValue, Value(text: $0.value, place: "the command line")) }),
      environment.mapValues { Value(text: $0, place: "the environment") },
      try file.map { text throws(ConfigurationError) in try Self.parse(text, named: name) } ?? [:],
    ]
  }

  /// The text of a configuration file, of whatever kind: a pipe is one as well.
  /// - Throws: ``ConfigurationError``, which names the file.
  public static func text(ofFile path: String) throws(ConfigurationError) -> String {
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ConfigurationError(complaint: "the configuration file of --config can't be read: \(error.plainWords)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(
        complaint: "the configuration file of --config can't be read: \(path) is no text in UTF-8")
    }
    return text
  }

  /// - Throws: ``ConfigurationError``, which names the key.
  public func read() throws(ConfigurationError) -> ServerConfiguration {
    do throws(Fault) {
      return try readAll()
    } catch {
      throw ConfigurationError(error, value(error.key))
    }
  }

  private func readAll() throws(Fault) -> ServerConfiguration {
    var configuration = ServerConfiguration()
    if let host = self[.host] { configuration.host = host }
    if let port = try integer(.port, in: 0...65_535) { configuration.port = port }
    configuration.tls = try tls()
    if let data = self[.data] { configuration.dataDirectory = data }
    if let library = self[.library] { configuration.libraryDirectory = library }
    if let secret = self[.jwtSecret] {
      guard secret.utf8.count >= 32 else { throw Fault(.jwtSecret, "must have at least 32 bytes") }
      configuration.jwtSecret = secret
    }
    if let keys = self[.audioKeys] { configuration.audioKeys = try Self.audioKeys(keys) }
    if let origins = self[.allowedOrigins] { configuration.allowedOrigins = try Self.origins(origins) }
    if let bytes = try byteCount(.segmentBudget) { configuration.segmentBudgetBytes = bytes }
    if let bytes = try byteCount(.memoryBudget) { configuration.memoryBudgetBytes = bytes }
    if let count = try integer(.encoders, in: 0...1_024) { configuration.encoderThreads = count }
    if let count = try integer(.maxConnections, in: 1...1_000_000) { configuration.maxConnections = count }
    if let count = try integer(.connectionsPerAddress, in: 0...1_000_000) {
      configuration.connectionsPerAddress = count
    }
    if let proxies = self[.trustedProxies] {
      configuration.trustedProxies = AddressRange.loopback + (try Self.addressRanges(proxies))
    }
    if let seconds = try integer(.scanInterval, in: 0...86_400 * 7) { configuration.scanIntervalSeconds = seconds }
    if let isOn = try watch() { configuration.watchesLibrary = isOn }
    if let count = try analysisTracks() { configuration.analysisTracks = count }
    if let path = self[.socketIOClient] {
      guard FileManager.default.isReadableFile(atPath: path) else {
        throw Fault(.socketIOClient, "must name a file that can be read")
      }
      configuration.socketIOClientPath = path
    }
    if let path = self[.player] {
      guard FileManager.default.isReadableFile(atPath: path + "/index.html") else {
        throw Fault(.player, "must name a folder with an index.html that can be read")
      }
      configuration.playerDirectory = path
    }
    if let name = self[.logLevel] {
      guard let level = Logger.Level(rawValue: name.lowercased()) else {
        throw Fault(
          .logLevel, "must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      configuration.logLevel = level
    }
    return configuration
  }

  /// The first source that says something; an empty value says nothing.
  private func value(_ key: ConfigurationKey) -> Value? {
    sources.lazy.compactMap { $0[key.rawValue] }.first { !$0.text.isEmpty }
  }

  private subscript(key: ConfigurationKey) -> String? { value(key)?.text }

  private func integer(_ key: ConfigurationKey, in range: ClosedRange<Int>) throws(Fault) -> Int? {
    guard let text = self[key] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Fault(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Both or neither: a certificate without its key serves nobody.
  private func tls() throws(Fault) -> (certificate: String, key: String)? {
    switch (self[.tlsCertificate], self[.tlsKey]) {
    case (nil, nil): return nil
    case (let certificate?, let key?): return (certificate, key)
    case (_?, nil): throw Fault(.tlsKey, "is missing, and belongs to '\(ConfigurationKey.tlsCertificate.names)'")
    case (nil, _?): throw Fault(.tlsCertificate, "is missing, and belongs to '\(ConfigurationKey.tlsKey.names)'")
    }
  }

  private static func addressRanges(_ text: String) throws(Fault) -> [AddressRange] {
    var ranges: [AddressRange] = []
    for item in text.split(separator: ",") {
      let item = item.trimmingCharacters(in: .whitespaces)
      guard let range = AddressRange(item) else {
        throw Fault(
          .trustedProxies, "must be addresses or networks, separated by commas, as 10.0.0.0/8")
      }
      ranges.append(range)
    }
    return ranges
  }

  private func watch() throws(Fault) -> Bool? {
    switch self[.watch]?.lowercased() {
    case nil: nil
    case "on": true
    case "off": false
    default: throw Fault(.watch, "must be on or off")
    }
  }

  /// `on`, `off`, or tracks at a time.
  private func analysisTracks() throws(Fault) -> Int? {
    switch self[.analysis]?.lowercased() {
    case nil: return nil
    case "on": return 1
    case "off": return 0
    case let text?:
      guard let count = Int(text), (1...64).contains(count) else {
        throw Fault(.analysis, "must be on, off, or a number of tracks at a time from 1 to 64")
      }
      return count
    }
  }

  /// `1073741824`, `512M`, `10G`, `1T`: binary units.
  private func byteCount(_ key: ConfigurationKey) throws(Fault) -> Int? {
    guard let text = self[key] else { return nil }
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = text.last.flatMap { units[Character($0.uppercased())] } ?? 0
    let digits = shift > 0 ? String(text.dropLast()) : text
    guard let number = Int(digits), number <= Int.max >> shift, number << shift >= 1 << 20 else {
      throw Fault(key, "must be a number of bytes of at least 1M, such as 10737418240, 512M or 10G")
    }
    return number << shift
  }

  /// `k2:secret,k1:secret`, newest first.
  private static func audioKeys(_ text: String) throws(Fault) -> [(id: String, secret: [UInt8])] {
    var keys: [(id: String, secret: [UInt8])] = []
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else {
        throw Fault(.audioKeys, "must be pairs id:secret, separated by commas, newest first")
      }
      keys.append((parts[0].trimmingCharacters(in: .whitespaces), Array(parts[1].utf8)))
    }
    do throws(AccessError) {
      _ = try AudioURLKeys(keys)
    } catch {
      throw Fault(
        .audioKeys,
        "must be pairs id:secret with different ids of 1 to 16 letters or digits and secrets of at least 32 bytes")
    }
    return keys
  }

  private static func origins(_ text: String) throws(Fault) -> [String] {
    let origins = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return try origins.map { text throws(Fault) in
      if text == "*" { return text }
      // As browsers write it.
      guard let origin = WebOrigin(text), ["http", "https"].contains(origin.scheme) else {
        throw Fault(
          .allowedOrigins, "must be origins such as https://music.example, separated by commas, or *")
      }
      return origin.description
    }
  }

  private static func parse(_ text: String, named name: String) throws(ConfigurationError) -> [String: Value] {
    var values: [String: Value] = [:]
    // An editor of another system ends lines by CR LF, which is one character here, and may begin with a byte order mark.
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let place = "\(name), line \(number + 1)"
      guard let equals = line.firstIndex(of: "=") else {
        throw ConfigurationError(complaint: "\(place): a line must be KEY=value, or a comment that begins with #")
      }
      let word = line[..<equals].trimmingCharacters(in: .whitespaces)
      guard let key = ConfigurationKey(rawValue: word) else {
        let known = ConfigurationKey.allCases.map(\.rawValue)
        let hint = WordDistance.closest(to: word.uppercased(), among: known).map { "did you mean \($0)?" }
        throw ConfigurationError(
          complaint: "\(place): there is no setting '\(LineText.escaped(word))'; "
            + (hint ?? "there are \(known.joined(separator: ", "))"))
      }
      let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
      values[key.rawValue] = Value(text: value, place: place)
    }
    return values
  }
}

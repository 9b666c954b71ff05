/// What is kept of a user's devices: their names, kinds, settings and last use, those first that have been away longest.
/// All are offline when they are read, none is active, and what is online counts as having left last. Those whose id
/// ends with them, and for which nothing was set, are left out.
extension DeviceRegistry: Codable {
  private static let format = 1

  private enum Key: String, CodingKey {
    case format, devices
  }

  private struct Stored: Codable {
    let id: String
    let name: String
    let kind: PlaybackDevice.Kind
    let dataSaver: Bool
    let outputDelayMs: Double
    let settings: PlaybackDevice.Settings
    /// None of these was kept at first: who is of that time isn't forgotten for it.
    let lastUsed: Int64?
    let hasReturned: Bool?
    let isTemporary: Bool?
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(Self.format, forKey: .format)
    let order = known.filter { !$0.value.isTemporary || $0.value.settings.isOwn }.sorted {
      let (left, right) = (
        $0.value.codecs == nil ? $0.value.leftAt : .max, $1.value.codecs == nil ? $1.value.leftAt : .max
      )
      return (left, $0.key) < (right, $1.key)
    }
    let stored = order.map { id, known in
      Stored(
        id: id, name: known.name, kind: known.kind, dataSaver: known.dataSaver, outputDelayMs: known.outputDelayMs,
        settings: known.settings, lastUsed: known.lastUsed, hasReturned: known.hasReturned,
        isTemporary: known.isTemporary)
    }
    try container.encode(stored, forKey: .devices)
  }

  /// Throws ``SessionError`` with `bad_data` for what no registry writes (a decoder throws its own error for what isn't
  /// even its syntax).
  public init(from decoder: any Decoder) throws {
    do {
      let container = try decoder.container(keyedBy: Key.self)
      guard try container.decode(Int.self, forKey: .format) == Self.format else {
        throw SessionError.badData("the devices are of an unknown format")
      }
      var source = try container.nestedUnkeyedContainer(forKey: .devices)
      while !source.isAtEnd {
        guard known.count < PlaybackLimits.knownDevices else { throw SessionError.badData("too many devices") }
        try add(try source.decode(Stored.self))
      }
    } catch let error as SessionError where error.code == .badData {
      throw error
    } catch {
      throw SessionError.badData("the devices are not written as such")
    }
  }

  private mutating func add(_ stored: Stored) throws(SessionError) {
    try Self.check(text: stored.id, "deviceId")
    try Self.check(PlaybackDevice.Settings(name: stored.name, outputDelayMs: stored.outputDelayMs))
    try Self.check(stored.settings)
    guard known[stored.id] == nil else { throw .badData("a device stands twice") }
    if let lastUsed = stored.lastUsed, !(0...Int64(PlaybackLimits.mostVersion)).contains(lastUsed) {
      throw .badData("a number is out of range")
    }
    departures += 1
    known[stored.id] = Known(
      name: stored.name, kind: stored.kind, dataSaver: stored.dataSaver, outputDelayMs: stored.outputDelayMs,
      settings: stored.settings, leftAt: departures, lastUsed: stored.lastUsed,
      isTemporary: stored.isTemporary ?? false, hasReturned: stored.hasReturned ?? true)
  }
}

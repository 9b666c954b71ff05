/// One of a user's devices, as the others see it.
public struct PlaybackDevice: Sendable, Equatable {
  /// What it is; only for a picture beside its name.
  public enum Kind: String, Sendable, CaseIterable, Codable {
    case web, mobile, desktop, speaker, tv, car, other
  }

  /// What it can decode.
  public enum Codec: String, Sendable, CaseIterable {
    case mp3, aac, ogg, opus, flac
  }

  /// What a device says of itself when it connects.
  public struct Announcement: Sendable, Equatable {
    public var name: String
    public var kind: Kind
    public var codecs: Set<Codec>
    public var dataSaver: Bool
    /// Milliseconds, 0 to ``PlaybackLimits/outputDelayMs``.
    public var outputDelayMs: Double
    /// Whether its id ends with it, as that of a browser's second tab does: it won't come again.
    public var isTemporary: Bool

    public init(
      name: String, kind: Kind = .other, codecs: Set<Codec> = Set(Codec.allCases), dataSaver: Bool = false,
      outputDelayMs: Double = 0, isTemporary: Bool = false
    ) {
      self.name = name
      self.kind = kind
      self.codecs = codecs
      self.dataSaver = dataSaver
      self.outputDelayMs = outputDelayMs
      self.isTemporary = isTemporary
    }
  }

  /// What somebody has set for a device; nil for what nobody has. Wins over what the device announces, and is kept.
  public struct Settings: Sendable, Equatable, Codable {
    public var name: String?
    /// 0 to 1.
    public var volume: Double?
    /// Milliseconds, 0 to ``PlaybackLimits/outputDelayMs``.
    public var outputDelayMs: Double?
    public var dataSaver: Bool?

    public init(name: String? = nil, volume: Double? = nil, outputDelayMs: Double? = nil, dataSaver: Bool? = nil) {
      self.name = name
      self.volume = volume
      self.outputDelayMs = outputDelayMs
      self.dataSaver = dataSaver
    }

    /// These settings where there are any, else the former ones.
    func over(_ former: Self) -> Self {
      Self(
        name: name ?? former.name, volume: volume ?? former.volume,
        outputDelayMs: outputDelayMs ?? former.outputDelayMs, dataSaver: dataSaver ?? former.dataSaver)
    }

    /// Whether a listener has taken the trouble to tell the device from others. Its volume doesn't say so: a player tells
    /// the one that it begins with.
    var isOwn: Bool { name != nil || outputDelayMs != nil || dataSaver != nil }
  }

  public let deviceId: String
  public let name: String
  public let kind: Kind
  /// 0 to 1.
  public let volume: Double
  /// How long after rendering it is heard, in milliseconds.
  public let outputDelayMs: Double
  public let dataSaver: Bool
  /// Empty while it is offline.
  public let codecs: Set<Codec>
  public let isOnline: Bool
  public let isActive: Bool
  public let isInGroup: Bool
  /// When it was last online, Unix time in milliseconds; nil while it is, and where that isn't known.
  public let lastUsed: Int64?
}

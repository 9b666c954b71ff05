import Synchronization

/// Encoders that are open and have encoded nothing yet.
///
/// Opening an encoder computes the tables of its psychoacoustic model, which takes as long as encoding two frames. For
/// the first sound of a listener that is a third of the whole work, so it's done ahead, when nobody waits.
/// What is kept follows what is asked for: settings that were never asked for have nothing in reserve.
public final class EncoderReserve: Sendable {
  private let spares = Mutex<[EncoderSettings: [any PacketEncoding]]>([:])

  public init() {}

  /// Spares that are kept for one setting: a spare MP3 encoder takes 0.13 MB and an AAC encoder 1.2 MB. FLAC's take
  /// 7 MB and open in a moment.
  static func capacity(for codec: EncoderSettings.Codec) -> Int {
    switch codec {
    case .mp3: 32
    case .aac: 6
    case .opus, .vorbis: 4
    case .flac: 0
    }
  }

  /// Says that encoders with these settings will be asked for.
  public func expect(_ settings: EncoderSettings) {
    spares.withLock { spares in
      if spares[settings] == nil { spares[settings] = [] }
    }
  }

  /// Opens one encoder that is missing from the reserve; false when none is. Throws `unsupported`, `encoderFailed`.
  public func replenish() throws(AudioCodecError) -> Bool {
    let missing = spares.withLock { spares in
      spares.first { $0.value.count < Self.capacity(for: $0.key.codec) }?.key
    }
    guard let missing else { return false }
    let spare = try missing.openEncoder()
    spares.withLock { $0[missing, default: []].append(spare) }
    return true
  }

  /// A spare, or an encoder that is opened now. Throws `unsupported`, `encoderFailed`.
  func take(_ settings: EncoderSettings) throws(AudioCodecError) -> any PacketEncoding {
    let spare = spares.withLock { $0[settings, default: []].popLast() }
    if let spare { return spare }
    return try settings.openEncoder()
  }

  /// Spares for these settings now.
  func count(_ settings: EncoderSettings) -> Int { spares.withLock { $0[settings]?.count ?? 0 } }
}

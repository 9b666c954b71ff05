import AudioCodec

/// Finds out what a file is. Blocking; called on a thread of the scanner's own.
public protocol AudioInspecting: Sendable {
  /// Reads the facts and tags of a file.
  /// - Parameter path: absolute.
  /// - Throws: ``InspectionError`` when it is no sound that can be played; anything else counts as passing trouble.
  func inspect(path: String) throws -> InspectedAudio
}

/// What a file is and says of itself, not yet trusted: ``TrackRecord`` brings it within bounds.
public struct InspectedAudio: Sendable, Equatable {
  public var tags = AudioTags()
  /// Seconds.
  public var duration: Double
  public var codec: String
  public var container: String
  /// Bit/s, 0 when unknown.
  public var bitrate: Int
  /// Hz.
  public var sampleRate: Int
  public var channels: Int
  /// nil for lossy codecs.
  public var bitsPerSample: Int?
  /// Samples of one channel at ``sampleRate``.
  public var sampleCount: Int64
  /// Hz of the segment grid.
  public var gridRate: Int
  /// Samples of one channel at ``gridRate``.
  public var gridSampleCount: Int64
  /// The embedded picture's bytes.
  public var cover: [UInt8]?
  /// Kept with the track for the codec's own use.
  public var sourceFacts: String?

  /// Facts without any tag.
  public init(
    duration: Double, codec: String, container: String, bitrate: Int, sampleRate: Int, channels: Int,
    bitsPerSample: Int?, sampleCount: Int64, gridRate: Int, gridSampleCount: Int64
  ) {
    self.duration = duration
    self.codec = codec
    self.container = container
    self.bitrate = bitrate
    self.sampleRate = sampleRate
    self.channels = channels
    self.bitsPerSample = bitsPerSample
    self.sampleCount = sampleCount
    self.gridRate = gridRate
    self.gridSampleCount = gridSampleCount
  }
}

/// Why a file is not taken into the library.
public struct InspectionError: Error, Sendable, Equatable {
  /// The stable name: `not_audio`, `truncated`, `unreadable`, …
  public let code: String

  /// One sentence for people, without the path.
  public let message: String

  /// Whether the file itself may be good (no permission, an I/O error): it is tried again with the next scan, while
  /// other failures wait until the file changes.
  public let isPassing: Bool

  public init(code: String, message: String, isPassing: Bool) {
    self.code = code
    self.message = message
    self.isPassing = isPassing
  }

  /// The code of ``interrupted(isSecondTry:)``.
  static let interruptedCode = "interrupted"

  /// The code of ``tookTooLong``, and of a decoder that came to its deadline.
  static let timedOutCode = AudioCodecError.Code.timedOut.rawValue

  /// It was still being looked into when ``Limits/inspectionTime`` was over: its own fault, or that of a disk that stands
  /// still. Tried again after ``Limits/slowFileSeconds``.
  static let tookTooLong = Self(
    code: timedOutCode, message: "To look into this file takes too long", isPassing: true)

  var wasInterrupted: Bool { code == Self.interruptedCode }

  /// The process ended while it looked into the file.
  /// - Parameter isSecondTry: whether that was the second time, with no other file in hand.
  static func interrupted(isSecondTry: Bool) -> Self {
    isSecondTry
      ? Self(
        code: interruptedCode,
        message: "The server ended twice while it looked into this file, which is left alone now",
        isPassing: false)
      : Self(
        code: interruptedCode, message: "The server ended while it looked into this file; the next scan tries again",
        isPassing: true)
  }
}

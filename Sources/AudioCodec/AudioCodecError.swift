/// What went wrong with a file or an encoder: a stable code, a sentence for people and the library's own words.
///
/// Neither text holds a path, so both may be logged and shown.
public struct AudioCodecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A stable name of a kind of failure. New ones may be added: handle what is unknown as `damaged`.
  public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    /// The bytes are no sound: a text file with a music file's name, an empty file, a directory.
    public static let notAudio = Code(rawValue: "not_audio")
    /// A container without a sound track in it, or one of no length.
    public static let noAudio = Code(rawValue: "no_audio")
    /// The file ends before the length that its header declares.
    public static let truncated = Code(rawValue: "truncated")
    /// The operating system refused or failed to read it.
    public static let unreadable = Code(rawValue: "unreadable")
    /// Sound that this build cannot decode or encode: an unknown codec, a rate out of range.
    public static let unsupported = Code(rawValue: "unsupported")
    /// The sampling rate changes within the file.
    public static let rateChanges = Code(rawValue: "rate_changes")
    /// More than a day of sound.
    public static let tooLong = Code(rawValue: "too_long")
    /// More tags than any music has; the decoder would look each up among all others.
    public static let tooManyTags = Code(rawValue: "too_many_tags")
    /// It looked like sound, and could not be decoded.
    public static let damaged = Code(rawValue: "damaged")
    /// The process, or the machine, can open no more files at this moment. Says nothing about this one.
    public static let exhausted = Code(rawValue: "exhausted")
    /// There is no such file (any more).
    public static let vanished = Code(rawValue: "vanished")
    /// The file was replaced by a different one since it was probed.
    public static let changed = Code(rawValue: "changed")
    /// The work did not end before its deadline.
    public static let timedOut = Code(rawValue: "timed_out")
    /// A caller's mistake: a range outside of the track, a bitrate that no encoder has.
    public static let invalidRequest = Code(rawValue: "invalid_request")
    /// The encoder failed, or memory ran out.
    public static let encoderFailed = Code(rawValue: "encoder_failed")
  }

  public var code: Code
  public var message: String
  /// The words of libav or of the operating system, if there are any.
  public var cause: String?

  static let moreThanADay = AudioCodecError(.tooLong, "The file holds more than a day of sound")

  public init(_ code: Code, _ message: String, cause: String? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String {
    guard let cause else { return "\(code): \(message)" }
    return "\(code): \(message) (\(cause))"
  }
}

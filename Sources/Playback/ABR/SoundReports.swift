/// Which of a device's reports say something of the sound that it holds, and what.
///
/// A report is about a stream and its age. Until the device has begun to play what was begun, or sought, last, an empty
/// buffer says nothing: the first chunk is on its way, or a sound card takes its time, on any link. So nothing counts
/// before a report says that this very sound is heard: it names the stream, and a position that can have been reached
/// since then. A report without them, of a simpler client, says so when the sound is older than any start takes and
/// some of it is there. From then on that counts which two reports in a row miss: what was on its way when the first was
/// written is there by the second.
public struct SoundReports: Sendable {
  /// What one report says of sound.
  public struct Report: Sendable {
    /// The stream that is heard, if it's named.
    public var streamId: String?
    /// Seconds into it, and when that is heard, in monotonic nanoseconds.
    public var position: Double?
    public var nanoseconds: Int64?
    /// Sound that is held, in seconds.
    public var bufferSeconds: Double

    public init(streamId: String?, position: Double?, nanoseconds: Int64?, bufferSeconds: Double) {
      self.streamId = streamId
      self.position = position
      self.nanoseconds = nanoseconds
      self.bufferSeconds = bufferSeconds
    }
  }

  private var streamId: String?
  private var startSeconds = 0.0
  private var beganAt = Int64.min
  private var isHeard = false
  /// What the last report that counts missed, in seconds.
  private var missed: Double?

  public init() {}

  /// Sound begins anew there: a stream in place of another, or where a seek leads.
  public mutating func begin(streamId: String, position: Double, now: Int64) {
    self = SoundReports()
    self.streamId = streamId
    startSeconds = position
    beganAt = now
  }

  /// The device goes on to that stream without a gap.
  public mutating func goOn(to streamId: String, now: Int64) {
    self.streamId = streamId
    startSeconds = 0
    beganAt = now
  }

  /// What the device lacks of the sound that it should hold, in seconds; nil where the report says nothing of that.
  /// - Parameter expectedSeconds: what was handed over, has arrived as far as the server knows, and is not heard yet.
  public mutating func lack(_ report: Report, expectedSeconds: Double, now: Int64) -> Double? {
    guard let streamId, report.streamId == nil || report.streamId == streamId, expectedSeconds.isFinite,
      report.bufferSeconds.isFinite
    else { return nil }
    isHeard = isHeard || showsThatItIsHeard(report, now: now)
    guard isHeard else { return nil }
    let missing = max(0, expectedSeconds - max(0, report.bufferSeconds) - PlaybackLimits.chunkSeconds)
    defer { missed = missing }
    return min(missing, missed ?? 0)
  }

  private func showsThatItIsHeard(_ report: Report, now: Int64) -> Bool {
    guard report.streamId != nil, let position = report.position, let moment = report.nanoseconds else {
      return seconds(until: now) >= PlaybackLimits.longestStartSeconds && report.bufferSeconds > 0
    }
    // A report of what was heard before a seek is of another place, or of an earlier moment.
    let most = startSeconds + seconds(until: moment) + PlaybackLimits.clockToleranceSeconds
    let least = startSeconds - PlaybackLimits.clockToleranceSeconds
    return moment >= beganAt && position >= least && position <= most
  }

  private func seconds(until moment: Int64) -> Double { (Double(moment) - Double(beganAt)) / 1e9 }
}

import Access
import NIOCore
import Playback
import Segments
import SocketIOServer

/// The quality `auto` of one device: asks the policy at each segment, and feeds it with what the connection carries.
///
/// Lives on the socket's event loop. One for a device, over all of its streams: what is known of the link stays.
final class AutomaticQuality {
  /// Its name in the protocol.
  static let name = "auto"

  private typealias Rung = (rendition: Rendition, bitsPerSecond: Double)

  /// Rungs of the ladder with the bitrate that is really sent, in bit/s: containers, heads, and for FLAC what music
  /// comes to at 44.1 kHz and 16 bits.
  private static let rungs: [Rung] = [
    (.opus48, 52_000), (.mp3x128, 130_000), (.ogg160, 165_000), (.aac192, 200_000), (.mp3x320, 323_000),
    (.flac, 900_000),
  ]
  /// What heads add to a file's own frames.
  private static let overhead = 1.02
  /// A rung that takes more than this share of a file's own frames saves nothing, and sounds worse.
  private static let mostOfOriginal = 0.85

  private unowned let socket: Socket
  private let plan: Plan
  private let decodes: (Rendition) -> Bool
  /// What the device may have of a track that has lost nothing.
  private let possible: [Rung]
  /// What it may have of the track that was chosen for last; a rung's id is its place.
  private var rungs: [Rung]
  private var fingerprint = ""
  private var policy: AdaptiveBitrate
  /// The connection at the last decision.
  private var last: ConnectionStatistics?
  /// Less than TCP's first window was on its way then: what has been sent since found the connection idle.
  private var wasIdle = true
  /// What the device's reports say of the sound that it was sent last.
  private var sound = SoundReports()

  /// Nil for a device that decodes nothing that it may have.
  init?(socket: Socket, plan: Plan, codecs: Set<PlaybackDevice.Codec>, savesData: Bool) {
    let decodes = { (rendition: Rendition) in codecs.contains { $0.rawValue == rendition.codecName } }
    self.decodes = decodes
    let all = Self.rungs.filter { decodes($0.rendition) && QualityLadder.allows($0.rendition, plan) }
    // Two codecs at one bitrate would only be two decoders: Vorbis is for those that have nothing else.
    possible = all.count > 1 ? all.filter { $0.rendition != .ogg160 } : all
    rungs = possible
    guard let ladder = Self.ladder(of: possible) else { return nil }
    self.socket = socket
    self.plan = plan
    policy = AdaptiveBitrate(ladder: ladder)
    policy.savesData = savesData
  }

  private static func ladder(of rungs: [Rung]) -> BitrateLadder? {
    BitrateLadder(rungs.enumerated().map { .init(id: $0.offset, bitsPerSecond: $0.element.bitsPerSecond) })
  }

  /// Chooses among what there is of a track: nothing goes above a file that has lost something already. Its own frames are
  /// the top, or else what loses nothing audible of them.
  private func consider(_ track: PlayableTrack) {
    guard track.segments.fingerprint != fingerprint else { return }
    fingerprint = track.segments.fingerprint
    rungs = self.rungs(for: track)
    if let ladder = Self.ladder(of: rungs) { policy.change(to: ladder) }
  }

  private func rungs(for track: PlayableTrack) -> [Rung] {
    guard let source = track.lossySource else { return possible }
    if let original = source.original, decodes(original), QualityLadder.allows(original, plan) {
      let top = Double(source.bitrate) * Self.overhead
      return possible.filter { $0.bitsPerSecond < top * Self.mostOfOriginal } + [(original, top)]
    }
    let nearest = QualityLadder.nearest(to: source) { rendition in
      possible.contains { $0.rendition == rendition }
    }
    guard let top = possible.firstIndex(where: { $0.rendition == nearest }) else { return possible }
    return Array(possible[...top])
  }

  var savesData: Bool {
    get { policy.savesData }
    set { policy.savesData = newValue }
  }

  /// Whether so much is on its way that the next choice had better wait.
  var isBehind: Bool {
    socket.bufferedBytes + (socket.connectionStatistics?.pendingBytes ?? 0) > GatewayLimits.undecidedBytes
  }

  /// Sound begins anew on the device: a stream in place of another, or where a seek leads.
  func begins(streamId: String, position: Double, now: Int64) {
    sound.begin(streamId: streamId, position: position, now: now)
  }

  /// The device goes on to another stream without a gap.
  func goesOn(to streamId: String, now: Int64) { sound.goOn(to: streamId, now: now) }

  /// The rendition with which sound begins anew.
  func first(
    of track: PlayableTrack, fullSeconds: Double, now: Int64
  ) -> (rendition: Rendition, reason: String) {
    consider(track)
    takeSample()
    return found(policy.first(fullSeconds: fullSeconds, now: now))
  }

  /// The rendition for the next segment of a stream.
  /// - Parameters:
  ///   - track: the stream's.
  ///   - current: what is being sent.
  ///   - bufferSeconds: sound that has been handed over and not been heard.
  ///   - fullSeconds: how much that is when nothing is sent any more.
  func next(
    of track: PlayableTrack, after current: Rendition, bufferSeconds: Double, fullSeconds: Double, now: Int64
  ) -> (rendition: Rendition, reason: String) {
    takeSample()
    let buffer = arrived(of: bufferSeconds, in: current)
    consider(track)
    return found(policy.next(bufferSeconds: buffer, fullSeconds: fullSeconds, now: now))
  }

  private func found(_ decision: AdaptiveBitrate.Decision) -> (rendition: Rendition, reason: String) {
    (rungs[decision.rung.id].rendition, decision.reason.rawValue)
  }

  /// Tells the policy what the connection has carried since the last decision.
  private func takeSample() {
    guard let now = socket.connectionStatistics else { return }
    if let last, now.acknowledgedBytes >= last.acknowledgedBytes {
      policy.delivered(
        bytes: Int(clamping: now.acknowledgedBytes - last.acknowledgedBytes),
        over: now.busyNanoseconds - last.busyNanoseconds, wasIdle: wasIdle)
    }
    last = now
    wasIdle = now.pendingBytes + socket.bufferedBytes < PlaybackLimits.firstWindowBytes
  }

  /// Sound that was handed over, without what is still on its way.
  private func arrived(of seconds: Double, in rendition: Rendition) -> Double {
    guard let pending = socket.connectionStatistics?.pendingBytes,
      let rate = rungs.first(where: { $0.rendition == rendition })?.bitsPerSecond ?? Self.rate(of: rendition)
    else { return max(0, seconds) }
    return max(0, seconds - Double(pending + socket.bufferedBytes) * 8 / rate)
  }

  /// Of what was sent of another track.
  private static func rate(of rendition: Rendition) -> Double? {
    rendition.isOriginal
      ? Double(rendition.bitrate) * overhead : rungs.first { $0.rendition == rendition }?.bitsPerSecond
  }

  /// What the device says of its network.
  /// - Parameters:
  ///   - isOfArrivals: its bandwidth is that of bytes that arrived while some were on their way.
  ///   - report: what it says of the sound that it holds.
  ///   - stream: what it's sent, which decides how much it should hold.
  func report(
    bandwidth: Double?, isOfArrivals: Bool, roundTripSeconds: Double?, _ report: SoundReports.Report?,
    of stream: AudioStream?, now: Int64
  ) {
    var expected: Double?
    var lack: Double?
    if let report, let stream {
      let seconds = arrived(of: stream.aheadSeconds(now: now), in: stream.choice.rendition)
      expected = seconds
      lack = sound.lack(report, expectedSeconds: seconds, now: now)
    }
    policy.report(
      bitsPerSecond: bandwidth, isOfArrivals: isOfArrivals,
      bufferSeconds: lack.flatMap { lack in expected.map { $0 - lack } }, expectedSeconds: expected,
      roundTripSeconds: roundTripSeconds, now: now)
  }
}

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

  /// Rungs of the ladder with the bitrate that is really sent, in bit/s: containers, heads, and for FLAC what music
  /// comes to at 44.1 kHz and 16 bits.
  private static let rungs: [(rendition: Rendition, bitsPerSecond: Double)] = [
    (.opus48, 52_000), (.mp3x128, 130_000), (.ogg160, 165_000), (.aac192, 200_000), (.mp3x320, 323_000),
    (.flac, 900_000),
  ]

  private unowned let socket: Socket
  private var policy: AdaptiveBitrate
  /// The connection at the last decision.
  private var last: ConnectionStatistics?
  /// Less than TCP's first window was on its way then: what has been sent since found the connection idle.
  private var wasIdle = true
  /// What the device's reports say of the sound that it was sent last.
  private var sound = SoundReports()

  /// Nil for a device that decodes nothing that it may have.
  init?(socket: Socket, plan: Plan, codecs: Set<PlaybackDevice.Codec>, savesData: Bool) {
    let entitlement = Entitlement(plan)
    let possible = Self.rungs.enumerated().compactMap { id, rung in
      codecs.contains { $0.rawValue == rung.rendition.codecName }
        && entitlement.allows(bitrate: rung.rendition.bitrate, lossless: rung.rendition == .flac)
        ? BitrateLadder.Rung(id: id, bitsPerSecond: rung.bitsPerSecond) : nil
    }
    // Two codecs at one bitrate would only be two decoders: Vorbis is for those that have nothing else.
    let ogg = Self.rungs.firstIndex { $0.rendition == .ogg160 }
    guard let ladder = BitrateLadder(possible.count > 1 ? possible.filter { $0.id != ogg } : possible) else {
      return nil
    }
    self.socket = socket
    policy = AdaptiveBitrate(ladder: ladder)
    policy.savesData = savesData
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
  func first(fullSeconds: Double, now: Int64) -> (rendition: Rendition, reason: String) {
    takeSample()
    return found(policy.first(fullSeconds: fullSeconds, now: now))
  }

  /// The rendition for the next segment of a stream.
  /// - Parameters:
  ///   - current: what is being sent.
  ///   - bufferSeconds: sound that has been handed over and not been heard.
  ///   - fullSeconds: how much that is when nothing is sent any more.
  func next(
    after current: Rendition, bufferSeconds: Double, fullSeconds: Double, now: Int64
  ) -> (rendition: Rendition, reason: String) {
    takeSample()
    let buffer = arrived(of: bufferSeconds, in: current)
    return found(policy.next(bufferSeconds: buffer, fullSeconds: fullSeconds, now: now))
  }

  private func found(_ decision: AdaptiveBitrate.Decision) -> (rendition: Rendition, reason: String) {
    (Self.rungs[decision.rung.id].rendition, decision.reason.rawValue)
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
      let rung = Self.rungs.first(where: { $0.rendition == rendition })
    else { return max(0, seconds) }
    return max(0, seconds - Double(pending + socket.bufferedBytes) * 8 / rung.bitsPerSecond)
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

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

  /// The rendition for the next segment of a stream.
  /// - Parameters:
  ///   - current: what is being sent; nil for a stream that begins.
  ///   - bufferSeconds: sound that has been handed over and not been heard.
  ///   - fullSeconds: how much that is when nothing is sent any more.
  func next(
    after current: Rendition?, bufferSeconds: Double, fullSeconds: Double, now: Int64
  ) -> (rendition: Rendition, reason: String) {
    var buffer = bufferSeconds
    if let now = socket.connectionStatistics {
      if let last, now.acknowledgedBytes >= last.acknowledgedBytes {
        policy.delivered(
          bytes: Int(clamping: now.acknowledgedBytes - last.acknowledgedBytes),
          over: now.busyNanoseconds - last.busyNanoseconds, wasIdle: wasIdle)
      }
      last = now
      wasIdle = now.pendingBytes + socket.bufferedBytes < PlaybackLimits.firstWindowBytes
      // What is still on its way is not in the device's buffer.
      if let current, let rung = Self.rungs.first(where: { $0.rendition == current }) {
        buffer -= Double(now.pendingBytes + socket.bufferedBytes) * 8 / rung.bitsPerSecond
      }
    }
    let decision = policy.next(bufferSeconds: max(0, buffer), fullSeconds: fullSeconds, now: now)
    return (Self.rungs[decision.rung.id].rendition, decision.reason.rawValue)
  }

  /// What the device says of its network.
  /// - Parameter expectedSeconds: sound that it should hold.
  func report(
    bandwidth: Double?, bufferSeconds: Double?, expectedSeconds: Double?, roundTripSeconds: Double?, now: Int64
  ) {
    policy.report(
      bitsPerSecond: bandwidth, bufferSeconds: bufferSeconds, expectedSeconds: expectedSeconds,
      roundTripSeconds: roundTripSeconds, now: now)
  }
}

import NIOCore

/// A track of the server's library, as far as a listener cares.
struct LoadTrack: Sendable, Equatable, Decodable {
  var id: String
  /// Seconds.
  var duration: Double
}

/// Everything that the listeners of a run have in common.
struct LoadPlan: Sendable {
  var target: LoadTarget
  var tracks: [LoadTrack]
  var schedule: LoadSchedule
  var quality: String
  var codec: String?
  var format = ChunkFormat.binary
  var bufferSeconds: Double?
  /// Seconds between two seeks of a listener; nil: nobody seeks.
  var seekEvery: Double?
  /// Seek only to where this listener has never been near.
  var seekCold = false
  /// Nobody plays before everyone is connected.
  var together = false
  var threads = 1
  var seed: UInt64 = 1

  /// The address to connect from, so that there are enough ports for everyone; nil: the system's choice.
  func sourceAddress(ofListener index: Int) -> SocketAddress? {
    guard schedule.peak > Limits.listenersOfOneAddress, target.scope == .loopback, case .v4 = target.address else {
      return nil
    }
    let host = 1 + index / Limits.listenersPerAddress
    return try? SocketAddress(ipAddress: "127.0.0.\(min(host, 254))", port: 0)
  }
}

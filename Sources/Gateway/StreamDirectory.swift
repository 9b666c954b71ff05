import DequeModule
import Foundation
import NIOCore
import Playback
import Segments
import Synchronization

/// Every stream of this server by its id: made and not yet played, playing, and lately ended.
public final class StreamDirectory: Sendable {
  /// What `GET /api/v1/stream/status/{id}` tells.
  public struct Status: Sendable, Encodable {
    public enum State: String, Sendable, Encodable { case prepared, playing, paused, ended }
    public var streamId: String
    public var trackId: String
    public var state: State
    public var position: Double
    public var duration: Double
    public var quality: String
    public var codec: String
    public var epoch: UInt32
    public var chunks: UInt64
    public var bytes: UInt64
  }

  /// A stream that waits for somebody to play it.
  struct Prepared: Sendable {
    let userId: String
    let track: PlayableTrack
    let choice: QualityLadder.Choice
    let sample: Int64
    let expires: NIODeadline
  }

  private enum Entry {
    case prepared(Prepared)
    case live(userId: String, NIOLoopBound<DeviceSession>)
    case ended(userId: String, Status)
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// In the order in which they were made, or ended: what is dropped first.
    var prepared: Deque<String> = []
    /// The same of each user.
    var preparedOfUser: [String: Deque<String>] = [:]
    var ended: Deque<String> = []
  }

  private let state = Mutex(State())

  init() {}

  /// A new id: 16 random bytes, which nobody can guess.
  static func makeId() -> String {
    "st_" + (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
  }

  /// Keeps a stream for its minute. Whoever has as many as he may have loses his oldest, and nobody else's.
  func add(_ prepared: Prepared, id: String) {
    state.withLock { state in
      let now = NIODeadline.now()
      while let first = state.prepared.first {
        if case .prepared(let oldest) = state.entries[first] {
          guard oldest.expires < now || state.prepared.count >= GatewayLimits.preparedStreams else { break }
          Self.drop(first, of: oldest.userId, in: &state)
        }
        state.prepared.removeFirst()
      }
      if let own = state.preparedOfUser[prepared.userId], own.count >= GatewayLimits.preparedStreamsPerUser {
        Self.drop(own[0], of: prepared.userId, in: &state)
      }
      state.entries[id] = .prepared(prepared)
      state.prepared.append(id)
      state.preparedOfUser[prepared.userId, default: []].append(id)
      // What was played or dropped before its minute was over leaves its place when there are too many such.
      if state.prepared.count > 2 * state.entries.count + 64 {
        state.prepared.removeAll { if case .prepared = state.entries[$0] { false } else { true } }
      }
    }
  }

  /// A prepared stream is one no longer.
  private static func drop(_ id: String, of userId: String, in state: inout State) {
    state.entries[id] = nil
    guard var own = state.preparedOfUser.removeValue(forKey: userId) else { return }
    own.removeAll { $0 == id }
    if !own.isEmpty { state.preparedOfUser[userId] = own }
  }

  /// Takes a prepared stream out; nil when there is none of that id for this user, or its minute is over.
  func take(id: String, userId: String) -> Prepared? {
    state.withLock { state in
      guard case .prepared(let prepared) = state.entries[id], prepared.userId == userId, prepared.expires > .now()
      else { return nil }
      Self.drop(id, of: userId, in: &state)
      return prepared
    }
  }

  func began(id: String, userId: String, session: NIOLoopBound<DeviceSession>) {
    state.withLock { $0.entries[id] = .live(userId: userId, session) }
  }

  func ended(userId: String, _ status: Status) {
    state.withLock { state in
      state.entries[status.streamId] = .ended(userId: userId, status)
      state.ended.append(status.streamId)
      if state.ended.count > GatewayLimits.endedStreams { state.entries[state.ended.removeFirst()] = nil }
    }
  }

  /// What a stream of this user is doing.
  /// - Throws: `unknown_stream`, also for somebody else's.
  public func status(of id: String, userId: String) async throws(DubplateError) -> Status {
    enum Found: Sendable { case status(Status), session(NIOLoopBound<DeviceSession>, any EventLoop) }
    let found = state.withLock { state -> Found? in
      switch state.entries[id] {
      case .prepared(let prepared) where prepared.userId == userId && prepared.expires > .now():
        .status(prepared.status(id: id))
      case .live(userId, let session): .session(session, session.eventLoop)
      case .ended(userId, let status): .status(status)
      default: nil
      }
    }
    switch found {
    case .status(let status): return status
    case .session(let session, let eventLoop):
      let status = try? await eventLoop.submit { session.value.status(of: id) }.get()
      if let status = status ?? nil { return status }
    case nil: break
    }
    throw DubplateError(.unknownStream, "there is no such stream")
  }

  /// Streams that are being played.
  public var liveCount: Int {
    state.withLock { $0.entries.values.count { if case .live = $0 { true } else { false } } }
  }
}

extension StreamDirectory.Prepared {
  fileprivate func status(id: String) -> StreamDirectory.Status {
    .init(
      streamId: id, trackId: track.id, state: .prepared, position: Double(sample) / Double(track.sampleRate),
      duration: track.duration,
      quality: choice.quality, codec: choice.rendition.codecName, epoch: 0, chunks: 0, bytes: 0)
  }
}

import Access
import Synchronization

/// The keys of audio URLs, and the grants of tokens that were verified a moment ago: a player sends the same token with
/// every segment.
///
/// Grants are bounded by forgetting all of them when there are too many; what is forgotten is verified again.
final class AudioKeyring: Sendable {
  private struct State {
    var keys: AudioURLKeys
    /// Counts changes of the keys: what was verified by older ones isn't kept.
    var generation = 0
    var grants: [String: AudioGrant] = [:]
  }

  private let state: Mutex<State>

  init(_ keys: AudioURLKeys) {
    state = Mutex(State(keys: keys))
  }

  /// From now on these sign and are believed, and no others.
  func replace(_ keys: AudioURLKeys) {
    state.withLock { $0 = State(keys: keys, generation: $0.generation + 1) }
  }

  func token(for grant: AudioGrant) -> String {
    state.withLock(\.keys).token(for: grant)
  }

  /// What a token grants for a track.
  /// - Parameter now: Unix seconds.
  /// - Throws: as ``AudioURLKeys/verify(_:trackID:country:now:)``.
  func grant(_ token: String?, trackID: String, now: Int64) throws(AccessError) -> AudioGrant {
    let (known, keys, generation) = state.withLock { state in
      (token.flatMap { state.grants[$0] }, state.keys, state.generation)
    }
    if let known, known.trackID == trackID, now < known.expires { return known }
    let grant = try keys.verify(token, trackID: trackID, now: now)
    if let token {
      state.withLock { state in
        guard state.generation == generation else { return }
        if state.grants.count >= WebLimits.knownGrants { state.grants = [:] }
        state.grants[token] = grant
      }
    }
    return grant
  }
}

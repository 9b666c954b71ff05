import Access
import Synchronization

/// Grants of tokens that were verified a moment ago: a player sends the same token with every segment.
///
/// Bounded by forgetting everything when it's full: what is forgotten is verified again.
final class GrantCache: Sendable {
  private let known = Mutex<[String: AudioGrant]>([:])

  /// The grant of a token that was good for that track and hasn't expired.
  func grant(_ token: String, trackID: String, now: Int64) -> AudioGrant? {
    guard let grant = known.withLock({ $0[token] }), grant.trackID == trackID, now < grant.expires else { return nil }
    return grant
  }

  func keep(_ grant: AudioGrant, of token: String) {
    known.withLock { known in
      if known.count >= WebLimits.knownGrants { known = [:] }
      known[token] = grant
    }
  }
}

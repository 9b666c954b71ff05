import Catalog
import Gateway

/// Has tracks analysed that somebody asks about before their turn has come.
public protocol TrackAnalysing: Sendable {
  /// Analyses a track ahead of all others; returns when what came of it is stored, or `limit` has passed.
  /// - Throws: `busy` when too many are waited for.
  func analyse(_ track: Track, within limit: Duration) async throws(DubplateError)
}

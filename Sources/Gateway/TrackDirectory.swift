import Catalog
import Logging
import NIOCore
import OrderedCollections
import Synchronization

/// The catalogue's tracks by id, kept in memory for a moment: a track that everybody plays is looked up once.
public final class TrackDirectory: Sendable {
  private struct Entry {
    let track: PlayableTrack
    let expires: NIODeadline
  }

  private let repository: any TrackRepository
  private let libraryRoot: String
  private let logger: Logger
  private let entries = Mutex<OrderedDictionary<String, Entry>>([:])

  public init(repository: any TrackRepository, libraryRoot: String, logger: Logger) {
    self.repository = repository
    self.libraryRoot = libraryRoot
    self.logger = logger
  }

  /// The track, if it is in memory: no waiting.
  func cached(_ id: String) -> PlayableTrack? {
    entries.withLock { entries in
      guard let entry = entries[id], entry.expires > .now() else { return nil }
      return entry.track
    }
  }

  /// The track, from memory or the catalogue.
  /// - Throws: `unknown_track`, `track_unavailable` for one whose file has gone, `internal`.
  public func track(_ id: String) async throws(DubplateError) -> PlayableTrack {
    if let known = cached(id) { return known }
    let found: Track?
    do {
      found = try await repository.track(id: id)
    } catch {
      logger.error("the catalogue can't be read", metadata: ["error": "\(error)"])
      throw DubplateError(.internalFault, "the catalogue can't be read")
    }
    guard let found else { throw DubplateError(.unknownTrack, "there is no such track") }
    guard found.missingSince == nil else { throw DubplateError(.trackUnavailable, "the track's file has gone") }
    let track = PlayableTrack(track: found, libraryRoot: libraryRoot)
    entries.withLock { entries in
      entries[id] = nil  // so that it goes to the end
      entries[id] = Entry(track: track, expires: .now() + GatewayLimits.cachedTrackLifetime)
      // The oldest leave in a batch: taking the first of an ordered dictionary out moves all the others.
      if entries.count > GatewayLimits.cachedTracks { entries.removeFirst(GatewayLimits.cachedTracks / 4) }
    }
    return track
  }
}

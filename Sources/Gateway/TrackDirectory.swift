import Catalog
import Logging
import NIOCore
import OrderedCollections
import Synchronization

/// The catalogue's tracks by id, kept in memory for a moment: a track that everybody plays is looked up once.
///
/// Look-ups that come while one is under way wait and go together in the next one: forty listeners who start at once
/// cost two or three queries and as many changes of thread, not forty.
public final class TrackDirectory: Sendable {
  typealias Found = Result<PlayableTrack, DubplateError>
  private typealias Waiter = @Sendable (Found) -> Void

  private struct Entry {
    let track: PlayableTrack
    let expires: NIODeadline
  }

  private struct State {
    var entries: OrderedDictionary<String, Entry> = [:]
    /// Who waits for what, in the order in which it was asked for first.
    var waiting: OrderedDictionary<String, [Waiter]> = [:]
    var waiterCount = 0
    var isLoading = false
  }

  private let repository: any TrackRepository
  private let analyses: (any AnalysisRepository)?
  private let libraryRoot: String
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter analyses: where the tracks' loudness is known; nil for nowhere.
  public init(
    repository: any TrackRepository, analyses: (any AnalysisRepository)? = nil, libraryRoot: String, logger: Logger
  ) {
    self.repository = repository
    self.analyses = analyses
    self.libraryRoot = libraryRoot
    self.logger = logger
  }

  /// The track, if it is in memory: no waiting.
  public func cached(_ id: String) -> PlayableTrack? {
    state.withLock { state in
      guard let entry = state.entries[id], entry.expires > .now() else { return nil }
      return entry.track
    }
  }

  /// The track, from memory or the catalogue.
  /// - Throws: `unknown_track`, `track_unavailable` for one whose file has gone, `busy`, `internal`.
  public func track(_ id: String) async throws(DubplateError) -> PlayableTrack {
    if let known = cached(id) { return known }
    return try await withCheckedContinuation { continuation in lookUp(id) { continuation.resume(returning: $0) } }.get()
  }

  /// Asks the catalogue; `completion` is called once, on any thread.
  func lookUp(_ id: String, completion: @escaping @Sendable (Found) -> Void) {
    enum Next { case load, wait, refuse }
    let next = state.withLock { state -> Next in
      guard state.waiterCount < GatewayLimits.waitingLookUps else { return .refuse }
      state.waiterCount += 1
      state.waiting[id, default: []].append(completion)
      defer { state.isLoading = true }
      return state.isLoading ? .wait : .load
    }
    switch next {
    case .load: Task { await loadWaiting() }
    case .wait: break
    case .refuse:
      completion(.failure(DubplateError(.busy, "too many tracks are being looked up", retryAfterMilliseconds: 1_000)))
    }
  }

  private func loadWaiting() async {
    while let batch = takeBatch() {
      do {
        var missing = batch
        async let known = loudness(of: batch.keys.elements)
        let tracks = try await repository.tracks(ids: batch.keys.elements)
        let loudness = await known
        for track in tracks {
          let waiters = missing.removeValue(forKey: track.id) ?? []
          let found = keep(track, loudness[track.id])
          for waiter in waiters { waiter(found) }
        }
        for waiter in missing.values.joined() {
          waiter(.failure(DubplateError(.unknownTrack, "there is no such track")))
        }
      } catch {
        logger.error("the catalogue can't be read", metadata: ["error": "\(error)"])
        let failure = DubplateError(.internalFault, "the catalogue can't be read")
        for waiter in batch.values.joined() { waiter(.failure(failure)) }
      }
    }
  }

  private func takeBatch() -> OrderedDictionary<String, [Waiter]>? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isLoading = false
        return nil
      }
      let count = min(state.waiting.count, GatewayLimits.lookUpBatch)
      let batch = OrderedDictionary(uniqueKeysWithValues: state.waiting.elements.prefix(count))
      state.waiting.removeFirst(count)
      state.waiterCount -= batch.values.reduce(0) { $0 + $1.count }
      return batch
    }
  }

  /// Nobody waits in vain for sound because its loudness can't be read.
  private func loudness(of ids: [String]) async -> [String: TrackLoudness] {
    do {
      return try await analyses?.loudness(of: ids) ?? [:]
    } catch {
      logger.error("the tracks' loudness can't be read", metadata: ["error": "\(error)"])
      return [:]
    }
  }

  private func keep(_ found: Track, _ loudness: TrackLoudness?) -> Found {
    guard found.missingSince == nil else {
      return .failure(DubplateError(.trackUnavailable, "the track's file has gone"))
    }
    let track = PlayableTrack(track: found, libraryRoot: libraryRoot, loudness: loudness)
    state.withLock { state in
      // In its place: taking one out moves all those behind it.
      state.entries[track.id] = Entry(track: track, expires: .now() + GatewayLimits.cachedTrackLifetime)
      // The oldest leave in a batch: taking the first of an ordered dictionary out moves all the others.
      if state.entries.count > GatewayLimits.cachedTracks {
        state.entries.removeFirst(GatewayLimits.cachedTracks / 4)
      }
    }
    return .success(track)
  }
}

import Synchronization

/// Whether the server can serve: what `/readyz` answers.
public final class Readiness: Sendable {
  private struct State {
    var ownReason: String? = "starting"
    var libraryReason: String?
  }

  private let state = Mutex(State())

  public init() {}

  /// Serving from now on.
  public func becomeReady() { state.withLock { $0.ownReason = nil } }

  /// Not (any more), and why.
  public func becomeUnready(_ reason: String) { state.withLock { $0.ownReason = reason } }

  /// What is wrong with the library; nil when nothing is. Everybody may read it: it holds no path.
  public func noteLibrary(_ reason: String?) { state.withLock { $0.libraryReason = reason } }

  /// Why it isn't ready; nil when it is.
  public var reason: String? { state.withLock { $0.ownReason ?? $0.libraryReason } }
}

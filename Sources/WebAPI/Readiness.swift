import Synchronization

/// Whether the server can serve: what `/readyz` answers.
public final class Readiness: Sendable {
  private let state = Mutex("starting")

  public init() {}

  /// Serving from now on.
  public func becomeReady() { state.withLock { $0 = "" } }

  /// Not (any more), and why.
  public func becomeUnready(_ reason: String) { state.withLock { $0 = reason } }

  /// Why it isn't ready; nil when it is.
  public var reason: String? { state.withLock { $0.isEmpty ? nil : $0 } }
}

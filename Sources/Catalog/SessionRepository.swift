import Foundation

/// What of listeners' sessions (queue, devices, position) survives a restart, written and read as a whole.
public protocol SessionRepository: Sendable {
  /// What was kept for a user; nil for nothing.
  func session(userId: String) async throws -> Data?

  /// Keeps sessions, by user, in place of what was kept before.
  func save(_ sessions: [String: Data]) async throws
}

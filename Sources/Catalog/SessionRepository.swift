import Foundation

/// What of listeners' sessions (queue, devices, position) survives a restart, written and read as a whole.
public protocol SessionRepository: Sendable {
  /// What was kept for a user; nil for nothing.
  func session(userId: String) async throws -> StoredSession?

  /// The same for several, by user; those for whom nothing was are not in it.
  func sessions(userIds: [String]) async throws -> [String: StoredSession]

  /// Keeps sessions, by user, in place of what was kept before.
  func save(_ sessions: [String: Data]) async throws

  /// A server that serves since `start` is still alive.
  func leaveSign(since start: Date, at now: Date) async throws
}

extension SessionRepository {
  /// One after the other, for a home that has no better way.
  public func sessions(userIds: [String]) async throws -> [String: StoredSession] {
    var found: [String: StoredSession] = [:]
    for userId in userIds { found[userId] = try await session(userId: userId) }
    return found
  }
}

/// What was kept for a user.
public struct StoredSession: Sendable, Equatable {
  public let body: Data
  /// The last sign of life of the server that kept it; nil if it left none.
  public let serverSeenAt: Date?

  public init(body: Data, serverSeenAt: Date?) {
    self.body = body
    self.serverSeenAt = serverSeenAt
  }
}

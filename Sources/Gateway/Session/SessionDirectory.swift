import Catalog
import Foundation
import Logging
import NIOCore
import Playback
import Synchronization

/// The sessions of all listeners who have a device here, and lately had one.
final class SessionDirectory: Sendable {
  private struct Entry {
    let session: UserSession
    var deviceCount: Int
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// What is to be written, the newest of each user.
    var unsaved: [String: KeptSession] = [:]
    var saver: Task<Void, Never>?
  }

  private let state = Mutex(State())
  private let repository: (any SessionRepository)?
  private let logger: Logger

  /// - Parameter repository: where sessions survive a restart; nil for nowhere.
  init(repository: (any SessionRepository)?, logger: Logger) {
    self.repository = repository
    self.logger = logger
  }

  /// A device has come, on its event loop. Nil when the user has as many as may share a session: it is on its own then.
  func join(_ userId: String, services: StreamGateway.Services, eventLoop: any EventLoop) -> UserSession? {
    let (session, isNew) = state.withLock { state -> (UserSession?, Bool) in
      if var entry = state.entries[userId] {
        guard entry.deviceCount < PlaybackLimits.devicesPerUser else { return (nil, false) }
        entry.deviceCount += 1
        state.entries[userId] = entry
        return (entry.session, false)
      }
      let session = UserSession(userId: userId, services: services, eventLoop: eventLoop)
      state.entries[userId] = Entry(session: session, deviceCount: 1)
      return (session, true)
    }
    if isNew, let session { load(userId, into: session, on: eventLoop) }
    return session
  }

  private func load(_ userId: String, into session: UserSession, on eventLoop: any EventLoop) {
    if let unsaved = state.withLock({ $0.unsaved[userId] }) { return session.load(unsaved) }
    guard let repository else { return session.load(nil) }
    Task { [logger] in
      let stored: StoredSession?
      do {
        stored = try await repository.session(userId: userId)
      } catch {
        logger.error(
          "a listener's session can't be read; its changes are not kept until all of its devices have left",
          metadata: ["user": "\(userId)", "error": "\(error)"])
        return session.load(nil, keepsChanges: false)
      }
      do {
        let kept = try stored.map { try JSONDecoder().decode(KeptSession.self, from: $0.body) }
        session.load(kept, end: stored?.serverSeenAt.map { $0.timeIntervalSince1970 * 1_000 })
      } catch {
        logger.error(
          "a listener's stored session is damaged, and begins empty",
          metadata: ["user": "\(userId)", "error": "\(error)"])
        session.load(nil)
      }
    }
  }

  /// A device that shared the session has gone.
  func leave(_ userId: String) {
    state.withLock { $0.entries[userId]?.deviceCount -= 1 }
  }

  /// The session has nobody left: it's written down and forgotten, unless somebody has come meanwhile.
  func isEmpty(_ core: UserSession.Core) {
    core.save()
    state.withLock { state in
      if state.entries[core.userId]?.deviceCount == 0 { state.entries[core.userId] = nil }
    }
  }

  /// Writes a session soon; a newer one takes the place of one that waits.
  func save(_ userId: String, _ session: KeptSession) {
    guard let repository else { return }
    state.withLock { state in
      state.unsaved[userId] = session
      if state.saver == nil { state.saver = Task { await saveAll(to: repository) } }
    }
  }

  private func saveAll(to repository: any SessionRepository) async {
    while true {
      let batch = state.withLock { state in
        if state.unsaved.isEmpty { state.saver = nil }
        return state.unsaved
      }
      guard !batch.isEmpty else { return }
      do {
        try await repository.save(try batch.mapValues { try JSONEncoder().encode($0) })
      } catch {
        logger.error("sessions can't be kept", metadata: ["count": "\(batch.count)", "error": "\(error)"])
      }
      state.withLock { state in
        for (user, session) in batch where state.unsaved[user] == session { state.unsaved[user] = nil }
      }
    }
  }

  /// Leaves a sign of life: what sounds goes on sounding, and nobody writes that down for each listener. If this server
  /// is killed, the next one reckons from it where they were.
  func leaveSign(since start: Date, at now: Date) async {
    do {
      try await repository?.leaveSign(since: start, at: now)
    } catch {
      logger.error(
        "a sign of life can't be kept: after a crash, listeners' positions would be those of their last command",
        metadata: ["error": "\(error)"])
    }
  }

  /// Everything that is to survive is written.
  func flush() async {
    let sessions = state.withLock { $0.entries.values.map(\.session) }
    for session in sessions {
      await withCheckedContinuation { continuation in
        session.enter { core in
          core.save()
          continuation.resume()
        }
      }
    }
    await state.withLock(\.saver)?.value
  }
}

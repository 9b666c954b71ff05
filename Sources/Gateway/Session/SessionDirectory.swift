import Catalog
import DequeModule
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
    var unsaved = UnsavedSessions()
    var saver: Task<Void, Never>?
    /// The last write goes on from here.
    var isClosing = false
    /// Sessions that wait to be read, in the order in which they came.
    var unread: Deque<UserSession> = []
    var isReading = false
    /// Those that could not be, and are tried again.
    var unreadable: Deque<UserSession> = []
    var isRetrying = false
  }

  private let state = Mutex(State())
  private let repository: (any SessionRepository)?
  private let logger: Logger
  private let makeRoom: @Sendable () -> Void
  private let mostItems: Int
  private let now: @Sendable () -> ContinuousClock.Instant
  private let rest: @Sendable (Duration) async -> Void

  /// - Parameters:
  ///   - repository: where sessions survive a restart; nil for nowhere.
  ///   - makeRoom: asked for when nothing can be written: the disk may be full.
  ///   - mostItems: items of the queues that may wait to be written.
  ///   - rest: waits, or less long when the task is cancelled.
  init(
    repository: (any SessionRepository)?, logger: Logger, makeRoom: @escaping @Sendable () -> Void = {},
    mostItems: Int = GatewayLimits.unsavedItems,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    rest: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
  ) {
    self.repository = repository
    self.logger = logger
    self.makeRoom = makeRoom
    self.mostItems = mostItems
    self.now = now
    self.rest = rest
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

  /// Has a session read: with those that come while others are being read, in one query. Two thousand listeners who
  /// come at once cost a few queries and one task, which reads what was kept away from the event loops.
  private func load(_ userId: String, into session: UserSession, on eventLoop: any EventLoop) {
    if let unsaved = state.withLock({ $0.unsaved.byUser[userId] }) { return session.load(unsaved) }
    guard let repository else { return session.load(nil) }
    let begins = state.withLock { state in
      state.unread.append(session)
      defer { state.isReading = true }
      return !state.isReading
    }
    if begins { Task { await readAll(from: repository) } }
  }

  private func readAll(from repository: any SessionRepository) async {
    while let batch = takeUnread() {
      do {
        let stored = try await repository.sessions(userIds: batch.map(\.userId))
        for session in batch { read(stored[session.userId], into: session) }
      } catch {
        logger.error(
          "listeners' sessions can't be read; it is tried again until they can",
          metadata: ["count": "\(batch.count)", "error": "\(error)"])
        readLater(batch, from: repository)
      }
    }
  }

  private func readLater(_ sessions: [UserSession], from repository: any SessionRepository) {
    for session in sessions { session.cannotBeRead() }
    let begins = state.withLock { state in
      state.unreadable += sessions
      defer { state.isRetrying = true }
      return !state.isRetrying
    }
    if begins { Task { await retryAll(from: repository) } }
  }

  /// Reads those that could not be, one by one: one that can't be read keeps no other from it.
  private func retryAll(from repository: any SessionRepository) async {
    var failures = 1
    await rest(GatewayLimits.sessionRetry(after: failures))
    while let session = takeUnreadable() {
      do {
        read(try await repository.session(userId: session.userId), into: session)
        if failures > 0 { logger.notice("sessions can be read again") }
        failures = 0
      } catch {
        state.withLock { $0.unreadable.append(session) }
        failures += 1
        await rest(GatewayLimits.sessionRetry(after: failures))
      }
    }
  }

  /// The next one that somebody still waits for.
  private func takeUnreadable() -> UserSession? {
    state.withLock { state in
      while !state.isClosing, let session = state.unreadable.popFirst() {
        guard let entry = state.entries[session.userId], entry.session === session else { continue }
        if entry.deviceCount > 0 { return session }
        state.entries[session.userId] = nil
      }
      state.isRetrying = false
      return nil
    }
  }

  private func takeUnread() -> [UserSession]? {
    state.withLock { state in
      guard !state.unread.isEmpty else {
        state.isReading = false
        return nil
      }
      let batch = Array(state.unread.prefix(GatewayLimits.sessionBatch))
      state.unread.removeFirst(batch.count)
      return batch
    }
  }

  private func read(_ stored: StoredSession?, into session: UserSession) {
    do {
      let kept = try stored.map { try JSONDecoder().decode(KeptSession.self, from: $0.body) }
      session.load(kept, end: stored?.serverSeenAt.map { $0.timeIntervalSince1970 * 1_000 })
    } catch {
      logger.error(
        "a listener's stored session is damaged, and begins empty",
        metadata: ["user": "\(session.userId)", "error": "\(error)"])
      session.load(nil)
    }
  }

  /// A device that shared the session has gone, or come anew on another connection.
  func leave(_ session: UserSession, deviceId: String, socketId: String) {
    state.withLock { $0.entries[session.userId]?.deviceCount -= 1 }
    // Whoever is the last to be counted out is the last to say so, too.
    session.leave(deviceId, socketId: socketId)
  }

  /// The session has nobody left: it's written down and forgotten, unless somebody has come meanwhile.
  func isEmpty(_ core: UserSession.Core) {
    core.save()
    state.withLock { state in
      guard let entry = state.entries[core.userId], entry.deviceCount == 0, entry.session.isHome(of: core) else {
        return
      }
      state.entries[core.userId] = nil
    }
  }

  /// Listeners whose session is in memory.
  var count: Int { state.withLock(\.entries.count) }

  /// Writes a session soon, and again until it is written; a newer one takes the place of one that waits.
  func save(_ userId: String, _ session: KeptSession) {
    guard let repository else { return }
    let (later, lost) = state.withLock { state in
      state.unsaved.set(session, of: userId)
      if state.saver == nil, !state.isClosing { state.saver = Task { await saveAll(to: repository) } }
      let entries = state.entries
      let given = state.unsaved.giveUp(downTo: mostItems, sparing: userId) { entries[$0] != nil }
      let later = given.compactMap { entries[$0]?.session }
      return (later, given.count - later.count)
    }
    for session in later { session.whenSettled { $0?.scheduleSave() } }
    if lost > 0 {
      logger.error("too many sessions wait to be written: some are lost", metadata: ["count": "\(lost)"])
    }
  }

  private func saveAll(to repository: any SessionRepository) async {
    var failures = 0
    while true {
      let isDone = state.withLock { state in
        // A flush goes on by itself with what is left.
        let isDone = state.unsaved.isEmpty || state.isClosing
        if isDone { state.saver = nil }
        return isDone
      }
      guard !isDone else { return }
      if await saveOnce(to: repository, failures: failures) {
        failures = 0
      } else {
        failures += 1
        await rest(GatewayLimits.sessionRetry(after: failures))
      }
    }
  }

  /// Writes what waits; one session after a failure, which says as well whether the database takes any. Whether that
  /// succeeded.
  /// - Parameter failures: how often it did not, up to now.
  private func saveOnce(to repository: any SessionRepository, failures: Int) async -> Bool {
    let batch = state.withLock { state in
      let all = state.unsaved.byUser
      return failures == 0 ? all : Dictionary(uniqueKeysWithValues: all.prefix(1).map { ($0, $1) })
    }
    var bodies: [String: Data] = [:]
    for (user, session) in batch {
      do {
        bodies[user] = try JSONEncoder().encode(session)
      } catch {
        // Left out, or it would keep all others from being written.
        logger.error("a listener's session has no written form", metadata: ["user": "\(user)", "error": "\(error)"])
      }
    }
    do {
      try await repository.save(bodies)
    } catch is CancellationError {
      // The last write is made by who cancelled this one.
      return false
    } catch {
      makeRoom()
      if failures == 0 {
        logger.error(
          "sessions can't be kept; it is tried again until they are",
          metadata: ["count": "\(batch.count)", "error": "\(error)"])
      }
      return false
    }
    state.withLock { state in
      for (user, session) in batch where state.unsaved.byUser[user] == session { state.unsaved.set(nil, of: user) }
    }
    if failures > 0 { logger.notice("sessions can be kept again") }
    return true
  }

  /// Leaves a sign of life: what sounds goes on sounding, and nobody writes that down for each listener. If this server
  /// is killed, the next one reckons from it where they were.
  /// - Parameter isFailing: whether the last one could not be left: what goes on is said at its beginning and its end.
  func leaveSign(since start: Date, at now: Date, isFailing: inout Bool) async {
    do {
      try await repository?.leaveSign(since: start, at: now)
      if isFailing { logger.notice("signs of life are kept again") }
      isFailing = false
    } catch {
      makeRoom()
      if !isFailing {
        logger.error(
          "a sign of life can't be kept: after a crash, listeners' positions would be those of their last command",
          metadata: ["error": "\(error)"])
      }
      isFailing = true
    }
  }

  /// Items of the queues that wait to be written, and one for each session.
  var unsavedItems: Int { state.withLock(\.unsaved.items) }

  /// Everything that is to survive is written, or the time for it is over.
  func flush() async {
    let sessions = state.withLock { $0.entries.values.map(\.session) }
    for session in sessions {
      await withCheckedContinuation { continuation in
        session.whenSettled { core in
          core?.save()
          continuation.resume()
        }
      }
    }
    let end = now() + GatewayLimits.farewell
    let saver = state.withLock { state in
      state.isClosing = true
      return state.saver
    }
    guard let repository else { return }
    // Not a part of a task that may be cancelled: that would take back what is being written.
    let writing = Task { [self] in
      saver?.cancel()
      await saver?.value
      var failures = 0
      while !state.withLock(\.unsaved.isEmpty) {
        if await saveOnce(to: repository, failures: failures) {
          failures = 0
          continue
        }
        failures += 1
        guard now() < end else { break }
        await rest(GatewayLimits.sessionRetry(after: 1))
      }
    }
    await writing.value
    let lost = state.withLock(\.unsaved.byUser.count)
    if lost > 0 {
      logger.critical("sessions could not be kept: their changes are lost", metadata: ["count": "\(lost)"])
    }
  }
}

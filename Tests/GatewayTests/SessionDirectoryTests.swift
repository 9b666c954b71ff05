import Catalog
import Foundation
import Logging
import Playback
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What is to survive of sessions, and a database that takes nothing for a while.
@Suite struct SessionDirectoryTests {
  /// Refuses to write so often, or for ever, and keeps the rest.
  private final class Repository: SessionRepository {
    struct Full: Error {}

    private let state: Mutex<(refusals: Int, attempts: Int, kept: [String: Data])>

    init(refusals: Int) { state = Mutex((refusals, 0, [:])) }

    var attempts: Int { state.withLock(\.attempts) }
    func become(refusals: Int) { state.withLock { $0.refusals = refusals } }
    func kept(_ user: String) throws -> KeptSession? {
      try state.withLock { $0.kept[user] }.map { try JSONDecoder().decode(KeptSession.self, from: $0) }
    }

    func session(userId: String) async throws -> StoredSession? { nil }
    func leaveSign(since start: Date, at now: Date) async throws {
      if state.withLock({ $0.refusals > 0 }) { throw Full() }
    }
    func save(_ sessions: [String: Data]) async throws {
      try state.withLock { state in
        state.attempts += 1
        guard state.refusals == 0 else {
          state.refusals -= 1
          throw Full()
        }
        state.kept.merge(sessions) { $1 }
      }
    }
  }

  /// Time that passes by resting alone.
  private final class Time: Sendable {
    private let state = Mutex((now: ContinuousClock.now, rests: [Duration]()))
    /// Called by each rest, with their number.
    private let onRest: @Sendable (Int) -> Void

    init(onRest: @escaping @Sendable (Int) -> Void = { _ in }) { self.onRest = onRest }

    var now: ContinuousClock.Instant { state.withLock(\.now) }
    var rests: [Duration] { state.withLock(\.rests) }
    func rest(_ duration: Duration) async {
      let count = state.withLock { state in
        state.now += duration
        state.rests.append(duration)
        return state.rests.count
      }
      onRest(count)
      await Task.yield()
    }
  }

  private func directory(_ repository: Repository, _ time: Time) -> SessionDirectory {
    SessionDirectory(
      repository: repository, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
      now: { time.now }, rest: { await time.rest($0) })
  }

  private func session(_ tracks: [String]) throws -> KeptSession {
    var kept = ListeningSession().kept(now: 0, unixMilliseconds: 0)
    var generator = SystemRandomNumberGenerator()
    try kept.queue.set(tracks: tracks, using: &generator)
    return kept
  }

  @Test func whatCouldNotBeWrittenIsWrittenAgainByItself() async throws {
    let repository = Repository(refusals: 9)
    let time = Time()
    let directory = directory(repository, time)
    let wanted = try session(["a", "b"])
    directory.save("ada", wanted)
    while try repository.kept("ada") == nil { await Task.yield() }
    #expect(try repository.kept("ada") == wanted)
    #expect(repository.attempts == 10)
    // Soon at first, then every few seconds.
    #expect(time.rests.count == 9 && time.rests[0] < .seconds(1) && time.rests[8] == .seconds(3))
  }

  @Test func theNewestIsWhatIsWritten() async throws {
    let repository = Repository(refusals: .max)
    let time = Time()
    let directory = directory(repository, time)
    directory.save("ada", try session(["a"]))
    while repository.attempts == 0 { await Task.yield() }
    let newest = try session(["b", "c"])
    directory.save("ada", newest)
    directory.save("bob", try session(["d"]))
    repository.become(refusals: 0)
    while try repository.kept("ada") != newest || repository.kept("bob") == nil { await Task.yield() }
  }

  @Test func theEndOfTheServerWaitsForWhatCanBeWrittenWithinItsTime() async throws {
    let repository = Repository(refusals: .max)
    // The database is free again while the server goes down.
    let time = Time { if $0 == 12 { repository.become(refusals: 0) } }
    let directory = directory(repository, time)
    let wanted = try session(["a"])
    for user in ["ada", "bob", "eve"] { directory.save(user, wanted) }
    await directory.flush()
    for user in ["ada", "bob", "eve"] { #expect(try repository.kept(user) == wanted) }
  }

  @Test func theEndOfTheServerIsNotPutOffForEver() async throws {
    let repository = Repository(refusals: .max)
    let time = Time()
    let directory = directory(repository, time)
    let began = time.now
    directory.save("ada", try session(["a"]))
    await directory.flush()
    #expect(try repository.kept("ada") == nil)
    #expect(time.now - began < .seconds(30))
  }

  @Test func roomIsAskedForWhenNothingCanBeWritten() async throws {
    let asked = Atomic(0)
    let repository = Repository(refusals: 1)
    let directory = SessionDirectory(
      repository: repository, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
      makeRoom: { asked.add(1, ordering: .relaxed) }, rest: { _ in })
    directory.save("ada", try session(["a"]))
    while try repository.kept("ada") == nil { await Task.yield() }
    #expect(asked.load(ordering: .relaxed) == 1)
    repository.become(refusals: 1)
    var isFailing = false
    await directory.leaveSign(since: Date(), at: Date(), isFailing: &isFailing)
    #expect(asked.load(ordering: .relaxed) == 2)
  }

  /// Keeps the levels of what is logged.
  private struct LevelsHandler: LogHandler {
    let levels: Levels
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { levels.all.withLock { $0.append(event.level) } }
  }

  private final class Levels: Sendable {
    let all = Mutex<[Logger.Level]>([])
  }

  @Test func thatSignsCanNotBeLeftIsSaidAtItsBeginningAndAtItsEnd() async throws {
    let repository = Repository(refusals: 0)
    let levels = Levels()
    let directory = SessionDirectory(
      repository: repository, logger: Logger(label: "test", factory: { _ in LevelsHandler(levels: levels) }))
    var isFailing = false
    for refusals in [0, 0, 1, 1, 1, 0, 0, 1, 0] {
      repository.become(refusals: refusals)
      await directory.leaveSign(since: Date(), at: Date(), isFailing: &isFailing)
    }
    #expect(levels.all.withLock(\.self) == [.error, .notice, .error, .notice])
  }

  @Test func whatWaitsIsBounded() async throws {
    let repository = Repository(refusals: .max)
    let time = Time()
    let directory = SessionDirectory(
      repository: repository, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), mostItems: 100,
      now: { time.now }, rest: { await time.rest($0) })
    let queue = try session((0..<9).map { "track-\($0)" })
    for number in 0..<50 {
      directory.save("user-\(number)", queue)
      #expect(directory.unsavedItems <= 100)
    }
    #expect(directory.unsavedItems == 100)
    repository.become(refusals: 0)
    await directory.flush()
    #expect(directory.unsavedItems == 0)
    #expect(try repository.kept("user-49") == queue)
  }

  /// Whoever comes and whatever is in memory: within the bound, the newest is there, and of those who have left nothing is
  /// lost while anything else could be written later.
  @Test(arguments: 0..<50) func whatIsTheOnlyCopyIsGivenUpLast(seed: UInt64) throws {
    var chance = SeededGenerator(seed: seed)
    var unsaved = UnsavedSessions()
    let sessions = try (0...9).map { try session((0..<$0).map { "track-\($0)" }) }
    for _ in 0..<200 {
      let user = "user-\(Int.random(in: 0..<30, using: &chance))"
      let present = Set((0..<30).filter { _ in Bool.random(using: &chance) }.map { "user-\($0)" })
      let saved = sessions[Int.random(in: 0..<sessions.count, using: &chance)]
      unsaved.set(saved, of: user)
      let before = unsaved.byUser
      let given = unsaved.giveUp(downTo: 40, sparing: user) { present.contains($0) }
      #expect(unsaved.items <= 40)
      #expect(unsaved.items == unsaved.byUser.values.reduce(0) { $0 + $1.queue.count + 1 })
      #expect(unsaved.byUser[user] == saved)
      #expect(before.filter { !given.contains($0.key) } == unsaved.byUser)
      let onlyCopies = given.filter { !present.contains($0) }
      let others = unsaved.byUser.keys.filter { $0 != user && present.contains($0) }
      #expect(onlyCopies.isEmpty || others.isEmpty)
    }
  }
}

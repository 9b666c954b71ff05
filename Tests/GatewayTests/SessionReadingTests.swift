import Catalog
import Foundation
import Logging
import NIOCore
import NIOPosix
import Playback
import Segments
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Sessions that can't be read for a while, and devices that come and go meanwhile.
@Suite(.timeLimit(.minutes(5))) struct SessionReadingTests {
  /// Keeps sessions, and refuses to read those of some.
  private final class Repository: SessionRepository {
    struct Unreadable: Error {}

    private let state = Mutex((unreadable: Set<String>(), kept: [String: Data](), attempts: 0))

    var attempts: Int { state.withLock(\.attempts) }
    func refuse(_ users: Set<String>) { state.withLock { $0.unreadable = users } }
    func kept(_ user: String) throws -> KeptSession? {
      try state.withLock { $0.kept[user] }.map { try JSONDecoder().decode(KeptSession.self, from: $0) }
    }

    func session(userId: String) async throws -> StoredSession? {
      try state.withLock { state in
        state.attempts += 1
        guard !state.unreadable.contains(userId) else { throw Unreadable() }
        return state.kept[userId].map { StoredSession(body: $0, serverSeenAt: nil) }
      }
    }
    func leaveSign(since start: Date, at now: Date) async throws {}
    func save(_ sessions: [String: Data]) async throws { state.withLock { $0.kept.merge(sessions) { $1 } } }
  }

  private struct NoTracks: TrackRepository {
    func track(id: String) async throws -> Track? { nil }
    func tracks(ids: [String]) async throws -> [Track] { [] }
    func lyrics(id: String) async throws -> String? { nil }
    func fileTags(id: String) async throws -> FileTagging { FileTagging() }
    func search(query: String, limit: Int, offset: Int) async throws -> TrackPage { fatalError("nobody searches") }
    func count() async throws -> Int { 0 }
  }

  /// A directory and what its sessions work with.
  private struct House {
    let repository = Repository()
    let services: StreamGateway.Services
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    var directory: SessionDirectory { services.sessions }

    init() throws {
      let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
      var configuration = SegmentLibrary.Configuration()
      configuration.encoderThreads = 1
      services = StreamGateway.Services(
        library: try SegmentLibrary(configuration: configuration, logger: logger),
        tracks: TrackDirectory(repository: NoTracks(), libraryRoot: "/", logger: logger), streams: StreamDirectory(),
        sessions: SessionDirectory(repository: repository, logger: logger, rest: { _ in await Task.yield() }),
        allowances: UserAllowances(), logger: logger, clock: ServerClock())
    }

    /// A device comes, on its event loop.
    func join(_ user: String) async throws -> UserSession {
      let joined = try await eventLoop.submit { [directory, services, eventLoop] in
        directory.join(user, services: services, eventLoop: eventLoop)
      }.get()
      return try #require(joined)
    }

    func leave(_ session: UserSession, _ socket: String = "socket") {
      directory.leave(session, deviceId: "device", socketId: socket)
    }

    /// The tracks of a session's queue, as a command sees it.
    func ask(_ session: UserSession) async -> Result<[String], DubplateError> {
      await withCheckedContinuation { continuation in
        session.enter(
          from: "socket", canWait: false, refused: { continuation.resume(returning: .failure($0)) }
        ) { continuation.resume(returning: .success($0.state.queue.items.map(\.trackId))) }
      }
    }

    func askUntilAnswered(_ session: UserSession) async -> [String] {
      while true {
        if case .success(let tracks) = await ask(session) { return tracks }
        await Task.yield()
      }
    }

    func set(_ tracks: [String], in session: UserSession) async throws {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        session.enter(from: "socket", canWait: false, refused: { continuation.resume(throwing: $0) }) { core in
          let outcome = Result {
            try core.state.setQueue(
              tracks: tracks, index: nil, context: nil, isShuffled: false, position: 0, play: false,
              wish: QualityWish(), on: nil, version: nil, by: "device", now: core.now)
          }
          core.carryOut()
          continuation.resume(with: outcome)
        }
      }
    }

    func settle(_ session: UserSession) async {
      await withCheckedContinuation { continuation in session.whenSettled { _ in continuation.resume() } }
    }
  }

  private func keep(_ tracks: [String], of user: String, in house: House) async throws {
    let session = try await house.join(user)
    try await house.set(tracks, in: session)
    await house.directory.flush()
    house.leave(session)
    while house.directory.count > 0 { await Task.yield() }
  }

  @Test func whatCantBeReadIsReadAgainAndUntilThenNothingIsChangedThatWouldBeLost() async throws {
    let former = try House()
    try await keep(["a", "b"], of: "ada", in: former)
    #expect(try former.repository.kept("ada")?.queue.items.map(\.trackId) == ["a", "b"])

    let house = try House()
    try await house.repository.save(["ada": JSONEncoder().encode(try #require(try former.repository.kept("ada")))])
    house.repository.refuse(["ada"])
    let session = try await house.join("ada")
    let toldTracks = Mutex<[String]>([])
    session.enter(from: "socket", canWait: true, refused: { _ in Issue.record("it can wait") }) { core in
      toldTracks.withLock { $0 = core.state.queue.items.map(\.trackId) }
    }
    guard case .failure(let refusal) = await house.ask(session) else {
      Issue.record("it can't be read")
      return
    }
    #expect(refusal.code == .busy && refusal.retryAfterMilliseconds != nil)
    while house.repository.attempts < 10 { await Task.yield() }
    guard case .failure = await house.ask(session) else {
      Issue.record("it can't be read")
      return
    }
    #expect(toldTracks.withLock { $0 } == [])
    house.repository.refuse([])
    #expect(await house.askUntilAnswered(session) == ["a", "b"])
    #expect(toldTracks.withLock { $0 } == ["a", "b"], "what could wait was done first")
    try await house.set(["c"], in: session)
    await house.directory.flush()
    #expect(try house.repository.kept("ada")?.queue.items.map(\.trackId) == ["c"])
    house.leave(session)
    try await close([former, house])
  }

  @Test func whoCantBeReadKeepsNoOtherFromIt() async throws {
    let house = try House()
    house.repository.refuse(["eve", "user-7"])
    var sessions: [UserSession] = []
    for user in ["eve"] + (0..<200).map({ "user-\($0)" }) + ["bob"] { sessions.append(try await house.join(user)) }
    for session in sessions where session.userId != "eve" && session.userId != "user-7" {
      #expect(await house.askUntilAnswered(session) == [])
    }
    guard case .failure = await house.ask(sessions[0]) else {
      Issue.record("it can't be read")
      return
    }
    house.repository.refuse([])
    #expect(await house.askUntilAnswered(sessions[0]) == [])
    for session in sessions { house.leave(session) }
    while house.directory.count > 0 { await Task.yield() }
    try await close([house])
  }

  @Test func whatWaitsForASessionThatCantBeReadIsBoundedAndGoesWithWhomItIsOf() async throws {
    let house = try House()
    house.repository.refuse(["ada"])
    let session = try await house.join("ada")
    guard case .failure = await house.ask(session) else {
      Issue.record("it can't be read")
      return
    }
    let refused = Atomic(0)
    func tell(_ count: Int, from socket: String) async {
      for _ in 0..<count {
        session.enter(
          from: socket, canWait: true, refused: { _ in refused.add(1, ordering: .relaxed) }, { _ in })
      }
      await house.settle(session)
    }
    await tell(GatewayLimits.waitingForSession + 5, from: "one")
    #expect(refused.load(ordering: .relaxed) == 5)
    _ = try await house.join("ada")
    house.leave(session, "one")
    await tell(GatewayLimits.waitingForSession, from: "two")
    #expect(refused.load(ordering: .relaxed) == 5)
    house.leave(session, "two")
    while house.directory.count > 0 { await Task.yield() }
    // Nobody waits for it any more: it's tried no more.
    try await close([house])
  }

  /// However connections come, take over from each other and go, the session goes with the last of them.
  @Test(arguments: 0..<20 as Range<UInt64>) func theSessionGoesWithTheLastConnection(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let house = try House()
    if seed % 2 == 0 { house.repository.refuse(["ada"]) }
    var here: [(session: UserSession, socket: String)] = []
    for number in 0..<60 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0 where !here.isEmpty:
        let one = here.remove(at: Int.random(in: 0..<here.count, using: &random))
        house.leave(one.session, one.socket)
      case 1: if let one = here.last { await house.settle(one.session) }
      default: here.append((try await house.join("ada"), "\(number)"))
      }
    }
    for one in here { house.leave(one.session, one.socket) }
    while house.directory.count > 0 { await Task.yield() }
    try await close([house])
  }

  private func close(_ houses: [House]) async throws {
    for house in houses { try await house.services.library.close() }
  }
}

import Logging
import NIOCore
import SocketIO
import SocketIOServer
import Synchronization
import Testing

/// Processes of a cluster that share nothing but this: what an adapter over a network would be, without the network.
private final class Bus: Sendable {
  private let members = Mutex<[any LocalSockets]>([])
  /// Processes that are counted as there but never answer.
  let silent: Int

  init(silent: Int = 0) { self.silent = silent }

  func join(_ local: any LocalSockets) -> BusAdapter {
    let place = members.withLock { members in
      members.append(local)
      return members.count - 1
    }
    return BusAdapter(bus: self, place: place)
  }

  var all: [any LocalSockets] { members.withLock { $0 } }
  func others(_ place: Int) -> [any LocalSockets] {
    all.enumerated().filter { $0.offset != place }.map(\.element)
  }
}

private struct BusAdapter: SocketAdapter {
  let bus: Bus
  let place: Int

  private func reached(_ scope: BroadcastScope) -> [any LocalSockets] {
    scope.isLocal ? [bus.all[place]] : bus.all
  }

  func broadcast(_ packet: SocketPacket, scope: BroadcastScope) {
    for local in reached(scope) { local.deliver(packet, scope: scope) }
  }
  func broadcastWithAck(_ packet: SocketPacket, scope: BroadcastScope, timeout: Duration) async -> BroadcastReplies {
    var all = BroadcastReplies()
    for local in reached(scope) {
      let some = await local.deliverWithAck(packet, scope: scope, timeout: timeout)
      all.replies += some.replies
      all.missing += some.missing
    }
    return all
  }
  func join(_ rooms: [String], scope: BroadcastScope) {
    for local in reached(scope) { local.join(rooms, scope: scope) }
  }
  func leave(_ rooms: [String], scope: BroadcastScope) {
    for local in reached(scope) { local.leave(rooms, scope: scope) }
  }
  func disconnect(scope: BroadcastScope, close: Bool) {
    for local in reached(scope) { local.disconnect(scope: scope, close: close) }
  }
  func fetchSockets(
    scope: BroadcastScope, timeout: Duration
  ) async throws(ClusterTimeout) -> [SocketDescription] {
    var found: [SocketDescription] = []
    for local in reached(scope) { found += await local.describe(scope: scope) }
    if bus.silent > 0 { throw ClusterTimeout(found: found, missing: bus.silent) }
    return found
  }
  func serverSideEmit(_ name: String, _ arguments: [SocketValue]) {
    for local in bus.others(place) { local.serverSideEvent(name, arguments, reply: nil) }
  }
  func serverSideEmitWithAck(
    _ name: String, _ arguments: [SocketValue], timeout: Duration
  ) async -> BroadcastReplies {
    var all = BroadcastReplies(missing: bus.silent)
    for local in bus.others(place) {
      await all.replies.append(
        withCheckedContinuation { continuation in
          local.serverSideEvent(name, arguments) { continuation.resume(returning: $0) }
        })
    }
    return all
  }
}

/// What a namespace offers over an adapter that reaches other processes.
@Suite(.timeLimit(.minutes(2))) struct ClusterTests {
  /// Two servers on a bus; each socket's `data` is what it said in its auth.
  private func withCluster(
    _ bus: Bus = Bus(),
    _ body: @escaping @Sendable (_ first: (SocketIOServer, Int), _ second: (SocketIOServer, Int)) async throws -> Void
  ) async throws {
    let setUp: @Sendable (SocketIOServer) -> Void = { server in
      server.of("/").use { connection in connection.data = ["name": connection.handshake.auth["name"] ?? nil] }
    }
    let adapter: @Sendable (String, any LocalSockets) -> any SocketAdapter = { bus.join($1) }
    try await withServer(adapter: adapter, setUp: setUp) { first, firstPort in
      try await withServer(adapter: adapter, setUp: setUp) { second, secondPort in
        try await body((first, firstPort), (second, secondPort))
      }
    }
  }

  @Test func theSocketsOfAllProcessesAreFoundAndReached() async throws {
    try await withCluster { first, second in
      let near = try await connect(first.1, auth: #"{"name":"near"}"#)
      let far = try await connect(second.1, auth: #"{"name":"far"}"#)
      let namespace = first.0.of("/")
      let found = try await namespace.fetchSockets()
      #expect(Set(found.compactMap { $0.data["name"]?.string }) == ["near", "far"])
      let remote = try #require(found.first { $0.data["name"] == "far" })
      #expect(remote.rooms == [remote.id])
      #expect(remote.handshake["address"] == "127.0.0.1")
      #expect(remote.handshake["auth"]?["name"] == "far")
      #expect(remote.handshake["query"]?["EIO"] == "4")
      #expect(try await namespace.local.fetchSockets().compactMap { $0.data["name"]?.string } == ["near"])
      #expect(await namespace.localSockets().count == 1)

      remote.emit("only you", 1)
      #expect(try await far.text() == #"42["only you",1]"#)
      remote.join("booth")
      #expect(try await namespace.in("booth").fetchSockets().map(\.rooms) == [[remote.id, "booth"]])
      remote.leave("booth")
      #expect(try await namespace.in("booth").fetchSockets().isEmpty)
      remote.disconnect()
      #expect(try await far.text() == "41")
      namespace.emit("who is left")
      #expect(try await near.text() == #"42["who is left"]"#)
    }
  }

  @Test func aProcessThatDoesNotAnswerIsToldWithWhatWasFound() async throws {
    try await withCluster(Bus(silent: 1)) { first, _ in
      _ = try await connect(first.1, auth: #"{"name":"near"}"#)
      let timeout = await #expect(throws: ClusterTimeout.self) { try await first.0.of("/").fetchSockets() }
      #expect(timeout?.missing == 1 && timeout?.found.map(\.data) == [["name": "near"]])
    }
  }

  @Test func serversTalkToEachOtherAndAnswerOnce() async throws {
    try await withCluster { first, second in
      let heard = Mailbox<SocketArguments>()
      for server in [first.0, second.0] {
        server.of("/").onServerSide("count") { event in
          heard.put(event.arguments)
          #expect(event.acknowledge(2, "tracks") == event.expectsAcknowledgement)
          #expect(!event.acknowledge(3))
        }
      }
      first.0.of("/").serverSideEmit("count", 1)
      let told = try await heard.next()
      #expect(told == [1])
      first.0.of("/").serverSideEmit("nobody listens", 1)
      let replies = await first.0.of("/").serverSideEmitWithAck("count", 7, timeout: .seconds(10))
      let asked = try await heard.next()
      #expect(asked == [7])
      #expect(replies == BroadcastReplies(replies: [[2, "tracks"]]))
    }
  }
}

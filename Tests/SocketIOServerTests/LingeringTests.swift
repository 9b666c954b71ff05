import EngineIO
import NIOCore
import NIOEmbedded
import SocketIO
import Testing

@testable import SocketIOServer

/// Namespaces by pattern in which nobody is, and to which somebody may come back.
@Suite struct LingeringTests {
  private let loop = EmbeddedEventLoop()
  private let time = TimeAmount.seconds(100)

  private func registry(_ change: (inout SocketIOServer.Configuration.Recovery) -> Void = { _ in }) -> NamespaceRegistry
  {
    var recovery = SocketIOServer.Configuration.Recovery()
    recovery.maxDisconnectionDuration = .seconds(100)
    change(&recovery)
    let registry = NamespaceRegistry(logger: quietLogger, recovery: recovery) { InProcessAdapter(local: $1) }
    _ = registry.parent(.immediate { _, _ in true })
    return registry
  }

  private func enter(_ name: String, _ registry: NamespaceRegistry) throws -> NamespaceHold {
    guard case .found(let hold) = registry.find(name, auth: .object([:])) else { throw CancellationError() }
    _ = hold.namespace.loop(loop)
    return hold
  }

  /// Somebody comes, is told something, is lost or goes.
  private func visit(
    _ name: String, _ registry: NamespaceRegistry, leaving reason: DisconnectReason = .connection(.transportClose)
  ) throws {
    let hold = try enter(name, registry)
    hold.namespace.emit("told", .string(String(repeating: "x", count: 1_000)))
    hold.namespace.recovery?.keep(
      .init(socketID: "s", privateID: "p", rooms: [], context: .init(own: nil, data: .null)), after: reason)
  }

  @Test func aNamespaceWaitsForWhoWasLostAndForNobodyElse() throws {
    let registry = registry()
    try visit("/a", registry, leaving: .clientNamespaceDisconnect)
    #expect(registry.count == 0)
    try visit("/a", registry)
    let first = registry.existing("/a")
    #expect(first != nil)
    loop.advanceTime(by: .seconds(60))
    try visit("/a", registry)
    #expect(registry.existing("/a") === first)
    loop.advanceTime(by: .seconds(60))
    #expect(registry.count == 1, "the second may still come back")
    loop.advanceTime(by: .seconds(100))
    #expect(registry.count == 0)
  }

  @Test func whoComesBackKeepsIt() throws {
    let registry = registry()
    try visit("/a", registry)
    do {
      let hold = try enter("/a", registry)
      loop.advanceTime(by: .seconds(1_000))
      #expect(registry.existing("/a") === hold.namespace)
    }
    loop.advanceTime(by: .seconds(1_000))
    #expect(registry.count == 0)
    try visit("/b", registry)
    _ = registry.namespace("/b")
    loop.advanceTime(by: .seconds(1_000))
    #expect(registry.count == 1, "made by name since")
  }

  @Test func theyAreBoundedInNumberAndInBytes() throws {
    let few = registry { $0.maxSessions = 2 }
    for number in 0..<5 { try visit("/\(number)", few) }
    #expect(few.count == 2)
    let small = registry { $0.maxBytes = 3_500 }
    for number in 0..<5 { try visit("/\(number)", small) }
    #expect((1...3).contains(small.count))
    loop.advanceTime(by: .seconds(100))
    #expect(few.count == 0 && small.count == 0)
    try visit("/again", few)
    try visit("/again", small)
    #expect(few.count == 1 && small.count == 1)
  }
}

import SocketIO
import Testing

@Suite struct ClientStateTests {
  private static let connect = SocketPacket(.connect)

  @Test func eventsBelongToConnectedNamespacesOnly() {
    var state = ClientState()
    expect(state.packetArrived(.event("x", [])) == .close)
    expect(
      state.packetArrived(SocketPacket(.connect, data: ["a": 1]))
        == .connect(namespace: "/", auth: ["a": 1], attempt: 1, replaces: false))
    expect(state.packetArrived(.event("x", [])) == .close)
    expect(state.connected("/", attempt: 1))
    expect(state.packetArrived(.event("x", [1], id: 4)) == .event(namespace: "/", id: 4, elements: ["x", 1]))
    expect(state.packetArrived(SocketPacket(.ack, id: 1, data: [2])) == .ack(namespace: "/", id: 1, arguments: [2]))
    expect(state.packetArrived(SocketPacket(.connectError, data: [:])) == .close)
  }

  @Test func aClientThatLeavesWhileItConnectsIsNotConnected() {
    var state = ClientState()
    _ = state.packetArrived(SocketPacket(.connect, namespace: "/a"))
    expect(state.packetArrived(SocketPacket(.disconnect, namespace: "/a")) == .disconnect(namespace: "/a"))
    expect(!state.connected("/a", attempt: 1))
    expect(state.isEmpty)
  }

  @Test func onlyTheLatestAttemptCountsWhicheverEndsFirst() {
    for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1]] as [[UInt64]] {
      for leaves in [false, true] {
        var state = ClientState()
        var connected: [UInt64] = []
        for _ in 0..<3 {
          if leaves, !state.isEmpty { expect(state.packetArrived(SocketPacket(.disconnect)) != .close) }
          expect(state.packetArrived(Self.connect) != .close)
        }
        for attempt in order where state.connected("/", attempt: attempt) { connected.append(attempt) }
        #expect(connected == [3])
      }
    }
  }

  @Test func aConnectOfAConnectedClientReplacesItsSocketAndItsEventsWaitForTheNewOne() {
    var state = ClientState()
    _ = state.packetArrived(Self.connect)
    expect(state.connected("/", attempt: 1))
    expect(state.packetArrived(Self.connect) == .connect(namespace: "/", auth: nil, attempt: 2, replaces: true))
    // The client has heard that it's in, and not yet of what.
    expect(state.packetArrived(.event("x", [1], id: 4)) == .wait(namespace: "/", id: 4, elements: ["x", 1]))
    // Of what the first socket asked.
    expect(state.packetArrived(SocketPacket(.ack, id: 1, data: [2])) == .ignore)
    expect(state.connected("/", attempt: 2))
    expect(state.packetArrived(.event("x", [])) == .event(namespace: "/", id: nil, elements: ["x"]))
  }

  @Test func whatCrossesTheServersDisconnectIsDroppedWithinABound() {
    var state = ClientState()
    _ = state.packetArrived(Self.connect)
    expect(state.connected("/", attempt: 1))
    state.thrownOut(of: "/")
    expect(state.isEmpty)
    for _ in 0..<SocketIOLimits.maxLatePackets { expect(state.packetArrived(.event("x", [])) == .ignore) }
    expect(state.packetArrived(.event("x", [])) == .close)
    expect(state.packetArrived(SocketPacket(.disconnect)) == .ignore)
    expect(state.packetArrived(SocketPacket(.disconnect)) == .close)
  }

  /// However often a long-lived client is thrown out, or connects over its socket: each time something may cross.
  @Test func whatCrossesOneEndCountsAgainstNoOther() {
    var state = ClientState()
    for attempt in 1...2 * UInt64(SocketIOLimits.maxLatePackets) {
      _ = state.packetArrived(Self.connect)
      if attempt % 3 == 0 { expect(state.packetArrived(.event("x", [])) != .close) }
      expect(state.connected("/", attempt: attempt))
      if attempt % 3 != 2 {
        state.thrownOut(of: "/")
        expect(state.packetArrived(.event("x", [])) == .ignore)
      }
    }
  }

  @Test func eventsThatWaitForASocketAreBounded() {
    var state = ClientState()
    _ = state.packetArrived(Self.connect)
    expect(state.connected("/", attempt: 1))
    _ = state.packetArrived(Self.connect)
    for _ in 0..<SocketIOLimits.maxLatePackets { expect(state.packetArrived(.event("x", [])) != .close) }
    expect(state.packetArrived(.event("x", [])) == .close)
  }

  @Test func namespacesOfOneConnectionAreBounded() {
    var state = ClientState()
    for number in 0..<SocketIOLimits.maxNamespacesPerConnection {
      expect(
        state.packetArrived(SocketPacket(.connect, namespace: "/\(number)"))
          == .connect(namespace: "/\(number)", auth: nil, attempt: UInt64(number) + 1, replaces: false))
      if number % 2 == 0 { expect(state.connected("/\(number)", attempt: UInt64(number) + 1)) }
    }
    expect(state.packetArrived(SocketPacket(.connect, namespace: "/more")) == .close)
    state.thrownOut(of: "/0")
    expect(state.packetArrived(SocketPacket(.connect, namespace: "/more")) != .close)
  }

  @Test func attemptsThatRunAreBoundedThoughTheyDontCount() {
    var state = ClientState()
    for _ in 0..<SocketIOLimits.maxNamespacesPerConnection { expect(state.packetArrived(Self.connect) != .close) }
    expect(state.packetArrived(Self.connect) == .close)
    expect(!state.refused("/", attempt: 1))
    expect(state.packetArrived(Self.connect) != .close)
  }

  @Test func attachmentsAreForThoseWhoAreIn() {
    var state = ClientState()
    expect(!state.takesAttachments(in: "/"))
    _ = state.packetArrived(Self.connect)
    expect(!state.takesAttachments(in: "/"))
    expect(state.connected("/", attempt: 1))
    expect(state.takesAttachments(in: "/") && !state.takesAttachments(in: "/other"))
  }

  @Test func namespacesWhoseNamesLookTheSameAreTwo() {
    var state = ClientState()
    _ = state.packetArrived(SocketPacket(.connect, namespace: "/caf\u{e9}"))
    expect(state.connected("/caf\u{e9}", attempt: 1))
    expect(state.packetArrived(.event("x", [], namespace: "/cafe\u{301}")) == .close)
    expect(
      state.packetArrived(SocketPacket(.connect, namespace: "/cafe\u{301}"))
        == .connect(namespace: "/cafe\u{301}", auth: nil, attempt: 2, replaces: false))
  }
}

/// `#expect` for calls that change a noncopyable value, which the macro can't take apart.
private func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(condition, sourceLocation: sourceLocation)
}

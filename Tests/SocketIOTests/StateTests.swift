import SocketIO
import Testing

@Suite struct ClientStateTests {
  @Test func eventsBelongToConnectedNamespacesOnly() {
    var state = ClientState()
    expect(state.packetArrived(.event("x", [])) == .close)
    expect(state.packetArrived(SocketPacket(.connect, data: ["a": 1])) == .connect(namespace: "/", auth: ["a": 1]))
    expect(state.packetArrived(.event("x", [])) == .close)
    let connected = state.connected("/")
    #expect(connected)
    expect(state.packetArrived(.event("x", [1], id: 4)) == .event(namespace: "/", id: 4, elements: ["x", 1]))
    expect(state.packetArrived(SocketPacket(.connect)) == .close)
    expect(state.packetArrived(SocketPacket(.ack, id: 1, data: [2])) == .ack(namespace: "/", id: 1, arguments: [2]))
    expect(state.packetArrived(SocketPacket(.connectError, data: [:])) == .close)
  }

  @Test func aClientThatLeavesWhileItConnectsIsNotConnected() {
    var state = ClientState()
    _ = state.packetArrived(SocketPacket(.connect, namespace: "/a"))
    expect(state.packetArrived(SocketPacket(.disconnect, namespace: "/a")) == .disconnect(namespace: "/a"))
    let connected = state.connected("/a")
    #expect(!connected)
    let isEmpty = state.isEmpty
    #expect(isEmpty)
  }

  @Test func namespacesOfOneConnectionAreBounded() {
    var state = ClientState()
    for number in 0..<SocketIOLimits.maxNamespacesPerConnection {
      expect(
        state.packetArrived(SocketPacket(.connect, namespace: "/\(number)"))
          == .connect(namespace: "/\(number)", auth: nil))
    }
    expect(state.packetArrived(SocketPacket(.connect, namespace: "/more")) == .close)
  }
}

@Suite struct RoomTableTests {
  @Test func aRoomKnowsItsMembersAndVanishesWithTheLast() {
    var table = RoomTable<Int>()
    for member in [1, 2, 3, 2] { table.insert(member, into: "a") }
    table.insert(1, into: "b")
    var members: Set<Int> = []
    table.forEach(in: "a") { members.insert($0) }
    #expect(members == [1, 2, 3])
    #expect(table.contains(2, in: "a") && !table.contains(2, in: "b"))
    for member in [1, 2, 9, 3] { table.remove(member, from: "a") }
    table.remove(1, from: "b")
    table.remove(1, from: "c")
    #expect(table.count == 0)
  }

  @Test func itAgreesWithADictionaryOfSets() {
    var generator = SeededGenerator(seed: 31)
    var table = RoomTable<Int>()
    var model: [String: Set<Int>] = [:]
    for _ in 0..<5_000 {
      let room = "r\(Int.random(in: 0..<6, using: &generator))"
      let member = Int.random(in: 0..<5, using: &generator)
      if Bool.random(using: &generator) {
        table.insert(member, into: room)
        model[room, default: []].insert(member)
      } else {
        table.remove(member, from: room)
        model[room]?.remove(member)
      }
      var members: Set<Int> = []
      table.forEach(in: room) { members.insert($0) }
      #expect(members == model[room] ?? [])
    }
    #expect(table.count == model.values.filter { !$0.isEmpty }.count)
  }
}

/// `#expect` for calls that change a noncopyable value, which the macro can't take apart.
private func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(condition, sourceLocation: sourceLocation)
}

import SocketIO
import Testing

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

  @Test func roomsWhoseNamesLookTheSameAreTwo() {
    var table = RoomTable<Int>()
    table.insert(1, into: "caf\u{e9}")
    table.insert(2, into: "cafe\u{301}")
    #expect(table.count == 2)
    #expect(table.contains(1, in: "caf\u{e9}") && !table.contains(1, in: "cafe\u{301}"))
    table.remove(1, from: "cafe\u{301}")
    #expect(table.contains(1, in: "caf\u{e9}"))
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

/// Who is in which room, as far as one event loop knows. Members remember their rooms themselves.
///
/// A room of one member, which most are, costs no set.
public struct RoomTable<Member: Hashable> {
  fileprivate enum Members {
    case one(Member)
    case many(Set<Member>)
  }

  private var table: [BytewiseName: Members] = [:]

  public init() {}

  /// Number of rooms that have a member.
  public var count: Int { table.count }

  /// Names of the rooms that have a member.
  public var names: some Sequence<String> { table.keys.lazy.map(\.text) }

  public mutating func insert(_ member: Member, into room: String) {
    let room = BytewiseName(room)
    switch table[room] {
    case nil: table[room] = .one(member)
    case .one(let other): if other != member { table[room] = .many([other, member]) }
    case .many(var members):
      // Out of the table while it grows, or the set would be copied.
      table[room] = .one(member)
      members.insert(member)
      table[room] = .many(members)
    }
  }

  public mutating func remove(_ member: Member, from room: String) {
    let room = BytewiseName(room)
    switch table[room] {
    case .one(let other) where other == member: table[room] = nil
    case .many(var members):
      table[room] = .one(member)
      members.remove(member)
      if members.count == 1, let last = members.first {
        table[room] = .one(last)
      } else {
        table[room] = .many(members)
      }
    case nil, .one: break
    }
  }

  /// Calls `body` with each member of a room.
  public func forEach(in room: String, _ body: (Member) -> Void) {
    switch table[BytewiseName(room)] {
    case nil: break
    case .one(let member): body(member)
    case .many(let members): members.forEach(body)
    }
  }

  public func contains(_ member: Member, in room: String) -> Bool {
    switch table[BytewiseName(room)] {
    case nil: false
    case .one(let other): other == member
    case .many(let members): members.contains(member)
    }
  }
}

extension RoomTable: Sendable where Member: Sendable {}
extension RoomTable.Members: Sendable where Member: Sendable {}

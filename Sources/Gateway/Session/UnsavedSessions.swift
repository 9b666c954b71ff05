import Playback

/// What is to be written of listeners' sessions and could not be yet: the newest of each user.
struct UnsavedSessions {
  private(set) var byUser: [String: KeptSession] = [:]
  /// Items of all their queues, and one for each session.
  private(set) var items = 0

  var isEmpty: Bool { byUser.isEmpty }

  /// Nil forgets it.
  mutating func set(_ session: KeptSession?, of userId: String) {
    let former = byUser[userId]
    byUser[userId] = session
    items += (session.map { $0.queue.count + 1 } ?? 0) - (former.map { $0.queue.count + 1 } ?? 0)
  }

  /// Takes out what waits beyond the bound: first of those whose session is in memory as well and can be written later;
  /// what waits of the others is all that there is.
  /// - Returns: whose sessions are no longer here.
  mutating func giveUp(
    downTo mostItems: Int, sparing userId: String, whereInMemory isInMemory: (String) -> Bool
  ) -> [String] {
    guard items > mostItems else { return [] }
    let others = byUser.keys.filter { $0 != userId }
    var given: [String] = []
    for user in others.filter(isInMemory) + others.filter({ !isInMemory($0) }) {
      guard items > mostItems else { break }
      set(nil, of: user)
      given.append(user)
    }
    return given
  }
}

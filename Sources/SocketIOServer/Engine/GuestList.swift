import DequeModule

/// Sessions that have joined nothing yet, so nobody knows who they are: they are bounded by themselves, each address
/// apart, and the oldest go for those that come. Pure bookkeeping; who is struck off is to be closed.
///
/// The oldest, not the newest: a client joins within a round trip, so whoever has been here longer is less likely to be
/// one. And whoever comes has a place, however many don't mean it.
struct GuestList {
  struct Guest {
    let sid: String
    let address: AddressBlock?
    let bytes: Int
  }

  private let maxCount: Int
  private let maxPerAddress: Int
  private let maxBytes: Int
  private var guests: [UInt64: Guest] = [:]
  private var nextNumber: UInt64 = 0
  private var everyone = Deque<UInt64>()
  private var byAddress: [AddressBlock: Line] = [:]
  private(set) var bytes = 0

  /// The guests of one address in the order they came; some may have left.
  private struct Line {
    var numbers = Deque<UInt64>()
    var count = 0
  }

  /// - Parameters:
  ///   - maxCount: guests over all.
  ///   - maxPerAddress: guests of one address.
  ///   - maxBytes: of what all their handshakes take.
  init(maxCount: Int, maxPerAddress: Int, maxBytes: Int) {
    self.maxCount = maxCount
    self.maxPerAddress = maxPerAddress
    self.maxBytes = maxBytes
  }

  var count: Int { guests.count }

  /// Writes a guest down.
  /// - Returns: its number, and whose place it took.
  mutating func add(_ guest: Guest) -> (number: UInt64, displaced: [String]) {
    let number = nextNumber
    nextNumber += 1
    var displaced: [String] = []
    if let address = guest.address, let line = byAddress[address], line.count >= maxPerAddress {
      displaced += removeOldest(of: address)
    }
    while guests.count >= max(maxCount, 1) || bytes + guest.bytes > maxBytes, let sid = removeOldest() {
      displaced.append(sid)
    }
    guests[number] = guest
    bytes += guest.bytes
    everyone.append(number)
    if let address = guest.address {
      byAddress[address, default: Line()].numbers.append(number)
      byAddress[address, default: Line()].count += 1
    }
    return (number, displaced)
  }

  /// The guest has joined, or has left.
  mutating func remove(_ number: UInt64) {
    guard let guest = guests.removeValue(forKey: number) else { return }
    bytes -= guest.bytes
    if guests.isEmpty { guests = [:] }
    // Who has left is taken out of the lines when they would be half of it: once for each on average.
    if everyone.count > 2 * guests.count + 64 { everyone.removeAll { guests[$0] == nil } }
    guard let address = guest.address, var line = byAddress.removeValue(forKey: address) else { return }
    line.count -= 1
    guard line.count > 0 else { return }
    if line.numbers.count > 2 * line.count + 16 { line.numbers.removeAll { guests[$0] == nil } }
    byAddress[address] = line
  }

  /// Strikes off who came first, if there is one.
  mutating func removeOldest() -> String? {
    while let number = everyone.popFirst() {
      guard let guest = guests[number] else { continue }
      remove(number)
      return guest.sid
    }
    return nil
  }

  private mutating func removeOldest(of address: AddressBlock) -> [String] {
    while let number = byAddress[address]?.numbers.popFirst() {
      guard let guest = guests[number] else { continue }
      remove(number)
      return [guest.sid]
    }
    return []
  }
}

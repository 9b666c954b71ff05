import HeapModule

/// Which job an encoder takes next: earliest deadline first among users who take no more than their share, and behind
/// them whoever has taken most beyond it last.
///
/// Each user has one number: until when the encoder time that was spent for him is *paid*. Spending `cost` moves it on
/// by `cost` times ``SegmentLimits/ownerShare`` over the number of threads, as a user may have that share of the
/// machine; time pays it off (the generic cell rate algorithm of ATM, ITU-T I.371). As long as it's no further ahead
/// than the tolerance, deadlines alone decide; whoever is beyond it is served when nobody else waits, and among those
/// the one who owes least. So one who is alone has the whole machine, and one who asks for everything at once takes
/// nobody's first sound. Debts end at a horizon: what somebody had while nobody else wanted it is soon forgotten.
///
/// A job that has begun holds an encoder, a decoder and an open file until it ends. So only so many begin, and only so
/// many bytes: when the next in turn would have to begin and can't, the begun job that is closest to its end goes on
/// instead, to make room soonest.
///
/// A value without clock and threads: time comes in, in monotonic nanoseconds.
struct FairQueue<ID: Hashable> {
  /// What a queue admits at once.
  struct Bounds {
    var started: Int
    var startedBytes: Int

    /// A machine of many cores has more under way.
    init(threads: Int) {
      started = max(SegmentLimits.startedJobs, 4 * threads)
      startedBytes = max(SegmentLimits.startedBytes, threads << 24)
    }

    init(started: Int, startedBytes: Int) {
      self.started = started
      self.startedBytes = startedBytes
    }
  }

  private struct Waiting {
    var owner: String?
    var deadline: Int64
    var order: UInt64
    /// Bytes that it takes once it has begun.
    var bytes: Int
    /// What is left to do, in any unit.
    var left: Int
  }

  /// A job's place in its user's queue; stale if the job waits under another order.
  private struct Turn: Comparable {
    let deadline: Int64
    let order: UInt64
    let id: ID

    static func < (a: Turn, b: Turn) -> Bool { (a.deadline, a.order) < (b.deadline, b.order) }
    static func == (a: Turn, b: Turn) -> Bool { a.order == b.order }
  }

  /// A user's place among the users; stale if the user has been put somewhere else since.
  private struct Place: Comparable {
    /// A deadline, or until when is paid.
    let key: Int64
    let order: UInt64
    let owner: String?
    let stamp: UInt64

    static func < (a: Place, b: Place) -> Bool { (a.key, a.order) < (b.key, b.order) }
    static func == (a: Place, b: Place) -> Bool { a.order == b.order && a.owner == b.owner }
  }

  private struct User {
    var turns = Heap<Turn>()
    var paidUntil = Int64.min
    /// Of the one place that counts; nil without one.
    var place: (isSolvent: Bool, place: Place)?
  }

  private let bounds: Bounds
  /// Nanoseconds of paid time that a nanosecond of an encoder costs.
  private let price: Double
  private var waiting: [ID: Waiting] = [:]
  /// Jobs that have begun and not ended, waiting or running, with their bytes.
  private var started: [ID: Int] = [:]
  private var startedBytes = 0
  private var users: [String?: User] = [:]
  private var solvent = Heap<Place>()
  private var indebted = Heap<Place>()
  private var orders: UInt64 = 0
  private var stamps: UInt64 = 0

  /// - Parameter threads: that work at once.
  init(threads: Int, bounds: Bounds? = nil) {
    self.bounds = bounds ?? Bounds(threads: threads)
    price = Double(SegmentLimits.ownerShare) / Double(max(1, threads))
  }

  /// Jobs that wait.
  var count: Int { waiting.count }
  /// Jobs that have begun and not ended.
  var startedCount: Int { started.count }
  var waitingIDs: some Collection<ID> { waiting.keys }

  // MARK: Coming and going

  /// A job waits for its next turn.
  /// - Parameters:
  ///   - owner: for whom; nil for the house's own work, which nobody pays.
  ///   - bytes: that it takes once it has begun.
  mutating func insert(
    _ id: ID, owner: String?, deadline: Int64, bytes: Int = 0, left: Int = 0, now: Int64
  ) {
    orders += 1
    waiting[id] = Waiting(owner: owner, deadline: deadline, order: orders, bytes: bytes, left: left)
    users[owner, default: User()].turns.insert(Turn(deadline: deadline, order: orders, id: id))
    place(owner, now: now)
  }

  /// Somebody needs a waiting job by `deadline`; it goes on for whoever of its users stands better.
  /// - Returns: whether it waits.
  @discardableResult
  mutating func expedite(_ id: ID, owner: String?, deadline: Int64, now: Int64) -> Bool {
    guard var job = waiting[id] else { return false }
    let heir = better(job.owner, owner, now: now)
    guard heir != job.owner || deadline < job.deadline else { return true }
    let former = job.owner
    orders += 1
    job.owner = heir
    job.deadline = min(deadline, job.deadline)
    job.order = orders
    waiting[id] = job
    users[heir, default: User()].turns.insert(Turn(deadline: job.deadline, order: orders, id: id))
    if former != heir { place(former, now: now) }
    place(heir, now: now)
    return true
  }

  /// Of two users the one who owes less.
  func better(_ one: String?, _ other: String?, now: Int64) -> String? {
    max(paidUntil(other), now) < max(paidUntil(one), now) ? other : one
  }

  private func paidUntil(_ owner: String?) -> Int64 { users[owner]?.paidUntil ?? .min }

  /// Takes out what is to run now, for whom; nil when nothing waits, or what waits has to wait for one that runs.
  mutating func takeNext(now: Int64) -> (id: ID, owner: String?)? {
    guard let next = nextInTurn(now: now), let job = waiting[next] else { return nil }
    if started[next] == nil, !hasRoom(for: job) {
      let begun = started.keys.lazy.compactMap { [waiting] id in waiting[id].map { (id: id, job: $0) } }
      let closest = begun.min {
        ($0.job.left, $0.job.deadline, $0.job.order) < ($1.job.left, $1.job.deadline, $1.job.order)
      }
      guard let closest else { return nil }
      return take(closest.id, now: now)
    }
    return take(next, now: now)
  }

  /// Whether one more may begin. A single one always may, however much it takes.
  private func hasRoom(for job: Waiting) -> Bool {
    started.isEmpty || (started.count < bounds.started && startedBytes + job.bytes <= bounds.startedBytes)
  }

  private mutating func take(_ id: ID, now: Int64) -> (id: ID, owner: String?)? {
    guard let job = waiting.removeValue(forKey: id) else { return nil }
    if started.updateValue(job.bytes, forKey: id) == nil { startedBytes += job.bytes }
    place(job.owner, now: now)
    return (id, job.owner)
  }

  /// Takes a waiting job out for good; what it held is free.
  /// - Returns: whether it waited.
  mutating func remove(_ id: ID, now: Int64) -> Bool {
    guard let job = waiting.removeValue(forKey: id) else { return false }
    end(id)
    place(job.owner, now: now)
    return true
  }

  /// A job has ended; what it held is free.
  mutating func end(_ id: ID) {
    if let bytes = started.removeValue(forKey: id) { startedBytes -= bytes }
  }

  /// An encoder has worked for a user.
  mutating func charge(_ owner: String?, nanoseconds: Int64, now: Int64) {
    guard let owner else { return }
    let paid = max(paidUntil(owner), now) + Int64(Double(max(0, nanoseconds)) * price)
    users[owner, default: User()].paidUntil = min(paid, now + SegmentLimits.debtHorizonNanoseconds)
    place(owner, now: now)
    if users.count > 2 * waiting.count + 256 {
      users = users.filter { !$0.value.turns.isEmpty || $0.value.paidUntil > now }
    }
  }

  // MARK: The order

  /// The job whose turn it is; it stays where it is.
  private mutating func nextInTurn(now: Int64) -> ID? {
    // Whoever has paid off what was too much stands among the others again.
    while let first = indebted.min, !isCurrent(first) || isSolvent(paidUntil(first.owner), now: now) {
      indebted.removeMin()
      if isCurrent(first) { place(first.owner, now: now) }
    }
    while let first = solvent.min, !isCurrent(first) { solvent.removeMin() }
    return (solvent.min ?? indebted.min).flatMap { users[$0.owner]?.turns.min?.id }
  }

  private func isCurrent(_ place: Place) -> Bool { users[place.owner]?.place?.place.stamp == place.stamp }

  private func isSolvent(_ paidUntil: Int64, now: Int64) -> Bool {
    paidUntil <= now || paidUntil - now <= SegmentLimits.debtToleranceNanoseconds
  }

  /// Puts a user where his first job belongs.
  private mutating func place(_ owner: String?, now: Int64) {
    guard var user = users.removeValue(forKey: owner) else { return }
    while let first = user.turns.min, waiting[first.id]?.order != first.order { user.turns.removeMin() }
    if let first = user.turns.min {
      let isSolvent = isSolvent(user.paidUntil, now: now)
      let key = isSolvent ? first.deadline : user.paidUntil
      if let place = user.place, place.isSolvent == isSolvent, place.place.key == key, place.place.order == first.order
      {
        users[owner] = user
        return
      }
      stamps += 1
      let place = Place(key: key, order: first.order, owner: owner, stamp: stamps)
      user.place = (isSolvent, place)
      users[owner] = user
      if isSolvent { solvent.insert(place) } else { indebted.insert(place) }
      sweep()
    } else {
      user.place = nil
      if user.paidUntil > now { users[owner] = user }
    }
  }

  /// Drops what is out of date and has not come to the front by itself.
  private mutating func sweep() {
    guard solvent.count + indebted.count > 4 * users.count + 256 else { return }
    solvent = Heap(solvent.unordered.filter(isCurrent))
    indebted = Heap(indebted.unordered.filter(isCurrent))
  }
}

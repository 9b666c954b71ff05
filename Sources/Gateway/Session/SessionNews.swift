import Playback

/// What all devices of a user are to be told, no more often than they can make use of it.
///
/// Of each kind ``GatewayLimits/newsBurst`` go out at a stroke, and ``GatewayLimits/newsPerSecond`` after that. What
/// comes meanwhile takes the place of what waits: everything that is told says how things are now, so the last of a
/// kind is enough. A value without clock; time comes in, in monotonic nanoseconds.
struct SessionNews {
  enum Item: Equatable {
    case queue(reason: String, by: String?, except: String?)
    case devices
    case state(SessionAction, by: String, except: String?)
    /// Where a seek has led.
    case position(by: String, except: String?)

    fileprivate var kind: Kind {
      switch self {
      case .queue: .queue
      case .devices: .devices
      case .state(.volume(_, let device), _, _): .volume(device)
      case .state: .state
      case .position: .position
      }
    }

    /// Who isn't told, as its own ack says it.
    var except: String? {
      switch self {
      case .queue(_, _, let except), .state(_, _, let except), .position(_, let except): except
      case .devices: nil
      }
    }

    /// The same, told to everybody.
    fileprivate var toAll: Item {
      switch self {
      case .queue(let reason, let by, _): .queue(reason: reason, by: by, except: nil)
      case .state(let action, let by, _): .state(action, by: by, except: nil)
      case .position(let by, _): .position(by: by, except: nil)
      case .devices: .devices
      }
    }
  }

  fileprivate enum Kind: Hashable {
    case queue, devices, state, position
    /// A device has its own, for the volume of one doesn't say that of another.
    case volume(String)
  }

  private var budgets: [Kind: Budget] = [:]
  /// In the order in which the last of each came.
  private var waiting: [(kind: Kind, item: Item)] = []
  /// Until when the time is paid that telling has taken; the rule is that of the encoders' fair queue.
  private var paidUntil: Int64 = 0

  var isEmpty: Bool { waiting.isEmpty }

  /// Whether something of that kind has not been told yet.
  func isWaiting(_ item: Item) -> Bool { waiting.contains { $0.kind == item.kind } }

  mutating func add(_ item: Item) {
    var item = item
    if let place = waiting.firstIndex(where: { $0.kind == item.kind }) {
      // Each of several who changed something has to hear of the others'.
      if waiting[place].item.except != item.except { item = item.toAll }
      waiting.remove(at: place)
    }
    waiting.append((item.kind, item))
  }

  /// What is to be told now, in order.
  mutating func take(now: Int64) -> [Item] {
    guard restEnds <= now else { return [] }
    var due: [Item] = []
    let all = waiting
    waiting = []
    for entry in all {
      if allows(entry.kind, now: now) { due.append(entry.item) } else { waiting.append(entry) }
    }
    return due
  }

  /// When the first of what is left is to be told; nil for nothing.
  func nextDue(now: Int64) -> Int64? {
    waiting.compactMap { budgets[$0.kind]?.wait(now: now) ?? 0 }.min().map { max(now + $0, restEnds) }
  }

  /// What was taken has been told, which took so long: where it takes long, it's told less often.
  mutating func told(in nanoseconds: Int64, now: Int64) {
    let price = max(0, nanoseconds) * GatewayLimits.newsShare
    paidUntil = min(max(paidUntil, now) + price, now + 2 * GatewayLimits.newsToleranceNanoseconds)
  }

  private var restEnds: Int64 { paidUntil - GatewayLimits.newsToleranceNanoseconds }

  private mutating func allows(_ kind: Kind, now: Int64) -> Bool {
    var budget =
      budgets[kind] ?? Budget(burst: GatewayLimits.newsBurst, perSecond: GatewayLimits.newsPerSecond, now: now)
    let isAllowed = budget.wait(now: now) == 0 && budget.spend(now: now) == nil
    // As many as there are devices; those that were forgotten leave with all others, and begin anew.
    if budgets.count > PlaybackLimits.knownDevices + 8 { budgets = budgets.filter { $0.value.wait(now: now) > 0 } }
    budgets[kind] = budget
    return isAllowed
  }
}

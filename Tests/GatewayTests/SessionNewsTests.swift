import Playback
import Testing

@testable import Gateway

@Suite struct SessionNewsTests {
  private static let second: Int64 = 1_000_000_000

  /// What an item is about; the last of each is what counts.
  private static func subject(_ item: SessionNews.Item) -> String {
    switch item {
    case .queue: "queue"
    case .devices: "devices"
    case .state(.volume(_, let device), _, _): "volume of \(device)"
    case .state: "state"
    case .position: "position"
    }
  }

  private static func anyItem(_ number: Int, using random: inout SeededGenerator) -> SessionNews.Item {
    let device = "d\(Int.random(in: 0..<4, using: &random))"
    return switch Int.random(in: 0..<6, using: &random) {
    case 0: .queue(reason: "add \(number)", by: device, except: device)
    case 1: .queue(reason: "advance \(number)", by: nil, except: nil)
    case 2: .devices
    case 3: .state(.volume(Double(number), deviceId: device), by: device, except: device)
    case 4: .state([.pause, .resume, .stop][number % 3], by: "\(device) \(number)", except: device)
    default: .position(by: "\(device) \(number)", except: device)
    }
  }

  @Test(arguments: 0..<30 as Range<UInt64>) func theLastOfEachIsToldAndNoneTooOften(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var news = SessionNews()
    var last: [String: SessionNews.Item] = [:]
    var told: [String: SessionNews.Item] = [:]
    var times: [String: [Int64]] = [:]
    /// Who hasn't been told what of whom, by subject.
    var unheard: [String: [String?]] = [:]
    var now: Int64 = 0

    func tell() {
      for item in news.take(now: now) {
        let subject = Self.subject(item)
        told[subject] = item
        times[subject, default: []].append(now)
        if let except = item.except {
          #expect(unheard[subject]?.allSatisfy { $0 == except } ?? true, "\(except) has to hear of others")
        }
        unheard[subject] = nil
      }
    }

    for number in 0..<3_000 {
      let item = Self.anyItem(number, using: &random)
      news.add(item)
      last[Self.subject(item)] = item
      unheard[Self.subject(item), default: []].append(item.except)
      tell()
      let step = Int64.random(in: 0..<Self.second / 20, using: &random)
      if let due = news.nextDue(now: now), due <= now + step {
        #expect(due > now)
        now = due
        tell()
      } else {
        now += step
      }
    }
    // It gets quiet, and everything is told.
    while let due = news.nextDue(now: now) {
      now = due
      tell()
    }
    #expect(news.isEmpty && unheard.isEmpty)
    for (subject, item) in last {
      guard let heard = told[subject] else {
        Issue.record("nobody was told of \(subject)")
        continue
      }
      switch (heard, item) {
      case (.queue(let heard, _, _), .queue(let reason, _, _)): #expect(heard == reason)
      case (.state(let heard, let by, _), .state(let action, let device, _)): #expect(heard == action && by == device)
      case (.position(let heard, _), .position(let by, _)): #expect(heard == by)
      default: #expect(heard == item)
      }
    }
    for (subject, times) in times {
      for (place, start) in times.enumerated() {
        let inSecond = times[place...].prefix { $0 - start < Self.second }.count
        #expect(Double(inSecond) <= GatewayLimits.newsBurst + GatewayLimits.newsPerSecond + 1, "\(subject)")
      }
    }
  }

  @Test func whatAPersonDoesIsToldAsItHappens() {
    var news = SessionNews()
    for number in 0..<Int(GatewayLimits.newsBurst) {
      news.add(.queue(reason: "\(number)", by: "a", except: "a"))
      #expect(news.take(now: 0) == [.queue(reason: "\(number)", by: "a", except: "a")])
    }
    news.add(.queue(reason: "late", by: "a", except: "a"))
    #expect(news.take(now: 0).isEmpty)
    #expect(news.nextDue(now: 0).map { $0 <= Self.second / 9 } ?? false)
  }

  @Test func whatWaitsComesInTheOrderInWhichItCameLast() {
    var news = SessionNews()
    for _ in 0..<20 {
      news.add(.devices)
      news.add(.position(by: "a", except: nil))
      _ = news.take(now: 0)
    }
    news.add(.devices)
    #expect(news.take(now: Self.second) == [.position(by: "a", except: nil), .devices])
  }
}

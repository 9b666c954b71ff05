import Foundation
import Testing

@testable import Playback

@Suite struct DeviceRegistryTests {
  private func registry(_ ids: String...) throws -> DeviceRegistry {
    var registry = DeviceRegistry()
    for id in ids {
      try registry.connect(id, as: PlaybackDevice.Announcement(name: "The \(id)", kind: .mobile), at: 0)
    }
    return registry
  }

  @Test func aSettingWinsOverWhatTheDeviceAnnouncesAlsoAfterItsReturn() throws {
    var registry = try registry("phone")
    try registry.set(PlaybackDevice.Settings(name: "Kitchen", volume: 0.4, outputDelayMs: 180), for: "phone")
    registry.disconnect("phone", at: 0)
    let back = try registry.connect(
      "phone",
      as: PlaybackDevice.Announcement(
        name: "Phone", kind: .speaker, codecs: [.opus], dataSaver: true, outputDelayMs: 5), at: 0)
    #expect(back.name == "Kitchen" && back.volume == 0.4 && back.outputDelayMs == 180)
    #expect(back.kind == .speaker && back.codecs == [.opus] && back.dataSaver)
  }

  @Test func onlyAnOnlineDevicePlays() throws {
    var registry = try registry("phone", "laptop")
    registry.disconnect("phone", at: 0)
    #expect(throws: SessionError.deviceOffline) { try registry.activate("phone") }
    #expect(throws: SessionError.deviceOffline) { try registry.joinGroup("phone") }
    #expect(throws: SessionError.unknownDevice) { try registry.activate("fridge") }
    try registry.activate("laptop")
    #expect(registry.devices.map(\.isActive) == [true, false])
  }

  @Test func goingOfflineLeavesTheGroupButNotTheActivePlace() throws {
    var registry = try registry("phone", "laptop")
    try registry.activate("phone")
    try registry.joinGroup("phone")
    try registry.joinGroup("laptop")
    let wasActive = registry.disconnect("phone", at: 0)
    #expect(wasActive && registry.activeDeviceId == "phone")
    #expect(registry.group == ["laptop"])
    let again = registry.disconnect("phone", at: 0)
    #expect(!again)
  }

  @Test func whatCannotBeIsRefused() throws {
    var registry = try registry("phone")
    let before = registry
    let wrong: [PlaybackDevice.Settings] = [
      .init(volume: 1.1), .init(volume: .nan), .init(outputDelayMs: 2_001), .init(outputDelayMs: -1), .init(name: ""),
      .init(name: String(repeating: "x", count: 65)), .init(name: "e" + String(repeating: "\u{301}", count: 2_000)),
    ]
    for settings in wrong {
      #expect(throws: SessionError.badRequest("")) { try registry.set(settings, for: "phone") }
    }
    #expect(throws: SessionError.badRequest("")) {
      try registry.connect("", as: PlaybackDevice.Announcement(name: "x"), at: 0)
    }
    #expect(registry == before)
  }

  @Test func sixtyFourAreOnlineAndTheLongestAbsentIsForgotten() throws {
    var registry = DeviceRegistry()
    for number in 0..<PlaybackLimits.devicesPerUser {
      try registry.connect("device\(number)", as: PlaybackDevice.Announcement(name: "x"), at: 0)
    }
    #expect(throws: SessionError.tooManyDevices) {
      try registry.connect("more", as: PlaybackDevice.Announcement(name: "x"), at: 0)
    }
    try registry.activate("device0")
    for number in 0..<PlaybackLimits.devicesPerUser { registry.disconnect("device\(number)", at: 0) }
    for number in 0..<65 {
      try registry.connect("new\(number)", as: PlaybackDevice.Announcement(name: "x"), at: 0)
      registry.disconnect("new\(number)", at: 0)
    }
    // The active one went first, and yet isn't the one that is forgotten.
    #expect(registry["device0"] != nil && registry["device1"] == nil && registry["device2"] != nil)
    #expect(registry.devices.count == PlaybackLimits.knownDevices)
  }

  @Test func onlyAnOfflineDeviceIsForgottenAndWithItWhatWasSet() throws {
    var registry = try registry("phone", "laptop")
    try registry.set(PlaybackDevice.Settings(name: "Kitchen", volume: 0.4), for: "phone")
    try registry.activate("phone")
    let before = registry
    #expect(throws: SessionError.deviceOnline) { try registry.forget("phone") }
    #expect(throws: SessionError.unknownDevice) { try registry.forget("fridge") }
    #expect(registry == before)
    registry.disconnect("phone", at: 0)
    let version = registry.version
    try registry.forget("phone")
    #expect(registry["phone"] == nil && registry.activeDeviceId == nil && registry.version == version + 1)
    let back = try registry.connect("phone", as: PlaybackDevice.Announcement(name: "Phone"), at: 1)
    #expect(back.name == "Phone" && back.volume == 1)
  }

  @Test func aLastUseIsWhenItWentOfflineAndIsSaidWhileItIs() throws {
    var registry = try registry("phone")
    #expect(registry["phone"]?.lastUsed == nil)
    registry.disconnect("phone", at: 5_000)
    #expect(registry["phone"]?.lastUsed == 5_000)
    registry.disconnect("phone", at: 6_000)
    #expect(registry["phone"]?.lastUsed == 5_000)
    try registry.connect("phone", as: PlaybackDevice.Announcement(name: "Phone"), at: 7_000)
    #expect(registry["phone"]?.lastUsed == nil)
  }

  @Test func whoCameOnlyOnceIsForgottenSoonAndWhoComesAgainOrWasGivenANameLater() throws {
    let (hour, day): (Int64, Int64) = (3_600_000, 86_400_000)
    var registry = try registry("window", "named", "regular", "tunnel", "loud", "active")
    try registry.set(PlaybackDevice.Settings(name: "Kitchen"), for: "named")
    try registry.set(PlaybackDevice.Settings(volume: 0.8), for: "loud")
    try registry.activate("active")
    for id in ["window", "named", "regular", "tunnel", "loud", "active"] { registry.disconnect(id, at: 0) }
    try registry.connect("regular", as: PlaybackDevice.Announcement(name: "x"), at: hour)
    try registry.connect("tunnel", as: PlaybackDevice.Announcement(name: "x"), at: hour - 1)
    for id in ["regular", "tunnel"] { registry.disconnect(id, at: hour) }

    let expected: [(moment: Int64, known: [String])] = [
      (-day, ["active", "loud", "named", "regular", "tunnel", "window"]),
      (day - 1, ["active", "loud", "named", "regular", "tunnel", "window"]),
      (day, ["active", "named", "regular", "tunnel"]),
      (day + hour, ["active", "named", "regular"]),
      (90 * day - 1, ["active", "named", "regular"]),
      (90 * day, ["active", "regular"]),
      // Its sound goes on where it comes back.
      (90 * day + hour, ["active"]),
    ]
    for (moment, known) in expected {
      let before = registry
      registry.forgetGone(at: moment)
      #expect(registry.devices.map(\.deviceId) == known, "at \(moment)")
      #expect(registry.version == before.version + (registry == before ? 0 : 1), "at \(moment)")
    }
  }

  @Test func whoseIdEndsWithItIsForgottenWithItAndNotKept() throws {
    var registry = try registry("desk")
    let tab = PlaybackDevice.Announcement(name: "A second tab", isTemporary: true)
    try registry.connect("tab", as: tab, at: 0)
    registry.forgetGone(at: 0)
    #expect(registry["tab"] != nil)
    let kept = try JSONDecoder().decode(DeviceRegistry.self, from: JSONEncoder().encode(registry))
    #expect(kept.devices.map(\.deviceId) == ["desk"])
    try registry.activate("tab")
    registry.disconnect("tab", at: 0)
    registry.forgetGone(at: 0)
    #expect(registry["tab"] != nil, "its sound goes on where it comes back")
    try registry.activate("desk")
    registry.forgetGone(at: 0)
    #expect(registry["tab"] == nil)
  }

  @Test func whatWasSetForATabHoldsThroughALostConnectionAndARestart() throws {
    var registry = try registry("desk")
    try registry.connect("tab", as: PlaybackDevice.Announcement(name: "A second tab", isTemporary: true), at: 0)
    try registry.set(PlaybackDevice.Settings(outputDelayMs: 200), for: "tab")
    registry.disconnect("tab", at: 0)
    registry = try JSONDecoder().decode(DeviceRegistry.self, from: JSONEncoder().encode(registry))
    registry.forgetGone(at: PlaybackLimits.visitMilliseconds - 1)
    #expect(registry["tab"]?.outputDelayMs == 200)
    registry.forgetGone(at: PlaybackLimits.visitMilliseconds)
    #expect(registry["tab"] == nil)
  }

  /// Random commands, checked against plain sets and against what holds always.
  @Test func randomCommandsKeepEveryRule() throws {
    for seed in UInt64(0)..<50 {
      var random = QueueRandom(seed: seed)
      var registry = DeviceRegistry()
      var (online, group, active): (Set<String>, Set<String>, String?) = ([], [], nil)
      for _ in 0..<120 {
        let before = registry
        let id = "device\(random.index(below: 200))"
        let present = online.sorted()
        let other = present.isEmpty ? id : present[random.index(below: present.count)]
        do {
          switch random.index(below: 10) {
          case 0...4:
            try registry.connect(id, as: PlaybackDevice.Announcement(name: id, kind: .web), at: 0)
            online.insert(id)
          case 5, 6:
            registry.disconnect(other, at: 0)
            online.remove(other)
            group.remove(other)
          case 7:
            try registry.joinGroup(random.index(below: 3) == 0 ? id : other)
            group.formUnion(registry.group)
          case 8:
            try registry.leaveGroup(other)
            group.remove(other)
          default:
            try registry.activate(other)
            active = other
          }
        } catch {
          #expect(registry == before, "seed \(seed): an error has changed something")
        }
        #expect(registry.version == before.version + (registry == before ? 0 : 1), "seed \(seed)")
        #expect(Set(registry.devices.filter(\.isOnline).map(\.deviceId)) == online, "seed \(seed)")
        #expect(registry.group == group && group.isSubset(of: online), "seed \(seed)")
        #expect(registry.activeDeviceId == active && (active.map { registry[$0] != nil } ?? true), "seed \(seed)")
        #expect(registry.devices.count <= PlaybackLimits.knownDevices, "seed \(seed)")
      }
    }
  }

  @Test func settingsSurviveAndTheOrderOfForgettingToo() throws {
    var registry = try registry("phone", "laptop", "speaker")
    try registry.set(PlaybackDevice.Settings(name: "Desk", volume: 0.25, dataSaver: true), for: "laptop")
    try registry.activate("phone")
    registry.disconnect("speaker", at: 0)
    let data = try JSONEncoder().encode(registry)
    var restored = try JSONDecoder().decode(DeviceRegistry.self, from: data)
    #expect(restored.onlineCount == 0 && restored.group.isEmpty && restored.activeDeviceId == nil)
    #expect(restored["laptop"]?.name == "Desk" && restored["laptop"]?.volume == 0.25)
    #expect(restored["laptop"]?.dataSaver == true && restored["laptop"]?.kind == .mobile)
    #expect(restored["phone"]?.name == "The phone")
    #expect(restored["speaker"]?.lastUsed == 0 && restored["phone"]?.lastUsed == nil)
    for number in 0..<126 {
      try restored.connect("new\(number)", as: PlaybackDevice.Announcement(name: "x"), at: 0)
      restored.disconnect("new\(number)", at: 0)
    }
    #expect(restored["speaker"] == nil && restored["laptop"] != nil && restored["phone"] != nil)
  }

  @Test func whatWasKeptWithoutALastUseIsReadAndStays() throws {
    var old = try JSONDecoder().decode(
      DeviceRegistry.self, from: Data(#"{"format":1,"devices":[\#(Self.device)]}"#.utf8))
    #expect(old["a"] != nil && old["a"]?.lastUsed == nil)
    old.forgetGone(at: .max)
    #expect(old["a"] != nil, "nobody knows how long it has been away")
    try old.connect("a", as: PlaybackDevice.Announcement(name: "a"), at: 0)
    old.disconnect("a", at: 0)
    old.forgetGone(at: 86_400_000)
    #expect(old["a"] != nil, "nobody knows that it came only once")
  }

  @Test func aLastUseThatNoClockShowsIsDamage() throws {
    for (moment, isDamaged) in [
      ("0", false), ("9007199254740992", false), ("9007199254740993", true), ("-1", true), ("1e300", true),
    ] {
      let device = String(Self.device.dropLast()) + #","lastUsed":\#(moment),"hasReturned":false}"#
      let kept = Result {
        try JSONDecoder().decode(DeviceRegistry.self, from: Data(#"{"format":1,"devices":[\#(device)]}"#.utf8))
      }
      switch kept {
      case .success(let read): #expect(!isDamaged && read["a"]?.lastUsed == Int64(moment))
      case .failure(let error): #expect(isDamaged && (error as? SessionError)?.code == .badData, "\(moment)")
      }
    }
  }

  @Test func damagedSettingsAreRefusedOrSound() throws {
    var registry = try registry("phone", "laptop")
    try registry.set(
      PlaybackDevice.Settings(name: "Desk", volume: 0.5, outputDelayMs: 20, dataSaver: true), for: "laptop")
    let whole = [UInt8](try JSONEncoder().encode(registry))
    var refused = 0
    for seed in UInt64(0)..<1_000 {
      var random = QueueRandom(seed: seed)
      var bytes = whole
      let place = random.index(below: bytes.count)
      switch random.index(below: 3) {
      case 0: bytes[place] = UInt8(random.index(below: 256))
      case 1: bytes.remove(at: place)
      default: bytes.insert(UInt8(ascii: "0") + UInt8(random.index(below: 10)), at: place)
      }
      do {
        let read = try JSONDecoder().decode(DeviceRegistry.self, from: Data(bytes))
        for device in read.devices {
          #expect((0...1).contains(device.volume) && (0...2_000).contains(device.outputDelayMs), "seed \(seed)")
          #expect((1...64).contains(device.name.count) && (1...64).contains(device.deviceId.count), "seed \(seed)")
        }
      } catch let error as SessionError {
        #expect(error.code == .badData, "seed \(seed)")
        refused += 1
      } catch is DecodingError {
        // Bytes that are no JSON.
      }
    }
    #expect(refused > 50)
    let twice = Data(
      #"{"format":1,"devices":[\#(Self.device),\#(Self.device)]}"#.utf8)
    #expect(throws: SessionError.badData("")) { try JSONDecoder().decode(DeviceRegistry.self, from: twice) }
  }

  private static let device =
    #"{"id":"a","name":"a","kind":"web","dataSaver":false,"outputDelayMs":0,"settings":{}}"#
}

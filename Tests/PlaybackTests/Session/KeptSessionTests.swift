import Foundation
import Testing

@testable import Playback

/// What comes back from where sessions are stored is believed only as far as it makes sense.
@Suite struct KeptSessionTests {
  private static let edges = [
    "-1", "0", "0.5", "65535", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "18446744073709551616", "-9223372036854775808", "1e19", "1e308", "-1e308",
  ]

  /// A session in which every number stands, in its written form.
  private func stored() throws -> [String: Any] {
    var world = SessionWorld(seed: 9)
    world.connect("desk")
    try world.set(["a", "b", "c", "d"], by: "desk")
    try world.session.shuffle(true, version: nil, by: "desk")
    try world.session.setCrossfade(seconds: 3, by: "desk")
    try world.session.changeSettings(of: "desk", .init(volume: 0.5, outputDelayMs: 100), by: "desk")
    world.settle()
    let kept = world.session.kept(now: world.now, unixMilliseconds: 1_000_000)
    #expect(kept.sounding != nil)
    return try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(kept)) as? [String: Any])
  }

  /// Every form of `value` in which one number is the mark that the edges are written in place of.
  private func marked(_ value: Any) -> [Any] {
    var forms: [Any] = []
    if let object = value as? [String: Any] {
      for (key, inner) in object {
        for form in marked(inner) { forms.append(object.merging([key: form]) { $1 }) }
      }
    } else if let array = value as? [Any] {
      for place in array.indices {
        for form in marked(array[place]) { forms.append(Array(array[..<place]) + [form] + array[(place + 1)...]) }
      }
    } else if value is NSNumber {
      forms.append("<mark>")
    }
    return forms
  }

  @Test func whateverNumberIsStoredTheSessionWorksOrIsRefused() throws {
    let forms = marked(try stored())
    #expect(forms.count > 15)
    for form in forms {
      let text = String(decoding: try JSONSerialization.data(withJSONObject: form), as: UTF8.self)
      for edge in Self.edges {
        let body = text.replacingOccurrences(of: "\"<mark>\"", with: edge)
        guard let kept = try? JSONDecoder().decode(KeptSession.self, from: Data(body.utf8)) else { continue }
        try work(kept)
      }
    }
  }

  /// What listeners do with a session that they come back to.
  private func work(_ kept: KeptSession) throws {
    var session = ListeningSession()
    session.restore(kept, end: 2_000_000)
    #expect(session.resumePosition >= 0 && session.resumePosition.isFinite)
    try session.connect("desk", as: .init(name: "Desk"), unixMilliseconds: 2_000_000)
    try session.resumeHere("desk", now: 0)
    try session.next(version: nil, by: "desk", now: 0)
    try session.shuffle(false, version: nil, by: "desk")
    try session.setRepeat(.all, version: nil, by: "desk")
    _ = try session.addToQueue(tracks: ["e"], at: .end, version: nil, by: "desk")
    try session.changeSettings(of: "desk", .init(volume: 1), by: "desk")
    for effect in session.takeEffects() {
      guard case .play(let device, let order) = effect else { continue }
      session.began(
        device, order: order.order, turn: order.turn,
        .init(streamId: "s", position: order.position, duration: 200, quality: "high", codec: "mp3"), isPaused: false,
        now: 0)
    }
    session.disconnect("desk", isKept: true, now: 1_000_000_000, unixMilliseconds: 3_000_000)
    _ = try JSONEncoder().encode(session.kept(now: 1_000_000_000, unixMilliseconds: 3_000_000))
  }

  @Test func aDeviceThatIsThereIsKeptWithItsLastUse() throws {
    var world = SessionWorld(seed: 9)
    for id in ["desk", "phone"] { world.connect(id) }
    world.disconnect("phone")
    let left = world.now / 1_000_000
    world.now += 60_000_000_000
    let kept = world.session.kept(now: world.now, unixMilliseconds: 1_000_000)
    let read = try JSONDecoder().decode(KeptSession.self, from: JSONEncoder().encode(kept))
    #expect(read.devices["desk"]?.lastUsed == 1_000_000 && read.devices["phone"]?.lastUsed == left)
    #expect(world.session.devices["desk"]?.lastUsed == nil)
  }

  @Test func aVersionThatNoSessionReachesIsDamage() throws {
    var object = try stored()
    for (version, isDamaged) in [
      (PlaybackLimits.mostVersion, false), (PlaybackLimits.mostVersion + 1, true), (.max, true),
    ] {
      object["version"] = version
      let body = try JSONSerialization.data(withJSONObject: object)
      let kept = Result { try JSONDecoder().decode(KeptSession.self, from: body) }
      switch kept {
      case .success(let kept): #expect(!isDamaged && kept.version == version)
      case .failure(let error): #expect(isDamaged && (error as? SessionError)?.code == .badData)
      }
    }
  }
}

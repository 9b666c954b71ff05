import EngineIO
import NIOCore
import Testing

@Suite struct EngineSessionTests {
  static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  static let timing = EngineSession.Timing(pingInterval: .milliseconds(300), pingTimeout: .milliseconds(200))

  static func session(_ transport: EngineTransport) -> EngineSession {
    EngineSession(transport: transport, timing: timing, now: start)
  }

  @Test func theServerPingsAndGivesUpWithoutAPong() {
    var session = Self.session(.webSocket)
    expect(session.heartbeatDue(now: Self.start) == .wait(Self.start + .milliseconds(300)))
    expect(session.heartbeatDue(now: Self.start + .milliseconds(301)) == .ping(next: Self.start + .milliseconds(500)))
    let isAwaitingPong1 = session.isAwaitingPong
    #expect(isAwaitingPong1)
    expect(session.heartbeatDue(now: Self.start + .milliseconds(499)) == .wait(Self.start + .milliseconds(500)))
    expect(session.heartbeatDue(now: Self.start + .milliseconds(500)) == .close(.pingTimeout))
  }

  @Test func aPongStartsTheNextInterval() {
    var session = Self.session(.webSocket)
    _ = session.heartbeatDue(now: Self.start + .milliseconds(300))
    expect(session.packetArrived(EnginePacket(.pong), now: Self.start + .milliseconds(320)) == .none)
    let nextDeadline2 = session.nextDeadline
    #expect(nextDeadline2 == Self.start + .milliseconds(620))
    let isAwaitingPong3 = session.isAwaitingPong
    #expect(!isAwaitingPong3)
  }

  @Test func aLateHeartbeatLeavesTheClientTimeToAnswer() {
    // 300 ms and 200 ms: the ping is due at 300, and is 150 or 250 ms late.
    for late in [Int64(150), 250] {
      var session = EngineSession(transport: .webSocket, timing: Self.timing, now: Self.start)
      let now = Self.start + .milliseconds(300 + late)
      expect(session.heartbeatDue(now: now) == .ping(next: now + .milliseconds(200)))
      expect(session.heartbeatDue(now: now + .milliseconds(199)) == .wait(now + .milliseconds(200)))
    }
  }

  @Test func aMachineThatSleptDoesNotBlameTheClient() {
    var session = Self.session(.webSocket)
    expect(
      session.heartbeatDue(now: Self.start + .seconds(60))
        == .ping(next: Self.start + .seconds(60) + .milliseconds(200)))
  }

  @Test(arguments: [EnginePacket.Kind.ping, .open, .upgrade])
  func packetsThatOnlyAServerSendsEndTheSession(kind: EnginePacket.Kind) {
    var session = Self.session(.webSocket)
    expect(session.packetArrived(EnginePacket(kind), now: Self.start) == .close(.parseError))
  }

  @Test func twoPollsAtOnceEndTheSession() {
    var session = Self.session(.polling)
    expect(session.pollArrived() == .hold)
    expect(session.pollArrived() == .closeConcurrent)
    session.pollAnswered()
    expect(session.pollArrived() == .hold)
  }

  @Test func twoPostsAtOnceEndTheSession() {
    var session = Self.session(.polling)
    expect(session.postArrived() == .hold)
    expect(session.postArrived() == .closeConcurrent)
  }

  @Test func aWebSocketSessionDoesNotPollAndIsNotUpgraded() {
    var session = Self.session(.webSocket)
    expect(session.pollArrived() == .refuse)
    expect(session.postArrived() == .refuse)
    expect(!session.probeArrived())
  }

  @Test func anUpgradeNeedsAProbeAndThenUpgrade() {
    var session = Self.session(.polling)
    expect(session.probeArrived())
    expect(!session.probeArrived())
    expect(session.pollArrived() == .hold)
    let wantsPollEnded4 = session.wantsPollEnded
    #expect(!wantsPollEnded4)
    expect(session.probePacketArrived(EnginePacket(.ping, "probe")) == .answerProbe)
    let wantsPollEnded5 = session.wantsPollEnded
    #expect(wantsPollEnded5)
    let transport6 = session.transport
    #expect(transport6 == .polling)
    expect(session.probePacketArrived(EnginePacket(.upgrade)) == .completeUpgrade)
    let transport7 = session.transport
    #expect(transport7 == .webSocket)
    expect(session.pollArrived() == .refuse)
  }

  @Test func anUpgradeWithoutAProbeIsAbandonedAndPollingGoesOn() {
    for packet in [
      EnginePacket(.upgrade), EnginePacket(.message, "x"), EnginePacket(.ping, "other"), EnginePacket(.ping),
    ] {
      var session = Self.session(.polling)
      expect(session.probeArrived())
      expect(session.probePacketArrived(packet) == .abandonProbe)
      expect(session.pollArrived() == .hold)
      expect(session.probeArrived())
    }
  }

  @Test func aProbeThatEndsIsForgotten() {
    var session = Self.session(.polling)
    expect(!session.probeEnded())
    expect(session.probeArrived())
    expect(session.probeEnded())
    let isUpgrading8 = session.isUpgrading
    #expect(!isUpgrading8)
  }

  @Test func nothingHappensInAClosedSession() {
    var session = Self.session(.polling)
    let first = session.close()
    let second = session.close()
    #expect(first && !second)
    expect(session.pollArrived() == .refuse)
    expect(session.packetArrived(EnginePacket(.message, "x"), now: Self.start) == .none)
    expect(session.heartbeatDue(now: Self.start + .seconds(9)) == .stop)
    expect(!session.probeArrived())
  }

  @Test func randomEventsKeepTheInvariants() {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<500 {
      var session = Self.session(Bool.random(using: &random) ? .polling : .webSocket)
      var now = Self.start
      for _ in 0..<60 {
        now = now + .milliseconds(Int64.random(in: 0...120, using: &random))
        let packet = EnginePacket(
          EnginePacket.Kind.allCases.randomElement(using: &random) ?? .noop, Bool.random(using: &random) ? "probe" : "")
        let wasWebSocket = session.transport == .webSocket
        switch Int.random(in: 0..<8, using: &random) {
        case 0: if session.packetArrived(packet, now: now) == .deliver { #expect(packet.kind == .message) }
        case 1: _ = session.probeArrived()
        case 2: _ = session.probePacketArrived(packet)
        case 3: _ = session.probeEnded()
        case 4: if session.pollArrived() == .hold { #expect(!wasWebSocket) }
        case 5: session.pollAnswered()
        case 6: if case .ping(let next) = session.heartbeatDue(now: now) { #expect(next > now - .milliseconds(200)) }
        default: if Int.random(in: 0..<20, using: &random) == 0 { _ = session.close() }
        }
        // A WebSocket session never goes back, and a closed one never upgrades.
        let (transport, isClosed, isUpgrading) = (session.transport, session.isClosed, session.isUpgrading)
        #expect(!wasWebSocket || transport == .webSocket)
        #expect(!(isClosed && isUpgrading))
        #expect(!(transport == .webSocket && isUpgrading))
      }
    }
  }

  @Test func theHandshakeIsTheOfficialServersJSON() {
    let handshake = EngineHandshake(
      sid: "abc", upgrades: [.webSocket], pingInterval: .seconds(25), pingTimeout: .seconds(20), maxPayload: 1_000_000)
    #expect(
      String(buffer: handshake.packet.payload)
        == #"{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#)
    #expect(handshake.packet.kind == .open)
  }

  @Test func sessionIDsAreTwentyCharactersOfBase64URL() {
    var random = SeededGenerator(seed: 7)
    let ids = (0..<100).map { _ in SessionID.make(using: &random) }
    #expect(Set(ids).count == 100)
    #expect(
      ids.allSatisfy {
        $0.count == 20 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
      })
  }
}

/// `#expect` for calls that change a noncopyable value, which the macro can't take apart.
private func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(condition, sourceLocation: sourceLocation)
}

import EngineIO
import NIOCore
import SocketIO

/// What a fuzzer feeds with bytes. A rule that is broken traps.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Socket.IO packets and their attachments.
  case packets
  /// Socket.IO packets in MessagePack.
  case messagePack
  /// Bodies of polling requests.
  case payloads
  /// The bytes of a WebSocket connection.
  case messages
  /// What happens to a session, in any order.
  case sessions
  /// What a client of Socket.IO sends over one connection, and how its attempts to join end, in any order.
  case clients

  public func run(_ bytes: [UInt8]) {
    switch self {
    case .packets: Self.packets(bytes)
    case .messagePack: Self.messagePack(bytes)
    case .payloads: Self.payloads(bytes)
    case .messages: Self.messages(bytes)
    case .sessions: Self.sessions(bytes)
    case .clients: Self.clients(bytes)
    }
  }

  /// Pieces between bytes of 0xFF (which UTF-8 never has); the first byte of each says whether it is an attachment.
  private static func packets(_ bytes: [UInt8]) {
    var decoder = SocketPacketDecoder()
    for piece in bytes.split(separator: 0xFF) {
      let isBinary = piece.first == 0
      let buffer = ByteBuffer(bytes: isBinary ? piece.dropFirst() : piece)
      // The transport has seen to that.
      guard isBinary || buffer.isValidUTF8 else { continue }
      do throws(SocketPacketError) {
        let packet = isBinary ? try decoder.decode(binary: buffer) : try decoder.decode(text: buffer)
        if let packet { checkRoundTrip(packet) }
      } catch {
        decoder = SocketPacketDecoder()
      }
    }
  }

  /// What is written can be read, and is written the same again.
  private static func checkRoundTrip(_ packet: SocketPacket) {
    let written = packet.encode()
    var decoder = SocketPacketDecoder()
    do throws(SocketPacketError) {
      var read = try decoder.decode(text: written.text)
      for attachment in written.attachments {
        precondition(read == nil, "a packet is whole before its attachments came")
        read = try decoder.decode(binary: attachment)
      }
      guard let read else { preconditionFailure("a packet that was written isn't whole") }
      precondition(read.encode() == written, "a packet changes when it's written again")
    } catch {
      preconditionFailure("a packet that was written can't be read: \(error)")
    }
  }

  /// A value, and a packet, of the same bytes. What is read is written so that it reads the same, whatever the form it
  /// came in.
  private static func messagePack(_ bytes: [UInt8]) {
    let buffer = ByteBuffer(bytes: bytes)
    if let value = try? SocketValue(messagePack: buffer) {
      var written = ByteBuffer()
      written.writeMessagePack(value)
      guard let read = try? SocketValue(messagePack: written) else {
        preconditionFailure("a value that was written can't be read")
      }
      var again = ByteBuffer()
      again.writeMessagePack(read)
      precondition(again == written, "a value changes when it's written again")
    }
    var decoder = SocketPacketDecoder(codec: .messagePack)
    guard let packet = try? decoder.decode(binary: buffer) else { return }
    precondition(!decoder.isWaiting, "a packet that is whole waits for more")
    let written = packet.encode(.messagePack)
    guard let read = try? decoder.decode(binary: written.text) else {
      preconditionFailure("a packet that was written can't be read")
    }
    precondition(read.encode(.messagePack) == written, "a packet changes when it's written again")
  }

  private static func payloads(_ bytes: [UInt8]) {
    guard let packets = try? PollingPayload.decode(ByteBuffer(bytes: bytes)) else { return }
    let written = PollingPayload.encode(packets)
    precondition((try? PollingPayload.decode(written)) == packets, "a payload changes when it's written again")
  }

  private struct Heard: Equatable {
    var messages: [WebSocketMessageParser.Message] = []
    var failure: WebSocketMessageParser.Failure?
  }

  /// The first byte says into what pieces the rest is cut: however bytes arrive, they mean the same.
  private static func messages(_ bytes: [UInt8]) {
    guard let size = bytes.first.map({ Int($0) + 1 }) else { return }
    let stream = Array(bytes.dropFirst())
    let pieces = stride(from: 0, to: stream.count, by: size).map { Array(stream[$0..<min($0 + size, stream.count)]) }
    for peer in [WebSocketMessageParser.Peer.client, .server] {
      for allowsCompression in [false, true] {
        let whole = hear([stream], from: peer, allowsCompression: allowsCompression)
        let heard = hear(pieces, from: peer, allowsCompression: allowsCompression)
        precondition(heard == whole, "the same bytes in other pieces mean something else")
      }
    }
  }

  private static func hear(
    _ pieces: [[UInt8]], from peer: WebSocketMessageParser.Peer, allowsCompression: Bool
  ) -> Heard {
    let limit = 4_096
    var parser = WebSocketMessageParser(
      reading: peer, maxMessageBytes: limit, allowsCompression: allowsCompression)
    var heard = Heard()
    for piece in pieces {
      parser.append(ByteBuffer(bytes: piece))
      do throws(WebSocketMessageParser.Failure) {
        while let message = try parser.next() { heard.messages.append(message) }
      } catch {
        heard.failure = error
        return heard
      }
      let most = limit + EngineLimits.maxFrameHeaderBytes + EngineLimits.maxControlFramePayload
      precondition(parser.bufferedBytes <= most, "more is kept than a message may have")
    }
    return heard
  }

  /// A byte an event, in an order that no client and no server would choose.
  private static func sessions(_ bytes: [UInt8]) {
    let timing = EngineSession.Timing(pingInterval: .seconds(25), pingTimeout: .seconds(20))
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var session = EngineSession(
      transport: (bytes.first ?? 0) & 1 == 0 ? .polling : .webSocket, timing: timing, now: now)
    var hasUpgraded = session.transport == .webSocket
    for byte in bytes.dropFirst() {
      let wasClosed = session.isClosed
      let packet = EnginePacket(EnginePacket.Kind.allCases[Int(byte >> 4) % 7], byte & 8 == 0 ? "probe" : "")
      switch byte & 7 {
      case 0: if session.pollArrived() == .hold, byte & 8 == 0 { session.pollAnswered() }
      case 1: if session.postArrived() == .hold, byte & 8 == 0 { session.postFinished() }
      case 2:
        let action = session.packetArrived(packet, now: now)
        precondition(!wasClosed || action == .none, "a packet means something after the end")
      case 3: precondition(!session.probeArrived() || session.isUpgrading, "a probe that doesn't begin an upgrade")
      case 4:
        if session.probePacketArrived(packet) == .completeUpgrade {
          precondition(!hasUpgraded, "a session upgrades twice")
          hasUpgraded = true
          precondition(session.transport == .webSocket && !session.isUpgrading, "an upgrade that isn't one")
        }
      case 5: if session.probeEnded() { precondition(!session.isUpgrading, "a probe that doesn't end") }
      case 6:
        now = now + .seconds(Int64(byte >> 3))
        switch session.heartbeatDue(now: now) {
        case .wait(let deadline), .ping(let deadline):
          precondition(!wasClosed && deadline >= now, "the clock is to be looked at in the past")
        case .stop: precondition(wasClosed, "a session that lives has no heartbeat")
        case .close: break
        }
      default: if byte & 0xF8 == 0xF8 { precondition(session.close() != wasClosed, "a session ends twice") }
      }
      precondition(!wasClosed || session.isClosed, "a session lives again")
      precondition(!session.isUpgrading || session.transport == .polling, "a WebSocket upgrades")
    }
  }
}

import EngineIO
import NIOCore
import SocketIO

extension FuzzTarget {
  /// Pieces between bytes of 0xFF, which UTF-8 never has. The first byte of each says what it is: 0 an attachment, 1 and 2 the
  /// end of an attempt (let in or refused), 3 that the server throws the socket out; else it is a text.
  static func clients(_ bytes: [UInt8]) {
    let limit = 2_000
    var state = ClientState()
    var decoder = SocketPacketDecoder(bounds: PacketBounds(maxPacketBytes: limit))
    var attempts: [(namespace: String, number: UInt64)] = []
    var inside: [BytewiseName: UInt64] = [:]
    for piece in bytes.split(separator: 0xFF) {
      let (kind, rest) = (piece.first ?? 0, ByteBuffer(bytes: piece.dropFirst()))
      switch kind {
      case 1, 2:
        guard !attempts.isEmpty else { continue }
        let attempt = attempts.remove(at: Int(piece.dropFirst().first ?? 0) % attempts.count)
        let name = BytewiseName(attempt.namespace)
        if kind == 2 {
          _ = state.refused(attempt.namespace, attempt: attempt.number)
        } else if state.connected(attempt.namespace, attempt: attempt.number) {
          precondition(inside[name] == nil, "a namespace has a client twice")
          inside[name] = attempt.number
        }
      case 3:
        guard let name = inside.keys.min(by: { $0.text < $1.text }) else { continue }
        state.thrownOut(of: name.text)
        inside[name] = nil
      default:
        guard let packet = read(kind == 0 ? rest : ByteBuffer(bytes: piece), isBinary: kind == 0, &decoder, state)
        else {
          return
        }
        guard let packet = packet.value else { continue }
        let name = BytewiseName(packet.namespace)
        switch state.packetArrived(packet) {
        case .connect(let namespace, _, let number, let replaces):
          precondition(
            replaces == (inside[name] != nil), "a socket is replaced that there is not, or not one that there is")
          inside[name] = nil
          attempts.append((namespace, number))
          precondition(attempts.count <= SocketIOLimits.maxNamespacesPerConnection, "attempts without a bound")
        case .event, .ack: precondition(inside[name] != nil, "a packet is handed to nobody")
        case .disconnect: inside[name] = nil
        case .ignore: precondition(inside[name] == nil, "a packet of a client that is in is dropped")
        case .close: return
        }
      }
    }
  }

  private struct Read {
    let value: SocketPacket?
  }

  /// Nil when the connection ends over it.
  private static func read(
    _ buffer: ByteBuffer, isBinary: Bool, _ decoder: inout SocketPacketDecoder, _ state: borrowing ClientState
  ) -> Read? {
    guard isBinary || buffer.isValidUTF8 else { return nil }
    do throws(SocketPacketError) {
      let packet = isBinary ? try decoder.decode(binary: buffer) : try decoder.decode(text: buffer)
      if let awaited = decoder.awaited, !state.takesAttachments(in: awaited.namespace) { return nil }
      // What a text becomes is a fixed multiple of it: an object of one key for each three bytes at most.
      precondition(decoder.heldBytes <= 2_000 * 100, "more is kept than a packet may have")
      return Read(value: packet)
    } catch {
      return nil
    }
  }
}

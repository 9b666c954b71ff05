import NIOCore

/// Reads a server's WebSocket frames (RFC 6455) off a stream of bytes and throws binary payloads away while counting
/// them.
///
/// Bytes come in reads of any size. What is kept between two reads is the unfinished head of a frame, the unfinished
/// text message if there is one, and the first `binaryHeadBytes` of a binary message: so a listener that is being sent
/// megabytes holds a few dozen bytes of its own.
struct WebSocketFrames {
  enum Event: Equatable {
    /// A whole text message. It may share the storage of the read buffer: use it before the next read.
    case text(ByteBuffer)
    /// A whole binary message of `length` bytes, and the beginning of it.
    case binary(length: Int, head: ByteBuffer)
    case ping(ByteBuffer)
    case close
  }

  enum Malformed: Error, Equatable {
    case reservedBits, masked, unknownOpcode, fragmentedControl, unexpectedContinuation, tooLong
  }

  private enum State {
    case first
    case second
    /// Length bytes still to come, and the length so far.
    case length(left: Int, value: UInt64)
    case payload(left: Int)
  }

  private let binaryHeadBytes: Int
  private var state = State.first
  private var opcode: UInt8 = 0
  private var isFinal = true
  /// Opcode of the message that continuation frames belong to; zero between messages.
  private var message: UInt8 = 0
  private var messageLength = 0
  private var partial: ByteBuffer?
  private var control: ByteBuffer?

  init(binaryHeadBytes: Int) { self.binaryHeadBytes = binaryHeadBytes }

  /// Takes bytes from `buffer` until a message is complete; nil is «need more», and then the buffer is empty.
  mutating func next(_ buffer: inout ByteBuffer) throws(Malformed) -> Event? {
    while true {
      switch state {
      case .payload(let left):
        if left > 0, buffer.readableBytes == 0 { return nil }
        if let event = try takePayload(left, &buffer) { return event }
      default:
        guard let byte = buffer.readInteger(as: UInt8.self) else { return nil }
        try takeHead(byte)
      }
    }
  }

  private mutating func takeHead(_ byte: UInt8) throws(Malformed) {
    switch state {
    case .first:
      guard byte & 0x70 == 0 else { throw .reservedBits }
      opcode = byte & 0x0f
      isFinal = byte & 0x80 != 0
      switch opcode {
      case 0: guard message != 0 else { throw .unexpectedContinuation }
      case 1, 2:
        guard message == 0 else { throw .unexpectedContinuation }
        message = opcode
        messageLength = 0
      case 8, 9, 10: guard isFinal else { throw .fragmentedControl }
      default: throw .unknownOpcode
      }
      state = .second
    case .second:
      guard byte & 0x80 == 0 else { throw .masked }
      switch byte {
      case 126: state = .length(left: 2, value: 0)
      case 127: state = .length(left: 8, value: 0)
      default: try beginPayload(UInt64(byte))
      }
    case .length(let left, let value):
      let grown = value << 8 | UInt64(byte)
      if left > 1 { state = .length(left: left - 1, value: grown) } else { try beginPayload(grown) }
    case .payload: break
    }
  }

  private mutating func beginPayload(_ length: UInt64) throws(Malformed) {
    let limit: Int
    if opcode >= 8 {
      limit = 125
    } else {
      limit = (message == 1 ? Limits.textBytes : Limits.binaryBytes) - messageLength
    }
    guard length <= UInt64(limit) else { throw .tooLong }
    if opcode < 8 { messageLength += Int(length) }
    state = .payload(left: Int(length))
  }

  private mutating func takePayload(_ left: Int, _ buffer: inout ByteBuffer) throws(Malformed) -> Event? {
    let taken = min(left, buffer.readableBytes)
    let isWhole = taken == left
    state = isWhole ? .first : .payload(left: left - taken)
    if opcode >= 8 {
      var bytes = control.take() ?? ByteBuffer()
      if var slice = buffer.readSlice(length: taken) { bytes.writeBuffer(&slice) }
      guard isWhole else {
        control = bytes
        return nil
      }
      switch opcode {
      case 8: return .close
      case 9: return .ping(bytes)
      default: return nil
      }
    }
    let isComplete = isWhole && isFinal
    if message == 2 {
      let missing = binaryHeadBytes - (partial?.readableBytes ?? 0)
      if missing > 0, let view = buffer.getSlice(at: buffer.readerIndex, length: min(missing, taken)) {
        var view = view
        partial.mutate(default: ByteBuffer()) { $0.writeBuffer(&view) }
      }
      buffer.moveReaderIndex(forwardBy: taken)
      guard isComplete else { return nil }
      message = 0
      return .binary(length: messageLength, head: partial.take() ?? ByteBuffer())
    }
    guard var slice = buffer.readSlice(length: taken) else { return nil }
    if isComplete, partial == nil {
      message = 0
      return .text(slice)
    }
    partial.mutate(default: ByteBuffer()) { $0.writeBuffer(&slice) }
    guard isComplete else { return nil }
    message = 0
    return .text(partial.take() ?? ByteBuffer())
  }

  /// A client's frame: final, masked with `mask` as RFC 6455, 5.3 demands of clients.
  static func frame(opcode: UInt8, payload: String, mask: UInt32) -> ByteBuffer {
    let bytes = payload.utf8
    var buffer = ByteBuffer()
    buffer.reserveCapacity(bytes.count + 14)
    buffer.writeInteger(0x80 | opcode)
    if bytes.count < 126 {
      buffer.writeInteger(0x80 | UInt8(bytes.count))
    } else if bytes.count <= Int(UInt16.max) {
      buffer.writeInteger(0x80 | UInt8(126))
      buffer.writeInteger(UInt16(bytes.count))
    } else {
      buffer.writeInteger(0x80 | UInt8(127))
      buffer.writeInteger(UInt64(bytes.count))
    }
    buffer.writeInteger(mask)
    var shift: UInt32 = 24
    for byte in bytes {
      buffer.writeInteger(byte ^ UInt8(truncatingIfNeeded: mask >> shift))
      shift = shift == 0 ? 24 : shift - 8
    }
    return buffer
  }
}

extension Optional where Wrapped == ByteBuffer {
  /// Changes the buffer in place, starting from `fresh` where there is none.
  fileprivate mutating func mutate(default fresh: @autoclosure () -> ByteBuffer, _ body: (inout ByteBuffer) -> Void) {
    var value = take() ?? fresh()
    body(&value)
    self = value
  }
}

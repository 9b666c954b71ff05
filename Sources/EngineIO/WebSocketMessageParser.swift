public import NIOCore

/// Turns the bytes of one WebSocket connection into whole messages (RFC 6455 section 5), compressed ones (RFC 7692) as
/// they are.
///
/// At rest it holds no memory: the buffers for a part of a frame and for fragments exist only while one is under way,
/// and grow with what has arrived, never with what a header announces.
public struct WebSocketMessageParser: Sendable {
  /// Whose bytes are read: clients mask every frame, servers none.
  public enum Peer: Sendable {
    case client
    case server
  }

  /// What came whole.
  public enum Message: Sendable, Equatable {
    case text(ByteBuffer)
    case binary(ByteBuffer)
    /// A message of ``PerMessageDeflate``, to be inflated; a text is then still to be held against UTF-8.
    case compressed(isText: Bool, ByteBuffer)
    /// A part of a message, which is kept until the rest is here: it is to be counted like whatever else takes time.
    case fragment
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// The peer closes; 1005 stands for «no code given».
    case close(code: UInt16, reason: String)
  }

  /// Why the connection must be failed.
  public enum Failure: Error, Sendable, Equatable {
    /// Against the framing rules; the text names the rule.
    case protocolError(String)
    /// A message beyond the limit.
    case messageTooLarge
    /// A text message that is not UTF-8.
    case invalidUTF8
    /// A compressed message that can't be inflated.
    case invalidCompression

    /// The code to close with.
    public var closeCode: UInt16 {
      switch self {
      case .protocolError: 1002
      case .invalidUTF8, .invalidCompression: 1007
      case .messageTooLarge: 1009
      }
    }
  }

  private let peer: Peer
  /// Bytes of a message, over all its fragments; holds for the frames that are read from then on.
  public var maxMessageBytes: Int
  private let allowsCompression: Bool
  private var unread: ByteBuffer?
  private var fragments: (opcode: WebSocketFrameHeader.Opcode, isCompressed: Bool, bytes: ByteBuffer, empty: Int)?

  /// - Parameters:
  ///   - peer: who sends.
  ///   - maxMessageBytes: bytes of a message, over all its fragments.
  ///   - allowsCompression: whether ``PerMessageDeflate`` was agreed to.
  public init(reading peer: Peer, maxMessageBytes: Int, allowsCompression: Bool = false) {
    self.allowsCompression = allowsCompression
    self.peer = peer
    self.maxMessageBytes = maxMessageBytes
  }

  /// Bytes held for a frame or a message that is not whole yet.
  public var bufferedBytes: Int { (unread?.readableBytes ?? 0) + (fragments?.bytes.readableBytes ?? 0) }

  /// Gives up what isn't whole; the parser must not be used again.
  public mutating func discard() {
    unread = nil
    fragments = nil
  }

  /// Takes the next bytes off the connection.
  public mutating func append(_ bytes: ByteBuffer) {
    if unread == nil {
      unread = bytes
    } else {
      unread?.writeImmutableBuffer(bytes)
    }
  }

  /// What the next frame brings, or nil: more bytes are needed. After a throw the parser must not be used again.
  public mutating func next() throws(Failure) -> Message? {
    guard let (header, headerBytes) = try nextHeader(), var rest = unread,
      rest.readableBytes - headerBytes >= header.length
    else {
      compact()
      return nil
    }
    unread = nil
    rest.moveReaderIndex(forwardBy: headerBytes)
    guard let payload = rest.readSlice(length: header.length) else { return nil }
    if rest.readableBytes > 0 { unread = rest }
    return try take(header, unmasked(payload, header))
  }

  /// Copies an unfinished frame out of the buffer it was read into, so that a few bytes don't keep a large buffer
  /// alive.
  private mutating func compact() {
    guard let rest = unread else { return }
    if rest.readableBytes == 0 {
      unread = nil
    } else if rest.readerIndex > 0 || rest.capacity > 2 * rest.readableBytes + 64 {
      var copy = ByteBufferAllocator().buffer(capacity: rest.readableBytes)
      copy.writeImmutableBuffer(rest)
      unread = copy
    }
  }

  private struct Header {
    var isFinal: Bool
    var opcode: WebSocketFrameHeader.Opcode
    var isCompressed: Bool
    var length: Int
    var key: UInt32?
  }

  private func nextHeader() throws(Failure) -> (Header, Int)? {
    guard let buffer = unread, buffer.readableBytes >= 2 else { return nil }
    var reader = buffer
    guard let (first, second) = reader.readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
    guard let opcode = WebSocketFrameHeader.Opcode(rawValue: first & 0x0f) else {
      throw .protocolError("unknown opcode")
    }
    let isCompressed = first & WebSocketFrameHeader.compressedBit != 0
    // Only the first frame of a message says it.
    guard first & 0x30 == 0, !isCompressed || (allowsCompression && (opcode == .text || opcode == .binary)) else {
      throw .protocolError("reserved bits are set")
    }
    let isFinal = first & 0x80 != 0
    guard (second & 0x80 != 0) == (peer == .client) else { throw .protocolError("wrong masking") }
    var length = UInt64(second & 0x7f)
    if opcode.isControl {
      guard isFinal else { throw .protocolError("fragmented control frame") }
      guard length <= UInt64(EngineLimits.maxControlFramePayload) else { throw .protocolError("long control frame") }
    }
    if length == 126 {
      guard let word = reader.readInteger(as: UInt16.self) else { return nil }
      length = UInt64(word)
    } else if length == 127 {
      guard let word = reader.readInteger(as: UInt64.self) else { return nil }
      length = word
    }
    // The limit comes before any arithmetic: a length of 2^63 must not be added to anything.
    guard length <= UInt64(maxMessageBytes) || opcode.isControl else { throw .messageTooLarge }
    var key: UInt32?
    if peer == .client {
      guard let mask = reader.readInteger(as: UInt32.self) else { return nil }
      key = mask
    }
    let header = Header(
      isFinal: isFinal, opcode: opcode, isCompressed: isCompressed, length: Int(length), key: key)
    return (header, reader.readerIndex - buffer.readerIndex)
  }

  private func unmasked(_ payload: ByteBuffer, _ header: Header) -> ByteBuffer {
    guard let key = header.key, header.length > 0 else { return payload }
    // Into a buffer of its own size: in place would copy the receive buffer, which the channel still holds.
    var bytes = ByteBufferAllocator().buffer(capacity: header.length)
    bytes.writeMasked(payload, key: key)
    return bytes
  }

  private mutating func take(_ header: Header, _ payload: ByteBuffer) throws(Failure) -> Message {
    switch header.opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong(payload)
    case .close: return try close(payload)
    case .continuation:
      guard var begun = fragments else { throw .protocolError("continuation of nothing") }
      fragments = nil
      guard begun.bytes.readableBytes <= maxMessageBytes - payload.readableBytes else { throw .messageTooLarge }
      begun.bytes.writeImmutableBuffer(payload)
      if header.isFinal { return try message(begun.opcode, begun.isCompressed, begun.bytes) }
      if payload.readableBytes == 0 { begun.empty += 1 }
      guard begun.empty <= EngineLimits.maxEmptyFragments else { throw .protocolError("too many empty fragments") }
      fragments = begun
      return .fragment
    case .text, .binary:
      guard fragments == nil else { throw .protocolError("a message inside a fragmented one") }
      if header.isFinal { return try message(header.opcode, header.isCompressed, payload) }
      fragments = (header.opcode, header.isCompressed, payload, 0)
      return .fragment
    }
  }

  private func message(
    _ opcode: WebSocketFrameHeader.Opcode, _ isCompressed: Bool, _ bytes: ByteBuffer
  ) throws(Failure) -> Message {
    if isCompressed { return .compressed(isText: opcode == .text, bytes) }
    guard opcode == .text else { return .binary(bytes) }
    guard bytes.isValidUTF8 else { throw .invalidUTF8 }
    return .text(bytes)
  }

  private func close(_ payload: ByteBuffer) throws(Failure) -> Message {
    var rest = payload
    guard rest.readableBytes > 0 else { return .close(code: 1005, reason: "") }
    guard let code = rest.readInteger(as: UInt16.self) else { throw .protocolError("close code of one byte") }
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: break
    default: throw .protocolError("close code out of range")
    }
    guard rest.isValidUTF8 else { throw .invalidUTF8 }
    return .close(code: code, reason: String(buffer: rest))
  }
}

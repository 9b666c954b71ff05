/// A text message of the server, as far as a listener cares: Engine.IO 4 around Socket.IO 5, namespace `/`.
enum ServerMessage: Sendable, Equatable {
  /// Engine.IO's `open`: the namespace can be joined.
  case open
  case ping
  case joined
  /// CONNECT_ERROR with the code of its `data`.
  case refused(code: String)
  /// The server closed the session, or the namespace.
  case ended
  /// An ack: `failure` is nil when it says `ok`.
  case ack(id: Int, failure: Failure?)
  case streamStarted(sampleRate: Int, epoch: Int)
  case streamEnded(finished: Bool)
  case streamError(code: String)
  /// The head of a chunk; `isComplete` when the data stood in the text, else a binary frame follows. `head` is nil when
  /// everything is in that frame.
  case chunk(head: ChunkHead?, isComplete: Bool)
  /// An event that is none of a listener's business.
  case other
  case malformed

  struct Failure: Sendable, Equatable {
    var code: String
    var retryAfterMilliseconds: Int?
  }

  /// Reads one text message; never fails, what makes no sense is `malformed`.
  init(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else {
      self = .malformed
      return
    }
    switch first {
    case UInt8(ascii: "0"): self = .open
    case UInt8(ascii: "1"): self = .ended
    case UInt8(ascii: "2"): self = .ping
    case UInt8(ascii: "3"), UInt8(ascii: "6"): self = .other
    case UInt8(ascii: "4"): self = Self.packet(bytes)
    default: self = .malformed
    }
  }

  private static func packet(_ bytes: UnsafeRawBufferPointer) -> ServerMessage {
    guard bytes.count >= 2 else { return .malformed }
    switch bytes[1] {
    case UInt8(ascii: "0"): return .joined
    case UInt8(ascii: "1"): return .ended
    case UInt8(ascii: "2"): return event(bytes, from: 2, isBinary: false)
    case UInt8(ascii: "3"): return ack(bytes, from: 2)
    case UInt8(ascii: "4"): return .refused(code: code(FlatFields(bytes, from: 2)))
    case UInt8(ascii: "5"):
      guard let dash = bytes.prefix(8).firstIndex(of: UInt8(ascii: "-")) else { return .malformed }
      return event(bytes, from: dash + 1, isBinary: true)
    default: return .malformed
    }
  }

  private static func event(_ bytes: UnsafeRawBufferPointer, from start: Int, isBinary: Bool) -> ServerMessage {
    var index = start
    while index < bytes.count, bytes[index] != UInt8(ascii: "[") { index += 1 }
    guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\"") else { return .malformed }
    let nameStart = index + 2
    guard let nameEnd = bytes[nameStart...].firstIndex(of: UInt8(ascii: "\"")) else { return .malformed }
    func isNamed(_ name: StaticString) -> Bool {
      nameEnd - nameStart == name.utf8CodeUnitCount
        && bytes[nameStart..<nameEnd].elementsEqual(
          UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
    var fields = FlatFields(bytes, from: nameEnd + 1)
    if isNamed("audio_chunk") {
      guard isBinary else { return .chunk(head: ChunkHead(json: fields), isComplete: true) }
      // The `protobuf` encoding has nothing but the placeholder in its text.
      var first = fields
      let isBare = first.next().map { $0.has(key: "_placeholder") } ?? true
      return .chunk(head: isBare ? nil : ChunkHead(json: fields), isComplete: false)
    }
    if isNamed("stream_started") {
      var sampleRate = 0
      var epoch = 0
      while let field = fields.next() {
        if field.has(key: "sampleRate") { sampleRate = field.integer ?? 0 }
        if field.has(key: "epoch") { epoch = field.integer ?? 0 }
      }
      return sampleRate > 0 ? .streamStarted(sampleRate: sampleRate, epoch: epoch) : .malformed
    }
    if isNamed("stream_ended") {
      while let field = fields.next() {
        if field.has(key: "reason") { return .streamEnded(finished: field.value.elementsEqual("finished".utf8)) }
      }
      return .malformed
    }
    if isNamed("stream_error") { return .streamError(code: code(fields)) }
    return .other
  }

  private static func ack(_ bytes: UnsafeRawBufferPointer, from start: Int) -> ServerMessage {
    guard let bracket = bytes.prefix(24).firstIndex(of: UInt8(ascii: "[")),
      let id = FlatFields.integer(bytes[start..<bracket])
    else { return .malformed }
    var fields = FlatFields(bytes, from: bracket)
    var isOK = false
    var failure = Failure(code: "unknown")
    while let field = fields.next() {
      if field.has(key: "ok") { isOK = field.value.elementsEqual("true".utf8) }
      if field.has(key: "code"), field.isString { failure.code = field.text(limit: Limits.errorCodeBytes) }
      if field.has(key: "retryAfterMs") { failure.retryAfterMilliseconds = field.integer }
    }
    return .ack(id: id, failure: isOK ? nil : failure)
  }

  private static func code(_ fields: FlatFields) -> String {
    var fields = fields
    while let field = fields.next() {
      if field.has(key: "code"), field.isString { return field.text(limit: Limits.errorCodeBytes) }
    }
    return "unknown"
  }
}

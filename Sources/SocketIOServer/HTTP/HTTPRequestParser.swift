import NIOCore
import NIOHTTP1

/// A parser of HTTP/1.1 requests (RFC 9112), one after the other on a connection.
///
/// Bytes go in as they come, parts come out: how a request is cut into packets makes no difference. It takes what the
/// standard says and nothing else; whatever two readers of the same bytes could take for two different requests (a bare
/// line feed, a space before a colon, two lengths) is refused, and nothing is read behind it.
struct HTTPRequestParser {
  /// A request's head, and what it says about the connection.
  struct Head: Equatable {
    /// With a target in origin form, or `*`: of one in absolute form the authority has become the `Host`.
    var request: HTTPRequestHead
    var framing: Framing
    /// Whether the connection ends with the answer.
    var closes: Bool
    /// Whether the client waits for a word before it sends the body.
    var expectsContinue: Bool
  }

  /// How a body's end is found.
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
  }

  enum Part: Equatable {
    case head(Head)
    case body(ByteBuffer)
    case end
  }

  /// Why a request can't be understood: the status that says so. It is the last thing that this parser gives.
  struct Failure: Error, Equatable {
    let status: HTTPResponseStatus
    let reason: String

    init(_ status: HTTPResponseStatus, _ reason: String) {
      self.status = status
      self.reason = reason
    }

    static func malformed(_ reason: String) -> Failure { Failure(.badRequest, reason) }
    static let targetTooLong = Failure(.uriTooLong, "the request target is too long")
    static let headTooLong = Failure(.requestHeaderFieldsTooLarge, "the head is too long")
  }

  struct RequestLine: Equatable {
    var method: HTTPMethod
    var target: String
    var minorVersion: Int
  }

  private enum State {
    case line
    case fields(RequestLine, HTTPHeaders)
    case body(left: Int)
    case chunkSize
    case chunk(left: Int)
    case chunkEnd
    case trailers
    case failed(Failure)
  }

  private var state = State.line
  private var buffer = ByteBuffer()
  /// Bytes of an unfinished line that have been looked at.
  private var scanned = 0
  /// Bytes of the present head or trailers that are behind us.
  private var consumed = 0

  /// Whether a request has begun and not ended.
  var isInRequest: Bool {
    if case .line = state { return buffer.readableBytes > 0 }
    return true
  }

  var bufferedBytes: Int { buffer.readableBytes }

  mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// What came behind the last part; the parser has nothing more to say.
  mutating func takeRest() -> ByteBuffer {
    defer { buffer = ByteBuffer() }
    return buffer
  }

  /// The next part; nil when more bytes are needed.
  /// - Throws: the same failure from then on.
  mutating func next() throws(Failure) -> Part? {
    do throws(Failure) {
      let part = try advance()
      // An idle connection keeps no receive buffer.
      if buffer.readableBytes == 0 { buffer = ByteBuffer() }
      return part
    } catch {
      state = .failed(error)
      buffer = ByteBuffer()
      throw error
    }
  }

  private mutating func advance() throws(Failure) -> Part? {
    // Chunks are handed on together: one of a byte is no less a part than one of a kilobyte.
    var gathered = ByteBuffer()
    while true {
      switch state {
      case .failed(let failure): throw failure
      case .line:
        guard let line = try takeLine(HTTPLimits.headBytes, .targetTooLong) else { return nil }
        // Some clients end a body with one line end too many (section 2.2).
        guard line.readableBytes > 0 else { continue }
        state = .fields(try Self.requestLine(line).get(), HTTPHeaders())
      case .fields(let request, var fields):
        // Taken out, or each field would be copied with those before it.
        state = .line
        if let head = try takeFields(of: request, into: &fields) { return .head(head) }
        state = .fields(request, fields)
        return nil
      case .body(let left):
        guard left > 0 else { return finish() }
        guard let body = take(left) else { return nil }
        state = .body(left: left - body.readableBytes)
        return .body(body)
      case .chunkSize:
        guard let line = try takeLine(HTTPLimits.chunkLineBytes, .malformed("a chunk's line is too long")) else {
          return Self.part(gathered)
        }
        let size = try Self.chunkSize(line)
        consumed = 0
        state = size > 0 ? .chunk(left: size) : .trailers
        if size == 0, gathered.readableBytes > 0 { return .body(gathered) }
      case .chunk(let left):
        guard let body = take(left) else { return Self.part(gathered) }
        state = left > body.readableBytes ? .chunk(left: left - body.readableBytes) : .chunkEnd
        if gathered.readableBytes == 0 { gathered = body } else { gathered.writeImmutableBuffer(body) }
      case .chunkEnd:
        guard try takeLine(0, .malformed("a chunk is longer than it says")) != nil else { return Self.part(gathered) }
        consumed = 0
        state = .chunkSize
      case .trailers:
        guard let line = try takeLine(HTTPLimits.headBytes, .headTooLong) else { return nil }
        guard line.readableBytes > 0 else { return finish() }
        // Read for their form alone: nothing here has a use for one.
        _ = try Self.field(line)
      }
    }
  }

  private static func part(_ gathered: ByteBuffer) -> Part? {
    gathered.readableBytes > 0 ? .body(gathered) : nil
  }

  private mutating func finish() -> Part {
    consumed = 0
    state = .line
    return .end
  }

  private mutating func take(_ count: Int) -> ByteBuffer? {
    guard buffer.readableBytes > 0 else { return nil }
    return buffer.readSlice(length: min(count, buffer.readableBytes))
  }

  private mutating func takeFields(
    of request: RequestLine, into fields: inout HTTPHeaders
  ) throws(Failure) -> Head? {
    fields.reserveCapacity(16)
    while let line = try takeLine(HTTPLimits.headBytes, .headTooLong) {
      guard line.readableBytes > 0 else {
        let head = try Self.head(request, fields)
        consumed = 0
        switch head.framing {
        case .none: state = .body(left: 0)
        case .length(let length): state = .body(left: length)
        case .chunked: state = .chunkSize
        }
        return head
      }
      guard fields.count < HTTPLimits.fields else { throw .headTooLong }
      let (name, value) = try Self.field(line)
      fields.add(name: name, value: value)
    }
    return nil
  }

  /// A line without its end; nil when that hasn't come.
  /// - Throws: `failure` beyond so many bytes, those of earlier lines counted.
  private mutating func takeLine(_ limit: Int, _ failure: Failure) throws(Failure) -> ByteBuffer? {
    enum Scan { case line(Int), more(Int), malformed }
    let start = scanned
    let scan = buffer.withUnsafeReadableBytes { bytes -> Scan in
      var index = start
      while index < bytes.count {
        let byte = bytes[index]
        if byte < 0x20 ? byte != 0x09 : byte == 0x7F {
          guard byte == 0x0D else { return .malformed }
          guard index + 1 < bytes.count else { return .more(index) }
          return bytes[index + 1] == 0x0A ? .line(index) : .malformed
        }
        index += 1
      }
      return .more(index)
    }
    switch scan {
    case .malformed: throw .malformed("a control character, or a line that doesn't end in CR LF")
    case .more(let count):
      guard consumed + count <= limit else { throw failure }
      scanned = count
      return nil
    case .line(let count):
      guard consumed + count <= limit else { throw failure }
      scanned = 0
      consumed += count + 2
      let line = buffer.readSlice(length: count)
      buffer.moveReaderIndex(forwardBy: 2)
      return line
    }
  }
}

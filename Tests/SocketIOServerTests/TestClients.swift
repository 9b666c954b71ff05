import EngineIO
import Foundation
import NIOCore
import NIOPosix
import Testing

/// A connection of bytes to the server.
final class TestConnection: Sendable {
  private let channel: any Channel
  private let inbox: Mailbox<ByteBuffer?>

  private final class Reader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let inbox: Mailbox<ByteBuffer?>
    init(_ inbox: Mailbox<ByteBuffer?>) { self.inbox = inbox }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { inbox.put(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { inbox.put(nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  init(port: Int, reads: Bool = true) async throws {
    let inbox = Mailbox<ByteBuffer?>()
    self.inbox = inbox
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: reads)
      .channelOption(.socketOption(.so_rcvbuf), value: reads ? 256 * 1024 : 4096)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Reader(inbox)) }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }
  func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }
  /// The next bytes; nil at the end.
  func read() async throws -> ByteBuffer? { try await inbox.next() }
  func close() async { _ = try? await channel.close() }
}

struct HTTPAnswer: Sendable {
  var status: Int
  var headers: [String: String]
  var body: String
}

/// One HTTP connection that is kept.
actor TestHTTP {
  let connection: TestConnection
  let port: Int
  private var unread = ByteBuffer()

  init(port: Int) async throws {
    self.port = port
    connection = try await TestConnection(port: port)
  }

  func send(_ method: String, _ path: String, headers: [String: String] = [:], body: String = "") async throws {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if method == "POST" { text += "Content-Length: \(body.utf8.count)\r\n" }
    try await connection.send(text + "\r\n" + body)
  }

  func answer() async throws -> HTTPAnswer {
    while true {
      if let (answer, rest) = Self.parse(unread) {
        unread = rest
        return answer
      }
      let bytes = try #require(try await connection.read())
      unread.writeImmutableBuffer(bytes)
    }
  }

  func request(
    _ method: String, _ path: String, headers: [String: String] = [:], body: String = ""
  ) async throws -> HTTPAnswer {
    try await send(method, path, headers: headers, body: body)
    return try await answer()
  }

  func get(_ path: String) async throws -> HTTPAnswer { try await request("GET", path) }
  func post(_ path: String, _ body: String) async throws -> HTTPAnswer { try await request("POST", path, body: body) }

  /// What came behind the last answer; an upgraded connection goes on with it.
  func takeUnread() -> ByteBuffer {
    defer { unread = ByteBuffer() }
    return unread
  }

  private static func parse(_ buffer: ByteBuffer) -> (HTTPAnswer, ByteBuffer)? {
    let text = String(buffer: buffer)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let status = Int(lines[0].split(separator: " ")[1]) ?? 0
    let headBytes = text[..<end.upperBound].utf8.count
    let length = status == 101 || status == 204 ? 0 : Int(headers["content-length"] ?? "0") ?? 0
    guard buffer.readableBytes >= headBytes + length else { return nil }
    var rest = buffer
    rest.moveReaderIndex(forwardBy: headBytes)
    let body = rest.readString(length: length) ?? ""
    return (HTTPAnswer(status: status, headers: headers, body: body), rest)
  }
}

/// A WebSocket client that speaks frames.
actor TestWebSocket {
  typealias Message = WebSocketMessageParser.Message

  let connection: TestConnection
  private var parser: WebSocketMessageParser

  struct Refused: Error { var answer: HTTPAnswer }

  /// Upgrades, on a new connection or on one that was used before.
  init(
    port: Int, path: String, over http: TestHTTP? = nil, headers: [String: String] = [:],
    allowsCompression: Bool = false
  )
    async throws
  {
    parser = WebSocketMessageParser(
      reading: .server, maxMessageBytes: 1 << 26, allowsCompression: allowsCompression)
    let http = if let http { http } else { try await TestHTTP(port: port) }
    let fields = [
      "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ].merging(headers) { $1 }
    let answer = try await http.request("GET", path, headers: fields)
    guard answer.status == 101 else { throw Refused(answer: answer) }
    #expect(answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    connection = http.connection
    parser.append(await http.takeUnread())
  }

  func send(_ opcode: WebSocketFrameHeader.Opcode, _ payload: ByteBuffer) async throws {
    var frame = ByteBuffer()
    frame.writeMaskedWebSocketFrame(opcode, payload: payload, key: 0x0102_0304)
    try await connection.send(frame)
  }

  func send(_ text: String) async throws { try await send(.text, ByteBuffer(string: text)) }
  func send(binary: [UInt8]) async throws { try await send(.binary, ByteBuffer(bytes: binary)) }

  /// The next message; nil when the connection has ended. A close is answered, as clients do.
  func next() async throws -> Message? {
    while true {
      if let message = try parser.next() {
        if case .close = message { try? await send(.close, ByteBuffer(bytes: [0x03, 0xe8])) }
        return message
      }
      guard let bytes = try await connection.read() else { return nil }
      parser.append(bytes)
    }
  }

  /// The next text that is no ping; pings are answered.
  func text() async throws -> String {
    while true {
      switch try await next() {
      case .text(let bytes) where String(buffer: bytes) == "2": try await send("3")
      case .text(let bytes): return String(buffer: bytes)
      case let other: throw Unexpected(what: "\(String(describing: other))")
      }
    }
  }

  func binary() async throws -> [UInt8] {
    guard case .binary(let bytes) = try await next() else { throw Unexpected(what: "no binary") }
    return Array(bytes.readableBytesView)
  }

  /// Reads until the server closes; its code and reason.
  func closeCode() async throws -> (UInt16, String) {
    while let message = try await next() {
      if case .close(let code, let reason) = message { return (code, reason) }
    }
    return (1006, "")
  }

  func close() async { await connection.close() }
}

struct Unexpected: Error { var what: String }

/// A Socket.IO client over WebSocket that has connected to a namespace.
func connect(
  _ port: Int, _ namespace: String = "/", auth: String = "", headers: [String: String] = [:]
) async throws -> TestWebSocket {
  let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket", headers: headers)
  #expect(try await socket.text().hasPrefix("0{"))
  let prefix = namespace == "/" ? "" : namespace + ","
  try await socket.send("40\(prefix)\(auth)")
  #expect(try await socket.text().hasPrefix("40\(prefix){\"sid\":"))
  return socket
}

/// The sid in an OPEN packet.
func sid(of body: String) throws -> String {
  let parts = body.components(separatedBy: "\"")
  return try #require(parts.count > 3 ? parts[3] : nil)
}

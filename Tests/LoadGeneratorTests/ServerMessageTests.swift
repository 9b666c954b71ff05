import Testing

@testable import dubplate_load

@Suite struct ServerMessageTests {
  private func read(_ text: String) -> ServerMessage {
    Array(text.utf8).withUnsafeBytes { ServerMessage($0) }
  }

  @Test func `the head of a binary chunk is read without its data`() {
    let text =
      #"451-["audio_chunk",{"data":{"_placeholder":true,"num":0},"streamId":"s\"\\","epoch":2,"seq":41,"#
      + #""timestamp":12345,"position":12.5,"samples":46080}]"#
    #expect(read(text) == .chunk(head: ChunkHead(samples: 46_080, epoch: 2, seq: 41), isComplete: false))
  }

  @Test func `the placeholder of a protobuf chunk says that everything follows`() {
    #expect(
      read(#"451-["audio_chunk",{"_placeholder":true,"num":0}]"#) == .chunk(head: nil, isComplete: false))
  }

  @Test func `a base64 chunk is complete, whichever side its data stands on`() {
    let data = #""data":"\#(String(repeating: "QUJD", count: 9_000))""#
    let head = ChunkHead(samples: 100, epoch: 0, seq: 3)
    #expect(
      read(#"42["audio_chunk",{\#(data),"epoch":0,"seq":3,"samples":100}]"#) == .chunk(head: head, isComplete: true))
    #expect(
      read(#"42["audio_chunk",{"epoch":0,"seq":3,"samples":100,\#(data)}]"#) == .chunk(head: head, isComplete: true))
  }

  @Test func `a title that looks like a field does not mislead`() {
    let text = #"42["stream_started",{"title":"\"sampleRate\":7,","sampleRate": 44100 ,"epoch":0}]"#
    #expect(read(text) == .streamStarted(sampleRate: 44_100, epoch: 0))
  }

  @Test func `acks tell success from failure`() {
    #expect(read(#"430[{"ok":true,"streamId":"x","epoch":0}]"#) == .ack(id: 0, failure: nil))
    let busy = ServerMessage.Failure(code: "busy", retryAfterMilliseconds: 250)
    #expect(
      read(#"4317[{"ok":false,"error":{"code":"busy","message":"later","retryAfterMs":250}}]"#)
        == .ack(id: 17, failure: busy))
    #expect(read(#"43[{"ok":true}]"#) == .malformed)
  }

  @Test(arguments: [
    (#"0{"sid":"a"}"#, ServerMessage.open), ("2", .ping), ("6", .other), ("1", .ended), ("41", .ended),
    (#"40{"sid":"x"}"#, .joined),
    (#"44{"message":"no","data":{"code":"token_expired"}}"#, .refused(code: "token_expired")),
    (#"44{"message":"no"}"#, .refused(code: "unknown")),
    (#"42["stream_ended",{"streamId":"x","trackId":"finished","reason":"replaced"}]"#, .streamEnded(finished: false)),
    (#"42["stream_ended",{"streamId":"x","trackId":"t","reason":"finished"}]"#, .streamEnded(finished: true)),
    (#"42["stream_error",{"code":"undecodable","message":"m"}]"#, .streamError(code: "undecodable")),
    (#"42["sync_state",{"action":"play"}]"#, .other),
  ])
  func `other messages are told apart`(text: String, message: ServerMessage) {
    #expect(read(text) == message)
  }

  @Test(arguments: ["", "7", "4", "42", "42[", "42[1]", #"42["stream_started",{}]"#, "45", "43x[", "9999"])
  func `what makes no sense is malformed`(text: String) {
    #expect(read(text) == .malformed)
  }

  @Test func `every beginning of a message is read without going out of bounds`() {
    let text = Array(
      #"451-["audio_chunk",{"data":{"_placeholder":true,"num":0},"k\"":"v\\","seq":-12.5e3,"samples":99}]"#.utf8)
    for length in 0...text.count {
      // A copy of exactly that length, so that a read beyond it would be one out of bounds.
      _ = Array(text.prefix(length)).withUnsafeBytes { ServerMessage($0) }
    }
  }

  @Test func `a protobuf head is read up to its data`() {
    let bytes: [UInt8] = [
      0x0a, 1, 0x41, 0x10, 2, 0x18, 0xac, 0x02, 0x20, 5, 0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0x30, 0x80, 0xe8, 0x02, 0x7a,
      0xff, 0xff, 0x03, 0xff, 0xfb,
    ]
    #expect(
      bytes.withUnsafeBytes { ChunkHead(protobuf: $0) } == ChunkHead(samples: 46_080, epoch: 2, seq: 300))
    #expect([UInt8]().withUnsafeBytes { ChunkHead(protobuf: $0) } == ChunkHead(seq: 0))
  }

  @Test(
    arguments: [
      [0x0b], [0x0a, 0x05, 0x01], [0x18], [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ] as [[UInt8]])
  func `what is no protobuf is refused`(bytes: [UInt8]) {
    #expect(bytes.withUnsafeBytes { ChunkHead(protobuf: $0) } == nil)
  }

  @Test func `strings are quoted as JSON wants it`() {
    #expect("a\"b\\c\n\u{1}é".quotedJSON == #""a\"b\\c\u000a\u0001é""#)
  }
}

import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import dubplate_load

/// A listener over an embedded channel: the test is the server and the clock.
private final class Stage {
  final class Clock: Sendable {
    let nanoseconds = Mutex<Int64>(0)
  }

  let clock = Clock()
  let loop = EmbeddedEventLoop()
  let channel: EmbeddedChannel
  let group: ListenerGroup
  let listener: Listener

  init(_ change: (inout LoadPlan) -> Void = { _ in }) throws {
    var plan = LoadPlan(
      target: try LoadTarget(url: "http://127.0.0.1:3001"),
      tracks: [LoadTrack(id: "one", duration: 200), LoadTrack(id: "t\"wo", duration: 200)],
      schedule: LoadSchedule(listeners: 1, ramp: 0, duration: 60), quality: "192kbps")
    change(&plan)
    let clock = clock
    group = ListenerGroup(
      loop: loop, number: 0, plan: plan, tokens: ["secret"], gate: nil,
      now: { clock.nanoseconds.withLock { $0 } })
    listener = group.add(index: 0, at: 0)
    channel = EmbeddedChannel(handler: listener, loop: loop)
    channel.connect(to: plan.target.address, promise: nil)
  }

  func pass(seconds: Double) {
    let step = Int64((seconds * 1e9).rounded())
    clock.nanoseconds.withLock { $0 += step }
    loop.advanceTime(by: .nanoseconds(step))
  }

  func upgrade() throws {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    try channel.writeInbound(ByteBuffer(string: answer))
  }

  func send(_ text: String) throws { try send(opcode: 1, Array(text.utf8)) }

  func send(opcode: UInt8, _ payload: [UInt8]) throws {
    var frame = ByteBuffer(bytes: [0x80 | opcode, 126])
    frame.writeInteger(UInt16(payload.count))
    frame.writeBytes(payload)
    try channel.writeInbound(frame)
  }

  func chunk(seq: Int, epoch: Int = 0, samples: Int = 44_100) throws {
    try send(
      "451-[\"audio_chunk\",{\"data\":{\"_placeholder\":true,\"num\":0},\"epoch\":\(epoch),\"seq\":\(seq),"
        + "\"samples\":\(samples)}]")
    try send(opcode: 2, [1, 2, 3])
  }

  /// As far as the namespace, with the sound about to come.
  func join() throws {
    try upgrade()
    try send("0{\"sid\":\"a\"}")
    try send("40{\"sid\":\"b\"}")
    _ = try texts()
    try send("42[\"stream_started\",{\"sampleRate\":44100,\"epoch\":0}]")
  }

  /// What the listener has written since the last look: the HTTP request as it is, frames unmasked.
  func texts() throws -> [String] {
    var texts: [String] = []
    while var buffer = try channel.readOutbound(as: ByteBuffer.self) {
      let bytes = Array(buffer.readableBytesView)
      if bytes.first == UInt8(ascii: "G") {
        texts.append(String(buffer: buffer))
      } else {
        buffer.moveReaderIndex(forwardBy: bytes[1] & 0x7f == 126 ? 4 : 2)
        guard let mask = buffer.readBytes(length: 4) else { continue }
        let payload = Array(buffer.readableBytesView).enumerated().map { $1 ^ mask[$0 % 4] }
        texts.append(String(decoding: payload, as: UTF8.self))
      }
    }
    return texts
  }
}

@Suite struct ListenerTests {
  @Test func `a listener upgrades, joins with its token and plays`() throws {
    let stage = try Stage { $0.bufferSeconds = 5 }
    #expect(try stage.texts().first?.hasPrefix("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n") == true)
    try stage.upgrade()
    try stage.send("0{\"sid\":\"a\"}")
    #expect(
      try stage.texts() == [
        #"40{"token":"secret","format":"binary","deviceName":"dubplate-load","standalone":true,"bufferSeconds":5.0}"#
      ])
    stage.pass(seconds: 0.25)
    try stage.send("40{\"sid\":\"b\"}")
    #expect(try stage.texts() == [#"420["play_track",{"trackId":"one","quality":"192kbps"}]"#])
    #expect(stage.group.tally.connectLatency.maxMilliseconds == 250)
  }

  @Test func `the first chunk is timed when its binary frame is whole`() throws {
    let stage = try Stage()
    try stage.join()
    stage.pass(seconds: 0.02)
    try stage.send("430[{\"ok\":true}]")
    try stage.send(
      "451-[\"audio_chunk\",{\"data\":{\"_placeholder\":true,\"num\":0},\"seq\":0,\"epoch\":0,\"samples\":9}]")
    try stage.channel.writeInbound(ByteBuffer(bytes: [0x82, 4, 1, 2, 3]))
    stage.pass(seconds: 0.03)
    #expect(stage.group.tally.firstChunkLatency.count == 0)
    try stage.channel.writeInbound(ByteBuffer(bytes: [4]))
    #expect(stage.group.tally.firstChunkLatency.maxMilliseconds == 50)
    #expect(stage.group.tally.ackLatency.maxMilliseconds == 20)
  }

  @Test func `heartbeats are answered`() throws {
    let stage = try Stage()
    try stage.join()
    try stage.send("2")
    try stage.send(opcode: 9, Array("hey".utf8))
    #expect(try stage.texts() == ["3", "hey"])
  }

  @Test func `a buffer that runs dry is a gap, a missing number a hole`() throws {
    let stage = try Stage()
    try stage.join()
    try stage.chunk(seq: 0)
    stage.pass(seconds: 0.9)
    try stage.chunk(seq: 1)
    stage.pass(seconds: 1.6)
    try stage.chunk(seq: 3)
    #expect(stage.group.tally.gaps == 1)
    #expect(stage.group.tally.gapNanoseconds == 500_000_000)
    #expect(stage.group.tally.seqHoles == 1)
    #expect(stage.group.tally.chunks == 3)
  }

  @Test func `a listener that is dry or silent at the end is counted`() throws {
    let dry = try Stage()
    try dry.join()
    try dry.chunk(seq: 0)
    dry.pass(seconds: 1.75)
    let tally = dry.group.finish()
    #expect(tally.gaps == 1 && tally.gapNanoseconds == 750_000_000)

    let silent = try Stage()
    try silent.join()
    silent.pass(seconds: 1)
    #expect(silent.group.finish().errors == ["no_first_chunk": 1])
  }

  @Test func `the next track begins when the buffer has played out`() throws {
    let stage = try Stage()
    try stage.join()
    try stage.chunk(seq: 0, samples: 88_200)
    try stage.send("42[\"stream_ended\",{\"reason\":\"finished\"}]")
    stage.pass(seconds: 1.9)
    #expect(try stage.texts() == [])
    stage.pass(seconds: 0.2)
    #expect(try stage.texts() == [#"421["play_track",{"trackId":"t\"wo","quality":"192kbps"}]"#])
    #expect(stage.group.tally.tracksFinished == 1)
    #expect(stage.group.tally.gaps == 0)
  }

  @Test func `a seek is timed to the first chunk of the new epoch, older ones are stale`() throws {
    let stage = try Stage { $0.seekEvery = 2 }
    try stage.join()
    try stage.chunk(seq: 0)
    stage.listener.seek(at: 0)
    let sent = try stage.texts()
    #expect(sent.first?.hasPrefix("421[\"seek_position\",{\"position\":") == true)
    stage.pass(seconds: 0.04)
    try stage.chunk(seq: 1)
    #expect(stage.group.tally.staleChunks == 1)
    #expect(stage.group.tally.seekLatency.count == 0)
    stage.pass(seconds: 9)
    try stage.chunk(seq: 2, epoch: 1)
    #expect(stage.group.tally.seekLatency.maxMilliseconds == 9_040)
    #expect(stage.group.tally.gaps == 0)
    #expect(stage.group.tally.seqHoles == 0)
  }

  @Test func `cold seeks keep away from what has been played`() throws {
    let stage = try Stage {
      $0.seekCold = true
      $0.seekEvery = 2
    }
    try stage.join()
    try stage.chunk(seq: 0)
    for round in 1...20 {
      stage.listener.seek(at: 0)
      guard stage.listener.isSeeking else { break }
      try stage.chunk(seq: round, epoch: round)
    }
    let visited = stage.listener.visited.sorted { $0.lowerBound < $1.lowerBound }
    #expect(visited.count >= 4)
    for (one, next) in zip(visited, visited.dropFirst()) { #expect(one.upperBound < next.lowerBound) }
    #expect(stage.group.tally.seeksWithoutColdPosition == 1)
  }

  @Test func `a refused command is counted, asked again later, and timed from the first time`() throws {
    let stage = try Stage()
    try stage.join()
    try stage.send("430[{\"ok\":false,\"error\":{\"code\":\"busy\",\"message\":\"m\",\"retryAfterMs\":300}}]")
    #expect(stage.group.tally.errors == ["play_track:busy": 1])
    stage.pass(seconds: 0.3)
    #expect(try stage.texts() == [#"421["play_track",{"trackId":"one","quality":"192kbps"}]"#])
    stage.pass(seconds: 0.1)
    try stage.chunk(seq: 0)
    #expect(stage.group.tally.firstChunkLatency.maxMilliseconds == 400)
  }

  @Test func `protobuf chunks are read from their attachment`() throws {
    let stage = try Stage { $0.format = .protobuf }
    try stage.join()
    try stage.send("451-[\"audio_chunk\",{\"_placeholder\":true,\"num\":0}]")
    try stage.send(opcode: 2, [0x30, 0xc4, 0xd8, 0x02, 0x7a, 4, 1, 2, 3, 4])
    #expect(stage.group.tally.chunks == 1)
    #expect(stage.group.tally.soundNanoseconds == 1_000_000_000)
  }

  @Test(arguments: [
    ("44{\"message\":\"m\",\"data\":{\"code\":\"token_expired\"}}", ["refused:token_expired": 1]),
    ("hello", ["malformed_message": 1]), ("41", ["connect_closed": 1]),
  ])
  func `a refusal before the namespace is an error and not a disconnect`(text: String, errors: [String: Int]) throws {
    let stage = try Stage()
    try stage.upgrade()
    try stage.send("0{\"sid\":\"a\"}")
    try stage.send(text)
    #expect(stage.group.tally.errors == errors)
    #expect(stage.group.tally.disconnects == 0)
    #expect(stage.group.active.isEmpty)
  }

  @Test func `a connection that ends by itself is a disconnect, one that the generator ends is not`() throws {
    let lost = try Stage()
    try lost.join()
    try lost.chunk(seq: 0)
    _ = try lost.channel.finish()
    #expect(lost.group.tally.disconnects == 1)
    #expect(lost.group.tally.listeners == 0 && lost.group.tally.playing == 0)

    let done = try Stage()
    try done.join()
    try done.chunk(seq: 0)
    #expect(done.group.finish().disconnects == 0)
    #expect(done.group.tally.disconnects == 0)
  }

  @Test func `a broken frame ends the connection with an error`() throws {
    let stage = try Stage()
    try stage.join()
    try stage.channel.writeInbound(ByteBuffer(bytes: [0xff, 0xff]))
    #expect(stage.group.tally.errors == ["frame_reservedBits": 1])
    #expect(!stage.channel.isActive)
  }
}

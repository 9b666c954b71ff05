import Foundation
import NIOCore
import SocketIOServer
import SwiftProtobuf
import Testing

@testable import Gateway

@Suite struct ChunkWriterTests {
  private func chunk(preamble: String = "", skip: Int = 0) -> AudioChunk {
    AudioChunk(
      epoch: 3, seq: 300, timestampMilliseconds: 12_345, position: 12.5, samples: 46_080, skip: skip,
      preamble: ByteBuffer(string: preamble),
      frames: ByteBuffer(string: "frames"))
  }

  private func text(_ parts: RawEvent.Parts) -> String {
    String(decoding: bytes(parts), as: UTF8.self)
  }

  private func bytes(_ parts: RawEvent.Parts) -> [UInt8] {
    [parts.head, parts.shared, parts.tail].compactMap { $0 }.flatMap { $0.readableBytesView }
  }

  private func object(_ event: RawEvent) throws -> [String: Any] {
    let array = try #require(try JSONSerialization.jsonObject(with: Data(text(event.json).utf8)) as? [Any])
    #expect(array.count == 2)
    #expect(array[0] as? String == "audio_chunk")
    return try #require(array[1] as? [String: Any])
  }

  @Test func binaryCarriesTheSoundAsAnAttachment() throws {
    let event = ChunkWriter(format: .binary, streamId: "st_\"x").event(for: chunk(preamble: "head", skip: 1_152))
    let fields = try object(event)
    #expect(fields["streamId"] as? String == "st_\"x")
    #expect(fields["epoch"] as? Int == 3)
    #expect(fields["seq"] as? Int == 300)
    #expect(fields["timestamp"] as? Int == 12_345)
    #expect(fields["position"] as? Double == 12.5)
    #expect(fields["samples"] as? Int == 46_080)
    #expect(fields["skip"] as? Int == 1_152)
    #expect((fields["data"] as? [String: Any])?["num"] as? Int == 0)
    #expect(text(try #require(event.attachment)) == "headframes")
  }

  @Test func skipIsLeftOutWhenThereIsNothingToSkip() throws {
    #expect(try object(ChunkWriter(format: .binary, streamId: "s").event(for: chunk()))["skip"] == nil)
  }

  @Test func base64IsOneText() throws {
    var withMemo = chunk()
    withMemo.base64Frames = { ByteBuffer(string: Data("frames".utf8).base64EncodedString()) }
    for (chunk, expected) in [(chunk(), "frames"), (withMemo, "frames"), (chunk(preamble: "he"), "heframes")] {
      let event = ChunkWriter(format: .base64, streamId: "s").event(for: chunk)
      #expect(event.attachment == nil)
      let data = try #require(try object(event)["data"] as? String)
      #expect(Data(base64Encoded: data) == Data(expected.utf8))
    }
  }

  @Test(arguments: [0, 1_152])
  func protobufIsWhatTheGeneratedCodeReads(skip: Int) throws {
    let event = ChunkWriter(format: .protobuf, streamId: "st_1").event(for: chunk(preamble: "head", skip: skip))
    #expect(text(event.json) == #"["audio_chunk",{"_placeholder":true,"num":0}]"#)
    let message = try Dubplate_V1_AudioChunk(serializedBytes: bytes(try #require(event.attachment)))
    #expect(message.streamID == "st_1")
    #expect(message.epoch == 3)
    #expect(message.seq == 300)
    #expect(message.timestampMs == 12_345)
    #expect(message.position == 12.5)
    #expect(message.samples == 46_080)
    #expect(message.skip == UInt32(skip))
    #expect(message.data == Data("headframes".utf8))
    // What we write by hand is what the library writes, field for field.
    #expect(try message.serializedBytes() as [UInt8] == bytes(try #require(event.attachment)))
  }
}

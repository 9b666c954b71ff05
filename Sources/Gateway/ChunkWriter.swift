import Foundation
import NIOCore
import Segments
import SocketIO
import SocketIOServer

/// One `audio_chunk`, before it is encoded.
struct AudioChunk {
  var epoch: UInt32
  var seq: UInt64
  var timestampMilliseconds: UInt64
  var position: Double
  var samples: Int
  var skip: Int
  /// What is this listener's alone: stream header and priming. Empty but for the first chunk after a start, a seek or
  /// a change of rendition.
  var preamble: ByteBuffer
  /// Frames, shared with every listener of them.
  var frames: ByteBuffer
  /// Base64 of `frames`, when somebody made it already and there is no preamble.
  var base64Frames: (() -> ByteBuffer)?
}

/// Writes a stream's chunks as raw Socket.IO events: a small head for this listener, then the shared body by reference.
struct ChunkWriter {
  private let format: ChunkFormat
  /// What every chunk's JSON begins with, up to the value of `epoch`.
  private let jsonPrefix: ByteBuffer
  private let streamIdField: ByteBuffer

  init(format: ChunkFormat, streamId: String) {
    self.format = format
    var prefix = ByteBuffer()
    switch format {
    case .binary: prefix.writeString(#"["audio_chunk",{"data":{"_placeholder":true,"num":0},"streamId":"#)
    case .protobuf: prefix.writeString(#"["audio_chunk",{"_placeholder":true,"num":0}]"#)
    case .base64: prefix.writeString(#"["audio_chunk",{"streamId":"#)
    }
    if format != .protobuf {
      prefix.writeJSONString(streamId)
      prefix.writeString(#","epoch":"#)
    }
    jsonPrefix = prefix
    var field = ByteBuffer()
    field.writeProtobufBytes(field: 1, streamId.utf8)
    streamIdField = field
  }

  func event(for chunk: AudioChunk) -> RawEvent {
    switch format {
    case .binary:
      var head = jsonHead(for: chunk)
      head.writeStaticString("}]")
      return RawEvent(json: .init(head: head), attachment: .init(head: chunk.preamble, shared: chunk.frames))
    case .base64:
      var head = jsonHead(for: chunk)
      head.writeStaticString(#","data":""#)
      return RawEvent(json: .init(head: head, shared: base64(of: chunk), tail: ByteBuffer(string: #""}]"#)))
    case .protobuf:
      return RawEvent(
        json: .init(head: jsonPrefix), attachment: .init(head: protobufHead(for: chunk), shared: chunk.frames))
    }
  }

  private func jsonHead(for chunk: AudioChunk) -> ByteBuffer {
    var head = ByteBuffer()
    head.reserveCapacity(256)  // one allocation for all that follows
    head.writeImmutableBuffer(jsonPrefix)
    head.writeString(
      "\(chunk.epoch),\"seq\":\(chunk.seq),\"timestamp\":\(chunk.timestampMilliseconds),\"position\":\(chunk.position)")
    head.writeString(",\"samples\":\(chunk.samples)")
    if chunk.skip > 0 { head.writeString(",\"skip\":\(chunk.skip)") }
    return head
  }

  private func base64(of chunk: AudioChunk) -> ByteBuffer {
    if chunk.preamble.readableBytes == 0, let shared = chunk.base64Frames { return shared() }
    var whole = chunk.preamble
    whole.writeImmutableBuffer(chunk.frames)
    return Base64Text.encode(whole)
  }

  /// Every field of the message but the bytes of `data`, which is the last one on the wire.
  private func protobufHead(for chunk: AudioChunk) -> ByteBuffer {
    var head = streamIdField
    head.writeProtobufVarint(field: 2, UInt64(chunk.epoch))
    head.writeProtobufVarint(field: 3, chunk.seq)
    head.writeProtobufVarint(field: 4, chunk.timestampMilliseconds)
    head.writeProtobufDouble(field: 5, chunk.position)
    head.writeProtobufVarint(field: 6, UInt64(chunk.samples))
    head.writeProtobufVarint(field: 7, UInt64(chunk.skip))
    head.writeProtobufKey(field: 15, wireType: 2)
    head.writeVarint(UInt64(chunk.preamble.readableBytes + chunk.frames.readableBytes))
    head.writeImmutableBuffer(chunk.preamble)
    return head
  }
}

/// The wire format of Protocol Buffers (protobuf.dev, «Encoding»), as far as `AudioChunk` needs it. A generated
/// message would copy the sound into itself.
extension ByteBuffer {
  mutating func writeVarint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      writeInteger(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    writeInteger(UInt8(value))
  }

  mutating func writeProtobufKey(field: UInt64, wireType: UInt64) {
    writeVarint(field << 3 | wireType)
  }

  /// A field that is left out when it has its default, 0.
  mutating func writeProtobufVarint(field: UInt64, _ value: UInt64) {
    guard value != 0 else { return }
    writeProtobufKey(field: field, wireType: 0)
    writeVarint(value)
  }

  mutating func writeProtobufDouble(field: UInt64, _ value: Double) {
    guard value.bitPattern != 0 else { return }
    writeProtobufKey(field: field, wireType: 1)
    writeInteger(value.bitPattern, endianness: .little)
  }

  mutating func writeProtobufBytes(field: UInt64, _ bytes: some Collection<UInt8>) {
    writeProtobufKey(field: field, wireType: 2)
    writeVarint(UInt64(bytes.count))
    writeBytes(bytes)
  }
}

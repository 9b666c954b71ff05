import Foundation
import Testing

@testable import AudioCodec

/// A decoder of HE-AAC goes back to the last header of replication, wherever in a frame that lies.
@Suite struct SBRHeadersTests {
  /// Bits of a frame, written from the highest of each byte on.
  private struct BitWriter {
    private(set) var bits: [Bool] = []
    mutating func write(_ value: Int, _ width: Int) {
      bits += (0..<width).reversed().map { value >> $0 & 1 == 1 }
    }
    var bytes: [UInt8] {
      stride(from: 0, to: bits.count, by: 8).map { start in
        (0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count && bits[start + $1] ? 1 : 0) }
      }
    }
  }

  /// What a frame has behind its sound.
  private struct Fill {
    /// 13 is replication's, 14 the same with a checksum, 0 stuffing.
    var type: Int
    var length: Int
    var hasHeader = false

    func write(to writer: inout BitWriter) {
      writer.write(6, 3)
      writer.write(min(length, 15), 4)
      if length >= 15 { writer.write(length - 14, 8) }
      guard length > 0 else { return }
      let begin = writer.bits.count
      writer.write(type, 4)
      if type == 14 { writer.write(0x155, 10) }
      if type >= 13 { writer.write(hasHeader ? 1 : 0, 1) }
      // What follows looks like nothing in particular.
      while writer.bits.count < begin + 8 * length { writer.write(writer.bits.count % 3 == 0 ? 1 : 0, 1) }
    }
  }

  /// A frame of `sound` bits and what follows them. `header`: of ADTS, with or without a checksum.
  private static func frame(_ fills: [Fill], sound: Int = 301, adts header: Int = 0) -> [UInt8] {
    var writer = BitWriter()
    for bit in 0..<sound { writer.write(bit % 5 == 0 ? 1 : 0, 1) }
    for fill in fills { fill.write(to: &writer) }
    writer.write(7, 3)
    let payload = writer.bytes
    guard header > 0 else { return payload }
    let length = payload.count + header
    // 22,050 Hz, one channel.
    let head: [UInt8] = [
      0xFF, header == 7 ? 0xF1 : 0xF0, 0x5C, UInt8(0x40 | length >> 11), UInt8(length >> 3 & 0xFF),
      UInt8(length << 5 & 0xE0 | 0x1F), 0xFC,
    ]
    return head + [UInt8](repeating: 0x5A, count: header - 7) + payload
  }

  private static func hasHeader(_ frame: [UInt8]) -> Bool { frame.withUnsafeBufferPointer(SBRHeaders.hasHeader) }

  @Test(arguments: [13, 14], [2, 9, 14, 15, 16, 40, 268])
  func aHeaderIsFoundAtEveryLengthAndPlace(_ type: Int, _ length: Int) {
    for sound in 300..<308 {
      for adts in [0, 7, 9] {
        for stuffing in [[], [Fill(type: 0, length: 0)], [Fill(type: 0, length: 20), Fill(type: 0, length: 3)]] {
          for expected in [true, false] {
            let fill = Fill(type: type, length: length, hasHeader: expected)
            let frame = Self.frame([fill] + stuffing, sound: sound, adts: adts)
            #expect(
              Self.hasHeader(frame) == expected, "\(sound) bits of sound, \(adts) of ADTS, \(stuffing.count) behind")
          }
        }
      }
    }
  }

  @Test func whatIsNoFrameHasNone() {
    for bytes in [[], [0], [0xFF], [0xE0], [UInt8](repeating: 0, count: 400), [UInt8](repeating: 0xFF, count: 400)] {
      #expect(!Self.hasHeader(bytes))
    }
    #expect(!Self.hasHeader(Self.frame([])))
    #expect(!Self.hasHeader(Self.frame([Fill(type: 0, length: 30)])))
  }

  /// A stream of `count` frames, with headers in those of which `hasHeader` says so.
  private func preRoll(_ count: Int, _ hasHeader: (Int) -> Bool) throws -> Int64 {
    let frames = (0..<count).map { number in
      Self.frame([Fill(type: 13, length: 30, hasHeader: hasHeader(number))], sound: 300 + number % 8, adts: 7)
    }
    let file = try FileSource(path: try TestAudio.write(frames.flatMap { $0 }, ending: "aac"))
    let stream = try #require(ElementaryStream.detect(file: file))
    let source = ElementarySource(file: file, stream: stream, sampleRate: 44_100, frameSamples: 2_048)
    return try SBRHeaders.preRoll(source, frameSamples: 2_048)
  }

  @Test func theWayBackReachesTheLastHeaderFromAnyFrame() throws {
    let settling: Int64 = 4
    for gap in [1, 2, 10, 43] {
      #expect(try preRoll(120) { $0 % gap == 0 } == (Int64(gap) + settling) * 2_048, "each \(gap). frame")
    }
    // The longest way counts, also in front of the first and behind the last.
    #expect(try preRoll(100) { [0, 5, 42, 70].contains($0) } == (37 + settling) * 2_048)
    #expect(try preRoll(100) { $0 > 60 } == (62 + settling) * 2_048)
    #expect(try preRoll(100) { $0 == 0 } == (100 + settling) * 2_048)
    // Six seconds at the most, and a second and a half where none is found.
    #expect(try preRoll(400) { $0 == 0 } == (Bounds.sbrSearchFrames + settling) * 2_048)
    #expect(try preRoll(60) { _ in false } == (32 + settling) * 2_048)
  }
}

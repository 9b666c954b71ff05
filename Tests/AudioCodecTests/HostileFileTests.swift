import AudioCodec
import Foundation
import Testing

/// Files whose headers promise more than any machine has: each ends in a typed error, or in sound, soon.
@Suite struct HostileFileTests {
  private func code(_ path: String, deadline: Duration = .seconds(10)) -> AudioCodecError.Code? {
    var limits = AudioLimits()
    limits.probeDeadline = deadline
    do {
      _ = try AudioProbe.read(path: path, limits: limits)
      return nil
    } catch {
      return error.code
    }
  }

  private func piece(_ arguments: [String] = [], to ending: String) throws -> [UInt8] {
    try TestAudio.bytes(try TestAudio.convert(TestAudio.piece.path, ["-t", "2"] + arguments, to: ending))
  }

  @Test func gigabytesOfNothingEndAtTheDeadline() throws {
    let beginning = try piece(["-b:a", "128k"], to: "mp3").prefix(20_000)
    for content in [[], Array(beginning)] {
      let path = try TestAudio.write(content + [0], ending: "mp3")
      defer { unlink(path) }
      #expect(truncate(path, 3 << 30) == 0)
      let found = code(path, deadline: .seconds(1))
      #expect([.notAudio, .timedOut, .truncated, nil].contains(found), "\(String(describing: found))")
    }
  }

  @Test func aFLACOfSeventyBillionSamplesIsRefused() throws {
    var bytes = try piece(to: "flac")
    // STREAMINFO's total samples: the low 36 bits of bytes 10–17 of the block.
    bytes[8 + 13] |= 0x0F
    for place in 22..<26 { bytes[place] = 0xFF }
    #expect(code(try TestAudio.write(bytes, ending: "flac")) == .tooLong)
  }

  @Test func aWavPackBombIsRefusedOrSound() throws {
    var bytes = try piece(to: "wv")
    // Total samples, and their upper eight bits.
    for place in 12..<16 { bytes[place] = 0xFE }
    bytes[11] = 0xFF
    let found = code(try TestAudio.write(bytes, ending: "wv"))
    #expect([.unsupported, .tooLong, .truncated, .damaged, .notAudio].contains(found), "\(String(describing: found))")
  }

  @Test(arguments: ["stsz", "stco", "stts", "stsc"])
  func aTableOfTwoBillionEntriesTakesNoMemory(_ box: String) throws {
    var bytes = try piece(["-c:a", "aac"], to: "m4a")
    let name = Array(box.utf8)
    let place = try #require((0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == name })
    let count = place + (box == "stsz" ? 12 : 8)
    for offset in 0..<4 { bytes[count + offset] = offset == 0 ? 0x7F : 0xFF }
    let found = code(try TestAudio.write(bytes, ending: "m4a"))
    #expect(found != .timedOut && found != .encoderFailed, "\(String(describing: found))")
  }

  @Test func anOggFromTheEndOfTimeIsRefusedOrSound() throws {
    var bytes = try piece(to: "ogg")
    let last = try #require(
      (0..<bytes.count - 4).last { Array(bytes[$0..<$0 + 4]) == Array("OggS".utf8) })
    for offset in 6..<13 { bytes[last + offset] = 0xFF }
    bytes[last + 13] = 0x3F
    for offset in 22..<26 { bytes[last + offset] = 0 }
    let sum = Self.oggChecksum(bytes[last...])
    for offset in 0..<4 { bytes[last + 22 + offset] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * offset)) }
    let found = code(try TestAudio.write(bytes, ending: "ogg"))
    #expect(found != .timedOut, "\(String(describing: found))")
  }

  @Test func aPictureOfFourBillionPixelsIsNotDecoded() throws {
    let folder = TestAudio.folder
    #expect(
      TestAudio.ffmpeg(["-f", "lavfi", "-i", "color=s=16x16", "-frames:v", "1", "\(folder)/dot.jpg"]).status == 0)
    var picture = try TestAudio.bytes("\(folder)/dot.jpg")
    let frame = try #require((0..<picture.count - 9).first { picture[$0] == 0xFF && picture[$0 + 1] == 0xC0 })
    for offset in [5, 7] {
      picture[frame + offset] = 0xEA
      picture[frame + offset + 1] = 0x60
    }
    // APIC: encoding, type, what it is, description.
    let body = [0] + Array("image/jpeg".utf8) + [0, 3, 0] + picture
    let size = { (count: Int) in (0..<4).map { UInt8(count >> (7 * (3 - $0)) & 0x7F) } }
    let apic = Array("APIC".utf8) + size(body.count) + [0, 0] + body
    let tag = Array("ID3".utf8) + [4, 0, 0] + size(apic.count) + apic
    let path = try TestAudio.write(tag + (try piece(["-id3v2_version", "0"], to: "mp3")), ending: "mp3")
    let probe = try AudioProbe.read(path: path)
    #expect(probe.cover?.bytes == picture)
  }

  @Test func aDecoderOfAnotherTradeIsNotUsed() throws {
    // Chunks of a game's sound in a container that is allowed.
    let path = "\(TestAudio.folder)/game.mka"
    let made = TestAudio.ffmpeg(["-i", TestAudio.piece.path, "-t", "1", "-ac", "1", "-c:a", "adpcm_yamaha", path])
    guard made.status == 0 else { return }
    #expect([.unsupported, .noAudio, .damaged].contains(code(path)))
  }

  /// CRC-32 of an Ogg page (RFC 3533, section 6): polynomial 0x04C11DB7, neither reflected nor inverted.
  private static func oggChecksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte) << 24) { sum, _ in sum & 0x8000_0000 == 0 ? sum << 1 : sum << 1 ^ 0x04C1_1DB7 }
    }
  }
}

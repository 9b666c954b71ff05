import AudioCodec
import Foundation
import Testing

@Suite struct PictureTests {
  /// A picture of a format, made by the ffmpeg program.
  private static func picture(_ width: Int, _ height: Int, _ ending: String, _ more: [String] = []) throws -> [UInt8] {
    let path = "\(TestAudio.folder)/\(UUID().uuidString).\(ending)"
    let outcome = TestAudio.ffmpeg(
      ["-f", "lavfi", "-i", "testsrc2=size=\(width)x\(height):rate=1", "-frames:v", "1"] + more + [path])
    guard outcome.status == 0 else { throw TestFailure("ffmpeg: \(outcome.errors)") }
    return try TestAudio.bytes(path)
  }

  /// Red, green and blue of a picture's pixels, as the ffmpeg program shows them.
  private static func pixels(_ picture: [UInt8]) throws -> [UInt8] {
    let path = try TestAudio.write(picture, ending: "jpg")
    let outcome = TestAudio.ffmpeg(["-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
    guard outcome.status == 0 else { throw TestFailure("ffmpeg: \(outcome.errors)") }
    return [UInt8](outcome.output)
  }

  private static func scaled(_ picture: [UInt8], _ size: Int) throws -> [UInt8] {
    guard case .scaled(let bytes) = try PictureScaler.fit(picture, size: size) else {
      throw TestFailure("it was not scaled")
    }
    return bytes
  }

  @Test(arguments: ["jpg", "png", "gif", "bmp"], [(600, 600), (800, 400), (301, 777)])
  func aPictureIsFitIntoTheSquare(ending: String, size: (width: Int, height: Int)) throws {
    let small = try Self.scaled(Self.picture(size.width, size.height, ending), 128)
    #expect(small.starts(with: [0xFF, 0xD8, 0xFF]))
    let longest = max(size.width, size.height)
    let expected = (size.width * 128 / longest) * (size.height * 128 / longest) * 3
    #expect(try Self.pixels(small).count == expected)
  }

  @Test func theColoursStay() throws {
    let path = "\(TestAudio.folder)/\(UUID().uuidString).png"
    #expect(TestAudio.ffmpeg(["-f", "lavfi", "-i", "color=0x2060C0:size=500x500", "-frames:v", "1", path]).status == 0)
    let pixels = try Self.pixels(Self.scaled(TestAudio.bytes(path), 64))
    for (channel, value) in [0x20, 0x60, 0xC0].enumerated() {
      #expect(stride(from: channel, to: pixels.count, by: 3).allSatisfy { abs(Int(pixels[$0]) - value) <= 6 })
    }
  }

  @Test func whatIsTransparentLiesOnWhite() throws {
    let path = "\(TestAudio.folder)/\(UUID().uuidString).png"
    let made = TestAudio.ffmpeg(
      ["-f", "lavfi", "-i", "color=0x000000@0.0:size=300x300,format=rgba", "-frames:v", "1", path])
    #expect(made.status == 0)
    let pixels = try Self.pixels(Self.scaled(TestAudio.bytes(path), 64))
    #expect(pixels.allSatisfy { $0 > 250 })
  }

  @Test func nothingIsMadeLarger() throws {
    #expect(try PictureScaler.fit(Self.picture(200, 100, "png"), size: 256) == .fits)
  }

  /// A header alone, of 30,000 × 30,000 pixels: refused before anything is allocated.
  @Test func aHugePictureIsRefusedByItsHeader() throws {
    var png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    png += Array("IHDR".utf8) + [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30, 8, 6, 0, 0, 0]
    for picture in [png, [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0x75, 0x30, 0x75, 0x30, 3]] {
      let error = #expect(throws: AudioCodecError.self) { _ = try PictureScaler.fit(picture, size: 64) }
      #expect(error?.code == .unsupported)
    }
  }

  @Test func aHeaderThatLiesDoesNotHelp() throws {
    // The frame header of the JPEG says 40 × 40, another one behind it the truth.
    var jpeg = try Self.picture(600, 600, "jpg")
    jpeg.insert(contentsOf: [0xFF, 0xC0, 0, 17, 8, 0, 40, 0, 40, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1], at: 2)
    _ = try? PictureScaler.fit(jpeg, size: 32)  // that it ends, without a crash, is all that is asked
    for picture in [[], [0xFF, 0xD8, 0xFF], Array("GIF89a".utf8), Array("no picture at all".utf8)] as [[UInt8]] {
      #expect(throws: AudioCodecError.self) { _ = try PictureScaler.fit(picture, size: 32) }
    }
  }

  @Test(arguments: ["jpg", "png", "gif", "bmp"])
  func damagedPicturesAreRefusedOrShown(ending: String) throws {
    let whole = try Self.picture(400, 300, ending)
    var state: UInt64 = 88_172_645_463_325_252
    func random(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    for _ in 0..<60 {
      var damaged = Array(whole.prefix(whole.count - random(whole.count / 2)))
      for _ in 0..<random(20) { damaged[random(damaged.count)] = UInt8(random(256)) }
      do throws(AudioCodecError) {
        if case .scaled(let bytes) = try PictureScaler.fit(damaged, size: 64) {
          #expect(bytes.starts(with: [0xFF, 0xD8]))
        }
      } catch {
        #expect(error.code == .damaged || error.code == .unsupported)
      }
    }
  }
}

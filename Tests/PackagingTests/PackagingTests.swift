import AudioCodec
import NIOCore
import Packaging
import Segments
import Testing

/// A track of 3 s at 44.1 kHz: one whole segment and a short one.
private let track = SegmentTrack(
  fingerprint: "ab", path: "/nowhere", gridRate: 44_100, sampleCount: 132_300, losslessBitDepth: 16)

/// A segment whose frames are of the given sizes, numbered in their bytes.
private func segment(_ rendition: Rendition, _ index: Int, size: (Int) -> Int) -> Segment {
  let settings = rendition.encoderSettings(for: track)
  let count = settings.frames(ofSegment: index, totalSamples: track.sampleCount).count
  var frames = ByteBuffer()
  var offsets: [UInt32] = [0]
  for frame in 0..<count {
    frames.writeRepeatingByte(UInt8(frame & 0xFF), count: size(frame))
    offsets.append(UInt32(frames.readableBytes))
  }
  return Segment(
    key: SegmentKey(fingerprint: "ab", rendition: rendition, index: index), frameSamples: settings.frameSamples,
    sampleCount: SampleGrid.samples(inSegment: index, of: track.sampleCount),
    priming: ByteBuffer(repeating: 0xEE, count: settings.primingFrames * size(0)),
    primingFrames: settings.primingFrames, frames: frames, offsets: offsets)
}

@Suite struct PackagingTests {
  /// The boxes on one level of a file: name and body.
  private func boxes(_ buffer: ByteBuffer) throws -> [(name: String, body: ByteBuffer)] {
    var buffer = buffer
    var found: [(String, ByteBuffer)] = []
    while buffer.readableBytes > 0 {
      guard let length = buffer.readInteger(as: UInt32.self), let name = buffer.readString(length: 4),
        let body = buffer.readSlice(length: Int(length) - 8)
      else { throw PackagingError(description: "no box at byte \(buffer.readerIndex)") }
      found.append((name, body))
    }
    return found
  }

  @Test func aFragmentCarriesTheBareFramesAndItsTime() throws {
    let packaged = PackagedTrack(track, rendition: .aac192)
    let mp4 = try #require(FragmentedMP4(packaged))
    #expect(try boxes(mp4.header()).map(\.name) == ["ftyp", "moov"])
    // Frames of 100 bytes, of which seven are the ADTS header's.
    let first = try boxes(mp4.fragment(segment(.aac192, 0) { _ in 100 }))
    #expect(first.map(\.name) == ["moof", "mdat"])
    #expect(first[1].body.readableBytes == 91 * 93)
    #expect(first[1].body.getInteger(at: first[1].body.readerIndex, as: UInt8.self) == 0xEE)
    let last = try boxes(mp4.fragment(segment(.aac192, 1) { _ in 100 }))
    #expect(last[1].body.readableBytes == 40 * 93)
    let fragment = try #require(try boxes(last[0].body).last)
    let parts = Dictionary(uniqueKeysWithValues: try boxes(fragment.body).map { ($0.name, $0.body) })
    let time = try #require(parts["tfdt"])
    #expect(time.getInteger(at: time.readerIndex + 4, as: UInt64.self) == 92_160 + 1_024)
    // 132,300 − 92,160 = 40,140 samples are 39 frames and 204 samples of the fortieth.
    let run = try #require(parts["trun"])
    #expect(run.getInteger(at: run.readerIndex + 4, as: UInt32.self) == 40)
    #expect(run.getInteger(at: run.readerIndex + 12, as: UInt32.self) == 1_024)
    #expect(run.getInteger(at: run.readerIndex + 12 + 39 * 8, as: UInt32.self) == 204)
  }

  @Test func mp3DoesNotGoIntoMP4AndNothingElseIntoMP3() {
    #expect(FragmentedMP4(PackagedTrack(track, rendition: .mp3x192)) == nil)
    #expect(MP3File(PackagedTrack(track, rendition: .aac192)) == nil)
    for (rendition, container) in [
      (Rendition.mp3x192, ProgressiveFile.Container.m4a), (.flac, .mp3), (.aac192, .flac), (.ogg160, .m4a),
      (.opus48, .ogg),
    ] {
      #expect(
        ProgressiveFile(
          PackagedTrack(track, rendition: rendition), container: container, tags: FileTags(title: "x")) == nil)
    }
  }

  @Test(arguments: [Rendition.mp3x128, .mp3x320, .aac192])
  func everyByteOfAFileHasItsPlaceBeforeAnythingIsEncoded(rendition: Rendition) throws {
    let packaged = PackagedTrack(track, rendition: rendition)
    let container: ProgressiveFile.Container = rendition.codec == .mp3 ? .mp3 : .m4a
    let file = try #require(ProgressiveFile(packaged, container: container, tags: FileTags(title: "x", artist: "y")))
    let length = try #require(file.byteCount)
    let size = rendition.codec == .mp3 ? rendition.encoderSettings(for: track).constantFrameBytes : 540
    var whole = file.head
    for index in 0..<packaged.segmentCount {
      #expect(file.locate(whole.readableBytes).map { $0 == (index, 0) } == true)
      whole.writeImmutableBuffer(try file.part(segment(rendition, index) { _ in size }))
    }
    #expect(whole.readableBytes == length)
    #expect(file.locate(length) == nil)
    #expect(file.locate(length - 1)?.segment == 1)
    #expect(file.locate(0) == nil, "the head is nobody's segment")
  }

  @Test func aSegmentThatIsTooLargeForItsPlaceIsRefused() throws {
    let file = try #require(
      ProgressiveFile(PackagedTrack(track, rendition: .aac192), container: .m4a, tags: FileTags(title: "x")))
    #expect(throws: PackagingError.self) { try file.part(segment(.aac192, 1) { _ in 2_000 }) }
  }

  @Test func aLosslessFileHasNoLengthUntilItsSizesAreKnown() throws {
    let packaged = PackagedTrack(track, rendition: .flac)
    let unknown = try #require(ProgressiveFile(packaged, container: .flac, tags: FileTags(title: "x")))
    #expect(unknown.byteCount == nil && unknown.locate(100) == nil)
    let known = try #require(
      ProgressiveFile(packaged, container: .flac, tags: FileTags(title: "x"), losslessSizes: [2_000, 900]))
    #expect(known.byteCount == 42 + 2_900)
    #expect(known.locate(42 + 2_000).map { $0 == (1, 0) } == true)
    // Of a track that has another number of segments by now nothing is known.
    #expect(
      ProgressiveFile(packaged, container: .flac, tags: FileTags(title: "x"), losslessSizes: [1])?.byteCount == nil)
  }

  @Test func aPackedSegmentBeginsWithItsTime() throws {
    let file = try #require(MP3File(PackagedTrack(track, rendition: .mp3x192)))
    let packed = file.packedSegment(segment(.mp3x192, 1) { _ in 627 })
    let owner = "com.apple.streaming.transportStreamTimestamp\0"
    #expect(packed.getString(at: 0, length: 3) == "ID3")
    #expect(packed.getString(at: 20, length: owner.utf8.count) == owner)
    #expect(packed.getInteger(at: 20 + owner.utf8.count, as: UInt64.self) == 92_160 * 90_000 / 44_100)
    #expect(packed.readableBytes == 20 + owner.utf8.count + 8 + 35 * 627)
  }

  @Test func playlistsAreExactToTheNanosecond() {
    let packaged = PackagedTrack(track, rendition: .aac192)
    let text = Playlists.media(packaged, header: "init.mp4") { "\($0).m4s" }
    #expect(text.contains("#EXT-X-MAP:URI=\"init.mp4\"\n"))
    #expect(text.contains("#EXTINF:2.089795918,\n0.m4s\n#EXTINF:0.910204082,\n1.m4s\n#EXT-X-ENDLIST\n"))
    #expect(text.contains("#EXT-X-TARGETDURATION:2\n"))
    let empty = SegmentTrack(fingerprint: "ab", path: "", gridRate: 44_100, sampleCount: 0, losslessBitDepth: 16)
    #expect(Playlists.media(PackagedTrack(empty, rendition: .flac), header: nil) { "\($0)" }.hasSuffix("ENDLIST\n"))
  }
}

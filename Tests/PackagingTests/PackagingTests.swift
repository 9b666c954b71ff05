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

extension FileTags {
  fileprivate static func of(_ title: String, by artist: String? = nil, cover: FilePicture? = nil) -> FileTags {
    var words = AudioTags()
    words.title = title
    words.artist = artist
    return FileTags(words, cover: cover)
  }
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

  /// The boxes of a fragment's `traf`, and the body of its `mdat`.
  private func parts(_ fragment: ByteBuffer) throws -> (traf: [String: ByteBuffer], data: ByteBuffer) {
    let top = try boxes(fragment)
    #expect(top.map(\.name).prefix(2) == ["moof", "mdat"])
    let traf = try #require(try boxes(top[0].body).last)
    return (Dictionary(uniqueKeysWithValues: try boxes(traf.body).map { ($0.name, $0.body) }), top[1].body)
  }

  private func time(_ traf: [String: ByteBuffer]) throws -> UInt64? {
    let box = try #require(traf["tfdt"])
    return box.getInteger(at: box.readerIndex + 4, as: UInt64.self)
  }

  @Test func aFragmentCarriesTheBareFramesAndItsTime() throws {
    let packaged = PackagedTrack(track, rendition: .aac192)
    let mp4 = try #require(FragmentedMP4(packaged, for: .playlist))
    #expect(try boxes(mp4.header()).map(\.name) == ["ftyp", "moov"])
    // Frames of 100 bytes, of which seven are the ADTS header's.
    let first = try parts(mp4.fragment(segment(.aac192, 0) { _ in 100 }))
    #expect(first.data.readableBytes == 90 * 93)
    #expect(first.data.getInteger(at: first.data.readerIndex, as: UInt8.self) == 0)
    #expect(try time(first.traf) == 0)
    let last = try parts(mp4.fragment(segment(.aac192, 1) { _ in 100 }))
    #expect(last.data.readableBytes == 40 * 93)
    #expect(try time(last.traf) == 92_160)
    // 132,300 − 92,160 = 40,140 samples are 39 frames and 204 samples of the fortieth.
    let run = try #require(last.traf["trun"])
    #expect(run.getInteger(at: run.readerIndex + 4, as: UInt32.self) == 40)
    #expect(run.getInteger(at: run.readerIndex + 12, as: UInt32.self) == 1_024)
    #expect(run.getInteger(at: run.readerIndex + 12 + 39 * 8, as: UInt32.self) == 204)
  }

  /// Whether the whole tree of boxes has one of that name.
  private func has(_ name: String, in file: ByteBuffer) -> Bool {
    file.readableBytesView.indices.contains { file.getString(at: $0, length: name.utf8.count) == name }
  }

  @Test(arguments: [Rendition.aac128, .aac192, .opus48, .opus128, .flac])
  func timesOfAPlaylistAreTheMusicsAndNothingIsToBeSkipped(rendition: Rendition) throws {
    let mp4 = try #require(FragmentedMP4(PackagedTrack(track, rendition: rendition), for: .playlist))
    #expect(!has("elst", in: mp4.header()))
    guard rendition.codec == .opus else { return }
    let header = mp4.header()
    let place = try #require(header.readableBytesView.indices.first { header.getString(at: $0, length: 4) == "dOps" })
    #expect(header.getInteger(at: place + 6, as: UInt16.self) == 0)
    let file = try #require(FragmentedMP4(PackagedTrack(track, rendition: rendition), for: .file))
    #expect(!has("elst", in: file.header(tags: FileTags.of("x"))))
    #expect(!has("iTunSMPB", in: file.header(tags: FileTags.of("x"))))
  }

  @Test func aFileOfAACBeginsWithThePrimingThatItsEditListTakesOff() throws {
    let packaged = PackagedTrack(track, rendition: .aac192)
    let file = try #require(ProgressiveFile(packaged, container: .m4a, tags: FileTags.of("x")))
    #expect(has("elst", in: file.head) && has("iTunSMPB", in: file.head))
    let both = [segment(.aac192, 0) { _ in 100 }, segment(.aac192, 1) { _ in 100 }]
    let first = try parts(joined(try file.part(both[0])))
    #expect(first.data.readableBytes == 91 * 93)
    #expect(first.data.getInteger(at: first.data.readerIndex, as: UInt8.self) == 0xEE)
    #expect(try time(first.traf) == 0)
    let second = try parts(joined(try file.part(both[1])))
    #expect(try time(second.traf) == 92_160 + 1_024)
    #expect(second.data == (try parts(packaged.segmentForm(both[1])).data))
  }

  private func joined(_ pieces: [ByteBuffer]) -> ByteBuffer {
    var whole = ByteBuffer()
    for piece in pieces { whole.writeImmutableBuffer(piece) }
    return whole
  }

  @Test func mp3DoesNotGoIntoMP4AndNothingElseIntoMP3() {
    #expect(FragmentedMP4(PackagedTrack(track, rendition: .mp3x192), for: .playlist) == nil)
    #expect(MP3File(PackagedTrack(track, rendition: .aac192)) == nil)
    for (rendition, container) in [
      (Rendition.mp3x192, ProgressiveFile.Container.m4a), (.flac, .mp3), (.aac192, .flac), (.ogg160, .m4a),
      (.opus48, .ogg),
    ] {
      #expect(
        ProgressiveFile(
          PackagedTrack(track, rendition: rendition), container: container, tags: FileTags.of("x")) == nil)
    }
  }

  @Test(arguments: [Rendition.mp3x128, .mp3x320, .aac192])
  func everyByteOfAFileHasItsPlaceBeforeAnythingIsEncoded(rendition: Rendition) throws {
    let packaged = PackagedTrack(track, rendition: rendition)
    let container: ProgressiveFile.Container = rendition.codec == .mp3 ? .mp3 : .m4a
    let file = try #require(ProgressiveFile(packaged, container: container, tags: FileTags.of("x", by: "y")))
    let length = try #require(file.byteCount)
    let size = rendition.codec == .mp3 ? rendition.encoderSettings(for: track).constantFrameBytes : 540
    var whole = file.head
    for index in 0..<packaged.segmentCount {
      #expect(file.locate(whole.readableBytes).map { $0 == (index, 0) } == true)
      whole.writeImmutableBuffer(joined(try file.part(segment(rendition, index) { _ in size })))
    }
    #expect(whole.readableBytes == length)
    #expect(file.locate(length) == nil)
    #expect(file.locate(length - 1)?.segment == 1)
    #expect(file.locate(0) == nil, "the head is nobody's segment")
  }

  @Test func aSegmentThatIsTooLargeForItsPlaceIsRefused() throws {
    let file = try #require(
      ProgressiveFile(PackagedTrack(track, rendition: .aac192), container: .m4a, tags: FileTags.of("x")))
    #expect(throws: PackagingError.self) { try file.part(segment(.aac192, 1) { _ in 2_000 }) }
  }

  @Test func aLosslessFileHasNoLengthUntilItsSizesAreKnown() throws {
    let packaged = PackagedTrack(track, rendition: .flac)
    let unknown = try #require(ProgressiveFile(packaged, container: .flac, tags: FileTags.of("x")))
    #expect(unknown.byteCount == nil && unknown.locate(100) == nil)
    let known = try #require(
      ProgressiveFile(packaged, container: .flac, tags: FileTags.of("x"), losslessSizes: [2_000, 900]))
    let head = known.head.readableBytes
    #expect(known.byteCount == head + 2_900)
    #expect(known.locate(head + 2_000).map { $0 == (1, 0) } == true)
    // Of a track that has another number of segments by now nothing is known.
    #expect(
      ProgressiveFile(packaged, container: .flac, tags: FileTags.of("x"), losslessSizes: [1])?.byteCount == nil)
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

  /// RFC 9639, section 8: blocks one behind the other, the last marked; points that lead to the segments.
  @Test func aFLACFileSaysWhereItsSegmentsAre() throws {
    let packaged = PackagedTrack(track, rendition: .flac)
    let cover = FilePicture(bytes: ByteBuffer(repeating: 7, count: 70_000), mediaType: "image/png")
    for (sizes, types) in [([2_000, 900], [0, 3, 4, 6]), (nil, [0, 4, 6])] as [([Int]?, [Int])] {
      var head = try #require(
        ProgressiveFile(
          packaged, container: .flac, tags: FileTags.of("x", cover: cover), losslessSizes: sizes)
      ).head
      #expect(head.readString(length: 4) == "fLaC")
      var found: [Int] = []
      while head.readableBytes > 0 {
        let (word, block) = try metadataBlock(&head)
        var body = block
        found.append(Int(word >> 24 & 0x7F))
        #expect((word >> 31 == 1) == (head.readableBytes == 0))
        guard found.last == 3 else { continue }
        for (sample, offset, count) in [(0, 0, 4_608), (92_160, 2_000, 4_608)] as [(UInt64, UInt64, UInt16)] {
          let point = body.readMultipleIntegers(as: (UInt64, UInt64, UInt16).self)
          #expect(try #require(point) == (sample, offset, count))
        }
        #expect(body.readableBytes == 0)
      }
      #expect(found == types)
    }
  }

  private func metadataBlock(_ head: inout ByteBuffer) throws -> (word: UInt32, body: ByteBuffer) {
    let word = head.readInteger(as: UInt32.self)
    let body = head.readSlice(length: Int(word ?? 0) & 0xFF_FFFF)
    return (try #require(word), try #require(body))
  }

  /// Sizes of no segment, as a store of damaged files could say them.
  @Test(arguments: [[-140, 100], [0, 100], [100, Int.min / 2], [100], []])
  func sizesThatCannotBeMakeNoLength(_ sizes: [Int]) throws {
    let file = try #require(
      ProgressiveFile(
        PackagedTrack(track, rendition: .flac), container: .flac, tags: .of("A"), losslessSizes: sizes))
    #expect(file.byteCount == nil && file.head.readableBytes > 42)
  }

  @Test func whatHasNoRoomInABlockOfFLACIsLeftOut() throws {
    var words = AudioTags()
    words.lyrics = String(repeating: "x", count: 1 << 24)
    let picture = FilePicture(bytes: ByteBuffer(bytes: [1, 2, 3]), mediaType: "image/png")
    let file = try #require(
      ProgressiveFile(
        PackagedTrack(track, rendition: .flac), container: .flac, tags: FileTags(words, cover: picture),
        losslessSizes: [1_000, 100]))
    var head = file.head
    head.moveReaderIndex(forwardBy: 4)
    var types: [UInt32] = []
    var isLast = false
    while !isLast {
      let (word, _) = try metadataBlock(&head)
      types.append(word >> 24 & 0x7F)
      isLast = word >> 31 == 1
    }
    #expect(types == [0, 3, 6] && head.readableBytes == 0)
  }

  @Test func aSeekTableIsBounded() throws {
    let long = SegmentTrack(
      fingerprint: "ab", path: "", gridRate: 44_100, sampleCount: 44_100 * 3_600 * 20, losslessBitDepth: 16)
    let packaged = PackagedTrack(long, rendition: .flac)
    let sizes = [Int](repeating: 300_000, count: packaged.segmentCount)
    let file = try #require(
      ProgressiveFile(packaged, container: .flac, tags: FileTags.of("x"), losslessSizes: sizes))
    #expect(file.head.readableBytes < 18 * 1_024 + 200)
  }

  /// What is made of sizes is what a client would measure.
  @Test func bandwidthIsThatOfTheSegments() throws {
    for rendition in [Rendition.aac192, .flac, .opus128, .mp3x192] {
      let packaged = PackagedTrack(track, rendition: rendition)
      let size = rendition.codec == .mp3 ? rendition.encoderSettings(for: track).constantFrameBytes : 700
      let segments = (0..<packaged.segmentCount).map { segment(rendition, $0) { _ in size } }
      guard rendition.codec != .opus else { continue }
      let bodies = segments.map { packaged.segmentForm($0).readableBytes * 8 }
      let bandwidth = packaged.bandwidth(segments.map { $0.frames.readableBytes })
      let seconds = (0..<packaged.segmentCount).map(packaged.seconds)
      // The second, of 0.9 s, is shorter than half of the first, and counts together with it.
      let peak = max(
        Double(bodies[0]) / seconds[0], Double(bodies[0] + bodies[1]) / (seconds[0] + seconds[1]))
      #expect(abs(Double(bandwidth.peak) - peak) <= peak / 1_000)
      let mean = Double(bodies[0] + bodies[1]) / (seconds[0] + seconds[1])
      #expect(abs(Double(bandwidth.average) - mean) <= mean / 1_000)
    }
    // Of what nobody knows, at most is more than the mean.
    let unknown = PackagedTrack(track, rendition: .aac192).bandwidth()
    #expect(unknown.peak > unknown.average && unknown.average >= 192_000)
  }
}

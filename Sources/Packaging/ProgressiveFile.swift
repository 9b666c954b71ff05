import AudioCodec
import NIOCore
import Segments

/// A whole track as one file whose every byte has its place before any of it is encoded.
///
/// MP3's frames all have the same size. AAC's and Opus' segments differ by some hundredths, so each gets a slot that is
/// a little too large for it, filled up with a `free` box; so does each of Vorbis' pages, filled up behind the data of its
/// last packet. FLAC's sizes are known when the segments are: until then the
/// file has a beginning and no length.
public struct ProgressiveFile: Sendable {
  /// What the file is called and said to be.
  public enum Container: String, Sendable, CaseIterable {
    case mp3, m4a, ogg, flac

    public var mediaType: String {
      switch self {
      case .mp3: "audio/mpeg"
      case .m4a: "audio/mp4"
      case .ogg: "audio/ogg"
      case .flac: "audio/flac"
      }
    }
  }

  public let container: Container
  /// What stands in front of the first segment.
  public let head: ByteBuffer
  /// Bytes of each segment; nil when nobody knows yet.
  private let sizes: PartSizes?
  private let track: PackagedTrack
  private let mp4: FragmentedMP4?
  /// Pages of Ogg in front of the sound beyond those that its numbers count.
  private var morePages = 0

  /// - Parameters:
  ///   - tags: what the file says of its music.
  ///   - losslessSizes: bytes of the frames of each segment, where all are known.
  /// - Returns: nil where the rendition doesn't go into this container.
  public init?(
    _ track: PackagedTrack, container: Container, tags: FileTags,
    losslessSizes: [Int]? = nil
  ) {
    self.track = track
    self.container = container
    switch (container, track.rendition.codec) {
    case (.mp3, .mp3):
      guard let file = MP3File(track) else { return nil }
      mp4 = nil
      var head = ID3Tag.file(tags)
      head.writeImmutableBuffer(file.infoFrame())
      self.head = head
      let size = track.settings.constantFrameBytes
      sizes = PartSizes(count: track.segmentCount) { index in
        (track.frameCount(index) + (index == 0 ? track.settings.primingFrames : 0)) * size
      }
    case (.m4a, .aac), (.m4a, .opus):
      guard let mp4 = FragmentedMP4(track, for: .file) else { return nil }
      self.mp4 = mp4
      let sizes = PartSizes(count: track.segmentCount) { Self.slot(mp4, $0) }
      var head = mp4.header(tags: tags)
      Self.writeIndex(track, sizes, to: &head)
      self.head = head
      self.sizes = sizes
    case (.ogg, .vorbis):
      mp4 = nil
      let header = track.settings.vorbisFileHeader(
        comments: Array(VorbisComments.block(tags, withPicture: true).readableBytesView))
      head = ByteBuffer(bytes: header.bytes)
      morePages = header.morePages
      sizes = PartSizes(count: track.segmentCount) { Self.pages(track, $0) * track.settings.vorbisSlotBytes }
    case (.flac, .flac):
      mp4 = nil
      sizes = losslessSizes.flatMap { sizes in
        sizes.count == track.segmentCount && sizes.allSatisfy { $0 > 0 } ? PartSizes(sizes) : nil
      }
      head = FLACHead.bytes(track, tags: tags, sizes: sizes)
    default: return nil
    }
  }

  /// Bytes of the whole file; nil when nobody knows yet.
  public var byteCount: Int? { sizes.map { head.readableBytes + $0.total } }

  /// The segment in which a byte behind the head lies, and its place there. The file's length must be known.
  public func locate(_ offset: Int) -> (segment: Int, offset: Int)? {
    guard let sizes, offset >= head.readableBytes else { return nil }
    return sizes.locate(offset - head.readableBytes)
  }

  /// A segment's bytes in this file, in order; most of them are shared with everybody who gets this segment.
  /// - Throws: ``PackagingError`` for a segment that is larger than its place, which no encoder here makes.
  public func part(_ segment: Segment) throws(PackagingError) -> [ByteBuffer] {
    var pieces: [ByteBuffer]
    if let mp4 {
      pieces = mp4.pieces(segment, shared: track.segmentForm(segment))
    } else if container == .ogg {
      pieces = [try filledPages(segment)]
    } else if segment.key.index == 0, segment.primingFrames > 0 {
      pieces = [segment.priming, segment.frames]
    } else {
      pieces = [segment.frames]
    }
    guard let sizes else { return pieces }
    let rest = sizes[segment.key.index] - pieces.reduce(0) { $0 + $1.readableBytes }
    switch rest {
    case 0: break
    case 8... where mp4 != nil:
      var free = ByteBuffer()
      free.writeBox("free") { $0.writeZeros(rest - 8) }
      pieces.append(free)
    case ..<0: throw PackagingError(description: "segment \(segment.key) takes \(-rest) bytes more than its place has")
    default: throw PackagingError(description: "segment \(segment.key) leaves \(rest) bytes of its place empty")
    }
    return pieces
  }

  /// Pages of a Vorbis segment, the first with its priming.
  private static func pages(_ track: PackagedTrack, _ index: Int) -> Int {
    track.frameCount(index) + (index == 0 ? track.settings.primingFrames : 0)
  }

  /// The pages of a Vorbis segment, all of one size.
  private func filledPages(_ segment: Segment) throws(PackagingError) -> ByteBuffer {
    try segment.packaged(variant: morePages) { segment throws(PackagingError) in try fill(segment) }
  }

  private func fill(_ segment: Segment) throws(PackagingError) -> ByteBuffer {
    var pages = (0..<segment.frameCount).map { segment.bytes(of: $0..<$0 + 1) }
    if segment.key.index == 0 { pages.insert(segment.priming, at: 0) }
    let size = track.settings.vorbisSlotBytes
    var part = ByteBuffer()
    part.reserveCapacity(pages.count * size)
    for page in pages {
      guard
        let filled = EncoderSettings.filledVorbisFrame(
          Array(page.readableBytesView), to: size, morePages: morePages)
      else {
        throw PackagingError(description: "a page of segment \(segment.key) doesn't fit its place")
      }
      part.writeBytes(filled)
    }
    return part
  }

  /// Bytes that segment `index` of an AAC or Opus track has at most, with everything around it.
  ///
  /// Measured on music, noise, clicks and bursts out of silence, 90 frames of FFmpeg's AAC are at most 3.3 % above their
  /// nominal size, and 27 % at a track's beginning, where its rate control has not settled; libopus' constrained variable
  /// rate goes 7 % above. A slot leaves 10 % (Opus: 15), 50 % at the beginning, and two frames more.
  private static func slot(_ mp4: FragmentedMP4, _ index: Int) -> Int {
    let track = mp4.track
    let frames = mp4.frameCount(index)
    let nominal = track.rendition.bitrate / 8 * frames * track.settings.frameSamples / track.sampleRate
    let percent = index == 0 ? 150 : track.rendition.codec == .aac ? 110 : 115
    return nominal * percent / 100 + 2 * 1_536 + 8 * frames * track.settings.packetsPerFrame + 128
  }

  /// `sidx` (ISO/IEC 14496-12, 8.16.3): where each fragment begins, so that a player can seek with one range request.
  private static func writeIndex(_ track: PackagedTrack, _ sizes: PartSizes, to file: inout ByteBuffer) {
    file.writeFullBox("sidx", version: 1) { box in
      box.writeInteger(UInt32(1))
      box.writeInteger(UInt32(track.sampleRate))
      box.writeInteger(UInt64(0))
      box.writeInteger(UInt64(0))
      box.writeInteger(UInt16(0))
      box.writeInteger(UInt16(clamping: track.segmentCount))
      for index in 0..<min(track.segmentCount, Int(UInt16.max)) {
        box.writeInteger(UInt32(sizes[index]))
        box.writeInteger(UInt32(track.timeline.samples(inSegment: index)))
        box.writeInteger(UInt32(0x9000_0000))  // each starts with a sync sample
      }
    }
  }
}

/// The sizes of a file's parts, and where each begins.
struct PartSizes: Sendable {
  /// `count + 1` entries; the last is the end.
  private let starts: [Int]

  init(_ sizes: [Int]) {
    var starts = [0]
    starts.reserveCapacity(sizes.count + 1)
    for size in sizes { starts.append(starts[starts.count - 1] + size) }
    self.starts = starts
  }

  init(count: Int, _ size: (Int) -> Int) { self.init((0..<count).map(size)) }

  var total: Int { starts[starts.count - 1] }

  func start(of index: Int) -> Int { starts[index] }

  subscript(index: Int) -> Int { starts[index + 1] - starts[index] }

  func locate(_ offset: Int) -> (segment: Int, offset: Int)? {
    guard offset >= 0, offset < total else { return nil }
    var (low, high) = (0, starts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return (low, offset - starts[low])
  }
}

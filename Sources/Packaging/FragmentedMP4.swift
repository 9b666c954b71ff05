import AudioCodec
import NIOCore
import Segments

/// Segments as fragmented MP4 (ISO/IEC 14496-12, 8.8; CMAF, ISO/IEC 23000-19): AAC, Opus and FLAC. Times are counted in
/// samples.
///
/// A sample's time is its place in the music, and says it alone: players disagree about edit lists and Opus' pre-skip, of
/// which some heed neither, one or both, and some after each seek anew. So nothing stands in front of the music, and a
/// decoder begins with the first frame as it would anywhere else. The one exception is a whole file of AAC, whose first
/// frame would be lost to the overlap of the transform: it begins with the priming frame, which an edit list and
/// `iTunSMPB` take off again.
public struct FragmentedMP4: Sendable {
  /// What the fragments are for.
  public enum Use: Sendable {
    /// Segments of a playlist, which a player may begin at any of.
    case playlist
    /// One file from the beginning to the end.
    case file
  }

  let track: PackagedTrack
  let use: Use

  /// Nil for a rendition that doesn't go into MP4.
  public init?(_ track: PackagedTrack, for use: Use) {
    guard track.rendition.codec != .mp3, track.rendition.codec != .vorbis else { return nil }
    self.track = track
    self.use = use
  }

  /// Whether the first fragment brings the priming along.
  var hasPriming: Bool { use == .file && track.rendition.codec == .aac }

  /// Samples in front of the music.
  var primingSamples: Int { hasPriming ? track.primingSamples : 0 }

  /// Frames of a segment here.
  func frameCount(_ index: Int) -> Int {
    track.frameCount(index) + (hasPriming && index == 0 ? track.settings.primingFrames : 0)
  }

  /// Samples of one of MP4's samples: of a packet.
  var packetSamples: Int { track.settings.frameSamples / track.settings.packetsPerFrame }

  /// Bytes around a segment's packets.
  func overheadBytes(_ index: Int) -> Int {
    let packets = frameCount(index) * track.settings.packetsPerFrame
    return Self.boxBytes + packets * (isShort(track.timeline.samples(inSegment: index)) ? 8 : 4)
  }

  /// `moof` and the head of `mdat` without the entries of `trun`.
  private static let boxBytes = 8 + 16 + 8 + 16 + 20 + 20 + 8

  /// Whether the last packet holds more than is left of the music.
  private func isShort(_ samples: Int) -> Bool { samples % packetSamples != 0 }

  /// A frame's packets: where the first begins in it, and their sizes. MP4 says with its tables what ADTS and Ogg say
  /// with their headers.
  private func layout(of frame: ByteBuffer) -> (start: Int, sizes: [Int]) {
    switch track.rendition.codec {
    case .aac: (EncoderSettings.adtsHeaderBytes, [frame.readableBytes - EncoderSettings.adtsHeaderBytes])
    case .opus:
      EncoderSettings.opusPackets(inPage: frame.readableBytesView).map { ($0.start, $0.sizes) } ?? (0, [])
    case .mp3, .flac, .vorbis: (0, [frame.readableBytes])
    }
  }

  /// Segment `segment.key.index` as `moof` and `mdat`, in one buffer.
  public func fragment(_ segment: Segment) -> ByteBuffer {
    let frames = (0..<segment.frameCount).map { segment.bytes(of: $0..<$0 + 1) }
    // The last packet may hold more than is left of the music; those behind it hold nothing of it.
    let count = (segment.sampleCount + packetSamples - 1) / packetSamples
    var taken = 0
    let packets = frames.map { frame in
      var packets = layout(of: frame)
      packets.sizes = Array(packets.sizes.prefix(count - taken))
      taken += packets.sizes.count
      return packets
    }
    let sizes = packets.flatMap(\.sizes)
    let payload = sizes.reduce(0, +)
    let head = head(segment, sizes: sizes)
    var file = ByteBufferAllocator().buffer(capacity: head.readableBytes + payload)
    file.writeImmutableBuffer(head)
    for (frame, packets) in zip(frames, packets) {
      file.writeBytes(frame.readableBytesView.dropFirst(packets.start).prefix(packets.sizes.reduce(0, +)))
    }
    return file
  }

  /// The same in a whole file, of which most is shared with the segment as a playlist has it: nobody who is sent a file
  /// has sound of his own.
  /// - Parameter shared: ``fragment(_:)`` for a playlist.
  func pieces(_ segment: Segment, shared: ByteBuffer) -> [ByteBuffer] {
    guard primingSamples > 0 else { return [shared] }
    var front = ByteBuffer()
    var sizes = (0..<segment.frameCount).flatMap { layout(of: segment.bytes(of: $0..<$0 + 1)).sizes }
    if segment.key.index == 0 {
      let (start, priming) = layout(of: segment.priming)
      front.writeBytes(segment.priming.readableBytesView.dropFirst(start))
      sizes.insert(contentsOf: priming, at: 0)
    }
    let payload = sizes.reduce(0, +) - front.readableBytes
    var head = head(segment, sizes: sizes)
    head.writeImmutableBuffer(front)
    let body = shared.getSlice(at: shared.writerIndex - payload, length: payload) ?? ByteBuffer()
    return [head, body]
  }

  /// Everything up to the packets.
  private func head(_ segment: Segment, sizes: [Int]) -> ByteBuffer {
    let index = segment.key.index
    var left = segment.sampleCount + (index == 0 ? primingSamples : 0)
    let isShort = isShort(left)
    var file = ByteBuffer()
    file.reserveCapacity(Self.boxBytes + sizes.count * 8)
    var dataOffset = 0
    file.writeBox("moof") { moof in
      moof.writeFullBox("mfhd") { $0.writeInteger(UInt32(index + 1)) }
      moof.writeBox("traf") { traf in
        traf.writeFullBox("tfhd", flags: 0x02_0000) { $0.writeInteger(UInt32(1)) }
        let time = Int64(index) * Int64(SampleGrid.segmentSamples) + Int64(index == 0 ? 0 : primingSamples)
        traf.writeFullBox("tfdt", version: 1) { $0.writeInteger(UInt64(time)) }
        traf.writeFullBox("trun", flags: isShort ? 0x301 : 0x201) { trun in
          trun.writeInteger(UInt32(sizes.count))
          dataOffset = trun.writerIndex
          trun.writeInteger(UInt32(0))
          for size in sizes {
            if isShort { trun.writeInteger(UInt32(min(packetSamples, left))) }
            left -= packetSamples
            trun.writeInteger(UInt32(size))
          }
        }
      }
    }
    file.setInteger(UInt32(file.readableBytes + 8), at: dataOffset)
    file.writeInteger(UInt32(8 + sizes.reduce(0, +)))
    file.writeStaticString("mdat")
    return file
  }
}

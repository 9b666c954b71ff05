import AudioCodec
import NIOCore
import Segments

/// What a FLAC file begins with (RFC 9639, section 8): STREAMINFO, a seek table where its frames' places are known,
/// comments, the cover.
enum FLACHead {
  private enum Block: UInt8 {
    case seekTable = 3
    case comments = 4
    case picture = 6
  }

  /// - Parameter sizes: bytes of the segments; nil where nobody knows yet.
  static func bytes(_ track: PackagedTrack, tags: FileTags, sizes: PartSizes?) -> ByteBuffer {
    var blocks: [(Block, ByteBuffer)] = []
    if let sizes, track.segmentCount > 0 { blocks.append((.seekTable, seekTable(track, sizes))) }
    blocks.append((.comments, VorbisComments.block(tags, withPicture: false)))
    if let cover = tags.cover { blocks.append((.picture, VorbisComments.picture(cover))) }
    // A block's length has 24 bits. What has no room in one is left out, and the file plays.
    blocks.removeAll { $0.1.readableBytes >= 1 << 24 }
    // The marker and STREAMINFO, which isn't the last block here.
    var head = ByteBuffer(bytes: track.settings.streamHeader(totalSamples: track.sampleCount))
    head.setInteger(UInt8(0), at: 4)
    for (index, (block, body)) in blocks.enumerated() {
      let isLast: UInt32 = index == blocks.count - 1 ? 1 << 31 : 0
      head.writeInteger(isLast | UInt32(block.rawValue) << 24 | UInt32(body.readableBytes))
      head.writeImmutableBuffer(body)
    }
    return head
  }

  /// A point for each segment, or each few of a long track: the first sample, its frame's place behind the head, and the
  /// frame's samples.
  private static func seekTable(_ track: PackagedTrack, _ sizes: PartSizes) -> ByteBuffer {
    let step = (track.segmentCount + PackagingLimits.seekPoints - 1) / PackagingLimits.seekPoints
    var table = ByteBuffer()
    for index in stride(from: 0, to: track.segmentCount, by: max(step, 1)) {
      let samples = min(track.settings.frameSamples, track.timeline.samples(inSegment: index))
      table.writeInteger(UInt64(index) * UInt64(EncoderSettings.segmentSamples))
      table.writeInteger(UInt64(sizes.start(of: index)))
      table.writeInteger(UInt16(samples))
    }
    return table
  }
}

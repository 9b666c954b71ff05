import Crypto
import NIOCore

/// How a segment lies on disk.
///
///     0  4 bytes  "DPSG"
///     4  u16      version of this layout
///     6  u16      priming frames
///     8  u32      samples in a frame
///     12 u32      samples to be heard
///     16 u32      frame count n
///     20 u32      bytes of priming
///     24 u32      bytes of frames
///     28 32 bytes SHA-256 of all that follows and of bytes 0–27
///     60 n × u32  size of each frame
///        priming, frames
///
/// Numbers are big-endian. A file that is short, long or altered in any byte is no segment.
enum SegmentFile {
  static let version: UInt16 = 1
  private static let magic: UInt32 = 0x4450_5347
  private static let digestOffset = 28
  private static let headerBytes = 60

  /// Bytes of priming and frames in a file of that size; nil where a segment of so many frames has another: a file that
  /// a crash has cut off, or that is none of ours.
  static func soundBytes(inFileOf bytes: Int, frames: Int) -> Int? {
    let sound = bytes - headerBytes - 4 * frames
    return frames > 0 && sound >= frames && bytes <= SegmentLimits.segmentBytes ? sound : nil
  }

  static func encode(_ segment: Segment) -> ByteBuffer {
    var head = ByteBuffer()
    head.writeMultipleIntegers(
      magic, version, UInt16(segment.primingFrames), UInt32(segment.frameSamples), UInt32(segment.sampleCount),
      UInt32(segment.frameCount),
      UInt32(segment.priming.readableBytes), UInt32(segment.frames.readableBytes))
    var rest = ByteBuffer()
    rest.reserveCapacity(segment.byteCount)
    for frame in 0..<segment.frameCount { rest.writeInteger(segment.offsets[frame + 1] - segment.offsets[frame]) }
    rest.writeImmutableBuffer(segment.priming)
    rest.writeImmutableBuffer(segment.frames)
    var file = ByteBuffer()
    file.reserveCapacity(headerBytes + rest.readableBytes)
    file.writeImmutableBuffer(head)
    file.writeBytes(digest(head, rest))
    file.writeImmutableBuffer(rest)
    return file
  }

  /// The segment in `file`, or nil where it is none.
  static func decode(_ file: ByteBuffer, key: SegmentKey) -> Segment? {
    var buffer = file
    guard buffer.readableBytes <= SegmentLimits.segmentBytes,
      let head = buffer.getSlice(at: buffer.readerIndex, length: digestOffset),
      let (magic, version, primingFrames, frameSamples, sampleCount, frameCount, primingBytes, frameBytes) =
        buffer.readMultipleIntegers(
          as: (UInt32, UInt16, UInt16, UInt32, UInt32, UInt32, UInt32, UInt32).self),
      magic == Self.magic, version == Self.version,
      let stored = buffer.readBytes(length: SHA256.byteCount),
      buffer.readableBytes == Int(frameCount) * 4 + Int(primingBytes) + Int(frameBytes),
      stored.elementsEqual(digest(head, buffer))
    else { return nil }
    var offsets: [UInt32] = [0]
    offsets.reserveCapacity(Int(frameCount) + 1)
    for _ in 0..<frameCount {
      guard let size = buffer.readInteger(as: UInt32.self) else { return nil }
      let (end, overflow) = offsets[offsets.count - 1].addingReportingOverflow(size)
      guard !overflow else { return nil }
      offsets.append(end)
    }
    guard offsets[offsets.count - 1] == frameBytes, frameCount > 0,
      let priming = buffer.readSlice(length: Int(primingBytes)), let frames = buffer.readSlice(length: Int(frameBytes))
    else { return nil }
    return Segment(
      key: key, frameSamples: Int(frameSamples), sampleCount: Int(sampleCount), priming: priming,
      primingFrames: Int(primingFrames),
      frames: frames, offsets: offsets)
  }

  private static func digest(_ head: ByteBuffer, _ rest: ByteBuffer) -> SHA256.Digest {
    var hash = SHA256()
    head.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    rest.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
    return hash.finalize()
  }
}

import AudioCodec
import NIOCore
import Synchronization

/// A finished segment: immutable, and shared by every listener of its position.
///
/// `frames` holds whole elementary frames back to back; `offsets[k]` is where frame `k` begins and the last entry is
/// the end. `priming` holds the frame before the segment (of Vorbis its last packet; of a file's own frames as many as
/// there have to be), which a decoder that starts here needs for its state and whose sound it drops.
public final class Segment: Sendable {
  /// Which one it is.
  public let key: SegmentKey
  /// Samples in every frame (a lossless track's last may be shorter).
  public let frameSamples: Int
  /// Samples to be heard of this segment; a lossy last frame may decode to more.
  public let sampleCount: Int
  /// The frame or frames before the segment's first.
  public let priming: ByteBuffer
  /// How many frames `priming` is.
  public let primingFrames: Int
  /// Every frame.
  public let frames: ByteBuffer
  /// Where each frame begins in `frames`, and the end: `frameCount + 1` entries.
  public let offsets: [UInt32]

  /// What was made of it for one way or another to deliver it, and is kept beside it.
  private struct Forms {
    var packaged: (variant: Int, form: ByteBuffer)?
    var texts: [(range: Range<Int>, text: ByteBuffer)] = []
    var whenGrown: (@Sendable (Segment) -> Void)?

    var byteCount: Int { texts.reduce(packaged?.form.readableBytes ?? 0) { $0 + $1.text.readableBytes } }
  }

  private let forms = Mutex(Forms())

  public init(
    key: SegmentKey, frameSamples: Int, sampleCount: Int, priming: ByteBuffer, primingFrames: Int, frames: ByteBuffer,
    offsets: [UInt32]
  ) {
    self.key = key
    self.frameSamples = frameSamples
    self.sampleCount = sampleCount
    self.priming = priming
    self.primingFrames = primingFrames
    self.frames = frames
    self.offsets = offsets
  }

  /// How many frames it has.
  public var frameCount: Int { offsets.count - 1 }

  /// What it costs to keep, in bytes, with the forms that were made of it so far.
  public var byteCount: Int {
    frames.readableBytes + priming.readableBytes + offsets.count * MemoryLayout<UInt32>.size + 256
      + forms.withLock(\.byteCount)
  }

  /// Calls back, on any thread, when it costs more to keep than before.
  func whenGrown(_ callback: @escaping @Sendable (Segment) -> Void) {
    forms.withLock { $0.whenGrown = callback }
  }

  /// Where each of a row of frames begins, and the end.
  static func offsets(_ sizes: some Sequence<Int>, count: Int) -> [UInt32] {
    var offsets: [UInt32] = [0]
    offsets.reserveCapacity(count + 1)
    var end: UInt32 = 0
    for size in sizes {
      end += UInt32(size)
      offsets.append(end)
    }
    return offsets
  }

  /// The bytes of some of its frames, by reference.
  public func bytes(of range: Range<Int>) -> ByteBuffer {
    let start = Int(offsets[range.lowerBound])
    return frames.getSlice(at: frames.readerIndex + start, length: Int(offsets[range.upperBound]) - start)
      ?? ByteBuffer()
  }

  /// What a decoder needs before frame `frame` so that it starts in the right state: frames before it, of the segment, of
  /// `priming`, or of both, and how many they are.
  public func priming(before frame: Int) -> (bytes: ByteBuffer, frames: Int) {
    guard frame > 0 else { return (priming, primingFrames) }
    let wanted = key.rendition.original?.primingFrames ?? primingFrames
    guard wanted > 0 else { return (ByteBuffer(), 0) }
    guard frame < wanted else {
      return (key.rendition.priming(ofFrame: bytes(of: frame - wanted..<frame)), wanted)
    }
    var both = priming
    both.writeImmutableBuffer(bytes(of: 0..<frame))
    return (both, primingFrames + frame)
  }

  /// The segment in the form in which it goes over HTTP, made once and counted in ``byteCount``: a segment that is
  /// asked for there takes twice its bytes, as long as it is in memory.
  /// - Parameter variant: names the form, where there are several; one is kept.
  public func packaged<Failure: Error>(
    variant: Int = 0, _ make: (Segment) throws(Failure) -> ByteBuffer
  ) throws(Failure) -> ByteBuffer {
    if let known = forms.withLock(\.packaged), known.variant == variant { return known.form }
    let form = try make(self)
    let whenGrown = forms.withLock { forms in
      forms.packaged = (variant, form)
      return forms.whenGrown
    }
    whenGrown?(self)
    return form
  }

  /// The base64 text of some of its frames, made once for all listeners of that range, and counted in ``byteCount``.
  public func base64(of range: Range<Int>) -> ByteBuffer {
    if let known = forms.withLock({ forms in forms.texts.first { $0.range == range }?.text }) { return known }
    let text = Base64Text.encode(bytes(of: range))
    let whenGrown = forms.withLock { forms in
      if forms.texts.count == SegmentLimits.textFormsPerSegment { forms.texts.removeFirst() }
      forms.texts.append((range, text))
      return forms.whenGrown
    }
    whenGrown?(self)
    return text
  }
}

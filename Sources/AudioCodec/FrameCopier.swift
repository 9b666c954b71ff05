import CFFmpeg

/// Hands out a stretch of a file's own frames, in place of an encoder.
///
/// What the file has lost is silence, so that a frame always means the same moment. Any ranges of one file, in any order,
/// may be put together.
public final class FrameCopier: @unchecked Sendable {
  // Invariant of the unchecked conformance: nothing in here is shared with another object, and the caller uses one
  // copier from one thread at a time (each call happens before the next).

  private let file: FileSource
  private let source: any PacketSource
  private let original: OriginalFrames
  private let sampleRate: Int
  private let frameSamples: Int64
  private let limits: AudioLimits
  private let frames: Range<Int>
  /// The file's packets of AAC have no header of their own.
  private let isBare: Bool
  /// The next frame to be handed out.
  private var position: Int
  private let packet: UnsafeMutablePointer<AVPacket>
  /// The next frame of the file behind what was handed out, by its number in the track.
  private var ahead: (number: Int, bytes: [UInt8])?
  /// The last frame of the file that was handed out: what silence behind its end is made like.
  private var latest: [UInt8]?

  /// Opens the file; nothing is read of its sound yet.
  ///
  /// - Parameters:
  ///   - facts: of an earlier probe of this file.
  ///   - settings: of the rendition; `invalidRequest` unless they are of original frames.
  ///   - frames: not empty, by their numbers in the track.
  ///
  /// Throws `invalidRequest`, `changed` if the file has other frames than those, and what opening it throws.
  public init(
    path: String, facts known: SourceFacts?, settings: EncoderSettings, frames: Range<Int>,
    limits: AudioLimits = AudioLimits()
  ) throws(AudioCodecError) {
    guard let original = settings.original, !frames.isEmpty, frames.lowerBound >= 0 else {
      throw AudioCodecError(.invalidRequest, "The frames lie outside of the track")
    }
    file = try FileSource(path: path)
    file.allow(limits.operationDeadline)
    let facts = try SourceReader.current(of: file, known)
    guard facts.originalFrames == original, facts.sampleRate == settings.sampleRate else {
      throw AudioCodecError(.changed, "The file was replaced since it was probed")
    }
    self.original = original
    self.limits = limits
    self.frames = frames
    sampleRate = settings.sampleRate
    frameSamples = Int64(settings.frameSamples)
    source = try SourceReader.packets(of: file, facts)
    isBare = facts.elementary == nil
    position = frames.lowerBound
    guard let packet = av_packet_alloc() else { throw LibAV.outOfMemory() }
    self.packet = packet
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  /// At most `maxFrames` (at least one) further frames; nil when the range is complete. The first piece brings the
  /// priming frames.
  ///
  /// Throws `timedOut`, `unreadable`, `damaged` where the file has no frame at all.
  public func next(maxFrames: Int) throws(AudioCodecError) -> EncodedFrames? {
    guard position < frames.upperBound else { return nil }
    file.allow(limits.operationDeadline)
    var piece = EncodedFrames(firstFrame: position)
    if position == frames.lowerBound {
      piece.primingFrames = original.primingFrames(before: position)
      try go(to: position - piece.primingFrames)
      for number in position - piece.primingFrames..<position { piece.priming += try frame(number) }
    }
    let end = frames.upperBound - position > maxFrames ? position + max(maxFrames, 1) : frames.upperBound
    while position < end {
      let bytes = try frame(position)
      piece.frameSizes.append(bytes.count)
      piece.bytes += bytes
      position += 1
    }
    return piece
  }

  private func go(to number: Int) throws(AudioCodecError) {
    let first = number + original.preceding
    let stamp = MediaTime(original.start + Int64(first) * frameSamples)
    let target = first > 0 ? stamp.flatMap { source.timestamp(ofSample: $0, rate: sampleRate)?.value } : nil
    try source.seek(to: target)
    ahead = try read()
  }

  /// A frame, or silence where there is none.
  private func frame(_ number: Int) throws(AudioCodecError) -> [UInt8] {
    while let passed = ahead, passed.number < number { ahead = try read() }
    if let found = ahead, found.number == number {
      latest = found.bytes
      ahead = try read()
      return found.bytes
    }
    guard let model = ahead?.bytes ?? latest else {
      throw AudioCodecError(.damaged, "The file ends before its time")
    }
    return original.silence(like: model)
  }

  private func read() throws(AudioCodecError) -> (number: Int, bytes: [UInt8])? {
    while try source.read(into: packet) {
      defer { av_packet_unref(packet) }
      guard let stamp = MediaTime(packet.pointee.pts),
        let sample = source.sample(ofTimestamp: stamp, rate: sampleRate)?.value, packet.pointee.size > 0,
        let data = packet.pointee.data
      else { continue }
      let place = (sample - original.start).quotientAndRemainder(dividingBy: frameSamples)
      guard place.remainder == 0 else { throw AudioCodecError(.damaged, "The file's frames have no even length") }
      let count = Int(packet.pointee.size)
      var bytes: [UInt8] = []
      if isBare {
        bytes.reserveCapacity(count + ADTSFormat.headerSize)
        try ADTSFormat.appendHeader(payload: count, sampleRate: sampleRate, to: &bytes)
      }
      bytes += UnsafeBufferPointer(start: data, count: count)
      return (Int(place.quotient) - original.preceding, bytes)
    }
    return nil
  }
}

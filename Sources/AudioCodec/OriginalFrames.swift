/// A file's own frames as a rendition: nothing is decoded, and nothing that its encoder kept is lost.
///
/// They lie on a grid of their own: frame k decodes to the source samples from k · `frameSamples` − `lead` on, since
/// whoever encoded the file had another delay than the encoders here. A rendition of them begins that much earlier, and
/// who starts in it drops as much more.
public struct OriginalFrames: Hashable, Sendable {
  /// MP3 or AAC.
  public let codec: EncoderSettings.Codec
  /// Samples of frame 0 in front of the track's first; less than a frame's.
  public let lead: Int
  /// Frames in front of a place that a decoder needs to be in the file's own state there: those that a frame of layer
  /// III may take bits from, and those that overlap with it.
  public let primingFrames: Int
  /// Frames of the file in front of frame 0: its encoder's delay.
  let preceding: Int
  /// The timestamp of the file's first packet, in samples.
  let start: Int64

  /// Primes a decoder in front of frame `frame`: fewer at the file's beginning.
  func primingFrames(before frame: Int) -> Int { min(primingFrames, frame + preceding) }

  /// Nil where they can't be cut on the grid, or sound otherwise than they are: another rate than the grid's, mono, AAC
  /// that isn't plain LC, frames without an even length.
  init?(_ facts: SourceFacts) {
    // Facts come back from where they were stored.
    guard facts.makeSense, facts.sampleRate == facts.gridRate, facts.channels == 2, facts.links == nil,
      facts.origin >= 0
    else { return nil }
    if let start = facts.plainAACStart {
      self.init(.aac, primingFrames: 1, start: start, origin: facts.origin)
    } else if let stream = facts.elementary, stream.model.kind == .layer3, stream.model.samples == 1_152,
      stream.model.channels == 2
    {
      let constant = stream.knownBitrate == nil ? nil : stream.model
      self.init(.mp3, primingFrames: stream.framesNeeded(by: constant), start: 0, origin: facts.origin)
    } else {
      return nil
    }
  }

  private init?(_ codec: EncoderSettings.Codec, primingFrames: Int, start: Int64, origin: Int64) {
    let frameSamples = Int64(EncoderSettings(codec: codec, bitrate: 0, sampleRate: 0).frameSamples)
    guard origin >= start else { return nil }
    self.codec = codec
    self.primingFrames = primingFrames
    self.start = start
    let (whole, rest) = (origin - start).quotientAndRemainder(dividingBy: frameSamples)
    preceding = Int(whole)
    lead = Int(rest)
  }
}

extension SourceFacts {
  /// The file's frames, if they can be handed out as they are.
  public var originalFrames: OriginalFrames? { OriginalFrames(self) }
}

extension OriginalFrames {
  /// A frame of silence, in place of one that the file has lost.
  ///
  /// - Parameter frame: another one of the file, whose header it gets.
  func silence(like frame: [UInt8]) -> [UInt8] {
    switch codec {
    case .mp3:
      // No checksum, and side information that takes no bits from anywhere (ISO/IEC 11172-3, 2.4.1.7).
      var silent = [UInt8](repeating: 0, count: frame.count)
      silent.replaceSubrange(0..<4, with: [frame[0], frame[1] | 1, frame[2], frame[3]])
      return silent
    default:
      // A pair of channels in a common long window without a band (ISO/IEC 14496-3, 4.4.2).
      let block: [UInt8] = [0x21, 0, 0, 0, 0, 0x1C]
      let length = block.count + ADTSFormat.headerSize
      var header = Array(frame.prefix(ADTSFormat.headerSize))
      header[1] |= 1
      header[3] = header[3] & 0xFC
      header[4] = UInt8(length >> 3)
      header[5] = UInt8((length & 7) << 5) | 0x1F
      header[6] = 0xFC
      return header + block
    }
  }
}

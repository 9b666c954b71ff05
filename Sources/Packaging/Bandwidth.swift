import AudioCodec
import Segments

/// Bits per second of a rendition over HTTP, with the container's share: what `BANDWIDTH` and `AVERAGE-BANDWIDTH` say
/// (RFC 8216, 4.3.4.2).
public struct Bandwidth: Sendable, Equatable {
  /// Of the segment that takes most.
  public var peak: Int
  /// Of the whole track.
  public var average: Int
}

extension PackagedTrack {
  /// What is known of a rendition, and for the rest what its encoder does.
  ///
  /// - Parameter sizes: bytes of the frames of each segment, nil for one that hasn't been made and of which nobody has
  ///   said how long it will be; fewer than there are segments is as good as none.
  public func bandwidth(_ sizes: [Int?] = []) -> Bandwidth {
    guard segmentCount > 0 else { return Bandwidth(peak: nominal.peak, average: nominal.average) }
    let known = sizes.count == segmentCount ? sizes : [Int?](repeating: nil, count: segmentCount)
    let mp4 = FragmentedMP4(self, for: .playlist)
    var (bits, seconds) = (0.0, 0.0)
    var peak = 0.0
    var before: (bits: Double, seconds: Double)?
    for (index, size) in known.enumerated() {
      let length = self.seconds(index)
      let overhead = Double(8 * (mp4?.overheadBytes(index) ?? MP3File.timestampBytes))
      let expected = Double(nominal.average) * length
      let own = size.map { Double(8 * soundBytes(index, $0)) } ?? expected
      let most = size == nil ? Double(nominal.peak) * length : own
      bits += own + overhead
      seconds += length
      // A last segment that is shorter than half of the others says nothing on its own.
      let isShort = length < self.seconds(0) / 2
      let (together, time) = isShort ? (before?.bits ?? 0, before?.seconds ?? 0) : (0, 0)
      peak = max(peak, (together + most + overhead) / (time + length))
      before = (most + overhead, length)
    }
    return Bandwidth(peak: Int(peak.rounded(.up)), average: Int((bits / seconds).rounded()))
  }

  /// Without the headers that a container leaves out: those of ADTS and of Ogg pages.
  private func soundBytes(_ index: Int, _ bytes: Int) -> Int {
    let frames = frameCount(index)
    switch rendition.codec {
    case .aac: return bytes - frames * EncoderSettings.adtsHeaderBytes
    case .opus:
      let packets = max(frames * settings.packetsPerFrame, 1)
      return bytes - frames * 27 - packets * (bytes / packets / 255 + 1)
    case .mp3, .vorbis, .flac: return bytes
    }
  }

  /// What an encoder makes of music as a rule, without a container, in bits per second.
  ///
  /// Over a segment FFmpeg's AAC has been seen up to 3.3 % above its nominal size, and 27 % at a track's beginning; Opus
  /// with constrained variable rate 7 %. Of a lossless rendition nobody knows: at most it's
  /// what the samples take as they are, and music takes about two thirds of that.
  private var nominal: (peak: Int, average: Int) {
    switch rendition.codec {
    case .mp3:
      let bits = settings.constantFrameBytes * 8 * sampleRate / settings.frameSamples
      return (bits, bits)
    case .aac: return (rendition.bitrate * 127 / 100, rendition.bitrate)
    case .opus: return (rendition.bitrate * 107 / 100, rendition.bitrate)
    case .vorbis:
      let slot = settings.vorbisSlotBytes * 8 * sampleRate / settings.frameSamples
      return (slot, slot)
    case .flac:
      let raw = sampleRate * settings.channels * settings.bitDepth
      return (raw, raw * 2 / 3)
    }
  }
}

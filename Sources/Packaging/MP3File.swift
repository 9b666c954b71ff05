import AudioCodec
import NIOCore
import Segments

/// MP3 outside of the push: packed HLS segments and what a whole file begins with.
public struct MP3File: Sendable {
  let track: PackagedTrack

  /// Nil for a rendition of another codec.
  public init?(_ track: PackagedTrack) {
    guard track.rendition.codec == .mp3 else { return nil }
    self.track = track
  }

  /// A segment for HLS (RFC 8216, section 3.4): its time, then its frames.
  public func packedSegment(_ segment: Segment) -> ByteBuffer {
    let samples = UInt64(segment.key.index) * UInt64(SampleGrid.segmentSamples)
    var file = ID3Tag.timestamp(samples * 90_000 / UInt64(track.sampleRate))
    file.writeImmutableBuffer(segment.frames)
    return file
  }

  /// The frame that says how long the file is and how much of it is music: «Info», as LAME writes it for constant
  /// bitrates (gabriel.mp3-tech.org/mp3infotag.html).
  ///
  /// Behind it come the priming frame and the track's frames. A decoder takes off `delay` + 529 samples in front: what
  /// the priming frame decodes to.
  func infoFrame() -> ByteBuffer {
    let settings = track.settings
    let frames = settings.frameCount(totalSamples: track.sampleCount) + settings.primingFrames
    let delay = track.primingSamples - Self.decoderDelay
    let padding = Int(Int64(frames * settings.frameSamples) - Int64(delay) - track.sampleCount)
    let size = settings.constantFrameBytes
    var frame = ByteBuffer(bytes: settings.constantFrameHeader)
    frame.writeZeros(Self.sideInformationBytes)
    frame.writeStaticString("Info")
    frame.writeInteger(UInt32(0x7))  // frames, bytes, table of contents
    frame.writeInteger(UInt32(frames))
    frame.writeInteger(UInt32((frames + 1) * size))
    for step in 0..<100 { frame.writeInteger(UInt8(step * 256 / 100)) }
    frame.writeStaticString("LAME3.100")
    frame.writeZeros(1 + 1 + 4 + 4 + 1)  // revision and method, low-pass, gains, flags
    frame.writeInteger(UInt8(min(255, settings.bitrate / 1_000)))
    frame.writeBytes([UInt8(delay >> 4), UInt8(delay & 0xF) << 4 | UInt8(padding >> 8), UInt8(padding & 0xFF)])
    frame.writeZeros(1 + 1 + 2)  // misc, gain, preset and surround
    frame.writeInteger(UInt32((frames + 1) * size))
    frame.writeZeros(size - frame.readableBytes)
    return frame
  }

  /// Bytes of the tag in front of a segment.
  static let timestampBytes = ID3Tag.timestamp(0).readableBytes
  /// Samples by which every MP3 decoder lags behind, as the field of the LAME tag counts.
  private static let decoderDelay = 529
  /// Of a stereo frame of MPEG-1 without a checksum (ISO/IEC 11172-3, 2.4.1.7).
  private static let sideInformationBytes = 32
}

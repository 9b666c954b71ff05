import AudioCodec
import NIOCore

/// Makes the frames of one stretch of a track, a few at a time. One thread at a time may use it.
protocol FrameEncoding: AnyObject, Sendable {
  /// Up to `maxFrames` more frames; nil at the stretch's end. The first call's result carries the priming frames.
  func next(maxFrames: Int) throws -> EncodedFrames?
}

extension FrameRangeEncoder: FrameEncoding {}
extension FrameCopier: FrameEncoding {}

extension Rendition {
  /// How frames of this rendition of `track` are encoded.
  public func encoderSettings(for track: SegmentTrack) -> EncoderSettings {
    if let original {
      return EncoderSettings(original: original, bitrate: bitrate, sampleRate: track.gridRate)
    }
    return EncoderSettings(
      codec: codec, bitrate: bitrate, sampleRate: track.gridRate, bitDepth: track.losslessBitDepth)
  }

  /// What stands before the first frame in a playable file, and what a decoder is configured with: FLAC's `fLaC`
  /// marker and STREAMINFO, Opus' and Vorbis' header pages; empty for MP3 and ADTS.
  public func streamHeader(for track: SegmentTrack) -> [UInt8] {
    encoderSettings(for: track).streamHeader(totalSamples: track.timeline(self).sampleCount)
  }

  /// What configures a decoder that is given frames without a stream header.
  public func decoderDescription(for track: SegmentTrack) -> [UInt8] {
    encoderSettings(for: track).decoderDescription(totalSamples: track.timeline(self).sampleCount)
  }

  /// What a decoder that begins behind a frame is given of it: all of it, or a Vorbis frame's last packet.
  func priming(ofFrame frame: ByteBuffer) -> ByteBuffer {
    guard codec == .vorbis else { return frame }
    return EncoderSettings.vorbisPriming(ofFrame: Array(frame.readableBytesView)).map(ByteBuffer.init(bytes:)) ?? frame
  }
}

extension EncoderSettings {
  /// Samples of a track at these settings' rate.
  func totalSamples(of track: SegmentTrack) -> Int64 {
    Timeline(track, self).sampleCount
  }
}

extension SegmentError {
  /// The meaning of an encoder's error for a listener.
  init(encoding error: any Error) {
    if let error = error as? SegmentError {
      self = error
    } else if let error = error as? AudioCodecError {
      switch error.code {
      case .vanished, .unreadable, .changed: self.init(.unavailable, "the file can't be read")
      case .exhausted: self = .busy("too many files are open")
      case .timedOut: self.init(.timedOut, "the file's sound takes too long to decode")
      case .notAudio, .noAudio, .truncated, .unsupported, .rateChanges, .tooLong, .damaged:
        self.init(.undecodable, "the file's sound can't be decoded")
      default: self.init(.failed, "the encoder failed")
      }
    } else {
      self.init(.failed, "the encoder failed")
    }
  }
}

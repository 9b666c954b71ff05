import AudioCodec
import Foundation

/// Looks into files with libav, through ``AudioProbe``.
public struct ProbeInspector: AudioInspecting {
  private let limits: AudioLimits

  /// An inspector.
  /// - Parameter limits: the codec's bounds for one file.
  public init(limits: AudioLimits = AudioLimits()) {
    self.limits = limits
  }

  public func inspect(path: String) throws -> InspectedAudio {
    let probe: AudioProbe
    do {
      probe = try AudioProbe.read(path: path, limits: limits)
    } catch {
      throw InspectionError(error)
    }
    var audio = InspectedAudio(
      duration: probe.duration, codec: probe.codec, container: probe.container, bitrate: probe.bitrate,
      sampleRate: probe.sampleRate, channels: probe.channels,
      bitsPerSample: probe.bitsPerSample > 0 ? probe.bitsPerSample : nil, sampleCount: probe.sampleCount,
      gridRate: probe.gridRate, gridSampleCount: probe.gridSampleCount)
    audio.tags = probe.tags
    audio.cover = probe.cover?.bytes
    audio.sourceFacts = String(decoding: try JSONEncoder().encode(probe.facts), as: UTF8.self)
    return audio
  }
}

extension Track {
  /// What readers and encoders want to be given; nil when an earlier version of the server wrote them in another form,
  /// and the file has to be probed once more.
  public var audioFacts: SourceFacts? {
    guard let sourceFacts else { return nil }
    do {
      return try JSONDecoder().decode(SourceFacts.self, from: Data(sourceFacts.utf8))
    } catch {
      return nil
    }
  }

  /// Bits a sample of a FLAC rendition; see ``AudioProbe/flacBitDepth(bitsPerSample:isResampled:channels:)``.
  public var flacBitDepth: Int {
    AudioProbe.flacBitDepth(bitsPerSample: bitsPerSample, isResampled: sampleRate != gridRate, channels: channels)
  }
}

extension InspectionError {
  /// The codec's judgement; its codes are kept.
  init(_ error: AudioCodecError) {
    // The file may be good where the system, the clock or a writer stood in the way.
    let passing: Set<AudioCodecError.Code> = [.unreadable, .exhausted, .vanished, .changed, .timedOut]
    self.init(code: error.code.rawValue, message: error.message, isPassing: passing.contains(error.code))
  }
}

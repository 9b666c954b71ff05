import Foundation

/// What one pass over a whole track finds out.
public struct TrackAnalysis: Sendable {
  /// Grows with every change of what is measured, or how: what an earlier version found out is found out anew.
  public static let version = 1

  public var loudness: Loudness
  /// The track's gating blocks, for the loudness of its album.
  public var histogram: LoudnessHistogram
  public var waveform: Waveform
  /// Bytes of the frames of each FLAC segment; nil where they can't be told for sure, since the file is damaged, or
  /// decodes a little differently from the middle than from the beginning (Opus, AAC).
  public var segmentSizes: [Int]?
  /// Packets of the source that could not be decoded; they are silence.
  public var damagedPackets: Int
}

/// Decodes a track once, from end to end and a segment a step, and measures it: loudness, waveform, and the sizes of
/// its FLAC segments, which are encoded and thrown away.
///
/// Sizes are only handed out when segments that were encoded on their own, as a listener's are, come out the same byte
/// for byte: some of them are tried at the end.
public final class TrackAnalyzer: @unchecked Sendable {
  // Invariant of the unchecked conformance: nothing in here is shared with another object, and the caller uses one
  // analyser from one thread at a time (each call happens before the next).

  private let path: String
  private let facts: SourceFacts?
  private let settings: EncoderSettings
  private let totalSamples: Int64
  private let limits: AudioLimits
  private let encoder: FrameRangeEncoder
  private let listener: Listener
  private let segmentCount: Int
  private var sizes: [Int] = []
  /// Segments that are tried on their own, with what the continuous encode made of them.
  private var trials: [(segment: Int, bytes: [UInt8])] = []
  private let tried: Set<Int>
  private var isReproducible = true

  /// Opens the file; nothing is decoded yet.
  ///
  /// - Parameters:
  ///   - facts: of an earlier probe.
  ///   - settings: of the track's FLAC rendition.
  ///   - totalSamples: of the track at the settings' rate.
  ///
  /// Throws what `FrameRangeEncoder` throws.
  public init(
    path: String, facts: SourceFacts? = nil, settings: EncoderSettings, totalSamples: Int64,
    limits: AudioLimits = AudioLimits()
  ) throws(AudioCodecError) {
    guard settings.codec == .flac else {
      throw AudioCodecError(.invalidRequest, "A track is analysed through its FLAC rendition")
    }
    self.path = path
    self.facts = facts
    self.settings = settings
    self.totalSamples = totalSamples
    self.limits = limits
    encoder = try FrameRangeEncoder(
      path: path, facts: facts, settings: settings, totalSamples: totalSamples,
      frames: 0..<settings.frameCount(totalSamples: totalSamples), limits: limits)
    listener = Listener(
      meter: try LoudnessMeter(sampleRate: settings.sampleRate), waveform: WaveformBuilder(totalSamples: totalSamples))
    encoder.listener = listener
    let count = EncoderSettings.segmentCount(totalSamples: totalSamples)
    segmentCount = count
    tried = Set((1...Bounds.triedSegments).map { $0 * (count - 1) / Bounds.triedSegments })
  }

  /// Does the next piece, of a few milliseconds; returns the part of the track that is done, nil at the end.
  ///
  /// Throws `timedOut`, `unreadable`, `damaged`, `changed`, `encoderFailed`.
  public func step() throws(AudioCodecError) -> Double? {
    if let piece = try encoder.next(maxFrames: settings.framesPerSegment) {
      if tried.contains(sizes.count) { trials.append((sizes.count, piece.bytes)) }
      sizes.append(piece.bytes.count)
      return Double(sizes.count) / Double(segmentCount + 1)
    }
    guard isReproducible, let trial = trials.popLast() else { return nil }
    isReproducible = try made(trial.segment) == trial.bytes
    return Double(segmentCount) / Double(segmentCount + 1)
  }

  /// What was found out. After ``step()`` has come to the end.
  public var analysis: TrackAnalysis {
    let isExact = isReproducible && trials.isEmpty && encoder.damagedPackets == 0 && sizes.count == segmentCount
    return TrackAnalysis(
      loudness: listener.meter.loudness, histogram: listener.meter.histogram, waveform: listener.waveform.waveform,
      segmentSizes: isExact ? sizes : nil, damagedPackets: encoder.damagedPackets)
  }

  /// A segment, encoded on its own.
  private func made(_ segment: Int) throws(AudioCodecError) -> [UInt8] {
    let single = try FrameRangeEncoder(
      path: path, facts: facts, settings: settings, totalSamples: totalSamples,
      frames: settings.frames(ofSegment: segment, totalSamples: totalSamples), limits: limits)
    return try single.next(maxFrames: settings.framesPerSegment)?.bytes ?? []
  }

  /// Hears what goes into the encoder.
  final class Listener {
    let meter: LoudnessMeter
    private(set) var waveform: WaveformBuilder

    init(meter: LoudnessMeter, waveform: WaveformBuilder) {
      self.meter = meter
      self.waveform = waveform
    }

    func hear(_ samples: StereoBuffer, count: Int) throws(AudioCodecError) {
      waveform.add(samples, count: count)
      try meter.add(samples, count: count)
    }
  }
}

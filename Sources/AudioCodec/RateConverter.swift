import CFFmpeg

/// A source at the grid's rate, as a function of the position alone.
///
/// With g = grid rate, r = source rate, L = g/gcd and M = r/gcd, output L·k and input M·k are the same moment for every
/// k. A fresh resampler whose first input is sample M·k therefore has the phase of one that ran from the beginning; it
/// is started far enough in front for its filter to be full of the right samples, and what it says until then is
/// dropped.
final class RateConverter {
  private let source: any SampleSource
  private let gridRate: Int
  private let upBy: Int64
  private let downBy: Int64
  private let warmUp: Int64
  private var context: OpaquePointer?
  private let input = StereoBuffer(capacity: 1_024)
  private let output: StereoBuffer
  /// The first sample in `output` not taken yet.
  private var taken = 0
  private(set) var position: Int64 = 0
  private var isPlaced = false

  init(source: any SampleSource, gridRate: Int) {
    self.source = source
    self.gridRate = gridRate
    var (a, b) = (gridRate, source.rate)
    while b != 0 { (a, b) = (b, a % b) }
    upBy = Int64(gridRate / a)
    downBy = Int64(source.rate / a)
    // The filter has 32 taps at the lower of the two rates; twice that, in input samples.
    warmUp = Int64(64 * max(1, (source.rate + gridRate - 1) / gridRate))
    output = StereoBuffer(capacity: 1_024 * gridRate / source.rate + 256)
  }

  deinit { swr_free(&context) }

  func seek(to sample: Int64) {
    guard sample != position else { return }
    position = sample
    isPlaced = false
  }

  /// Fills `count` samples of `target` from the position on, and moves it.
  func read(_ target: StereoTarget, count: Int) throws(AudioCodecError) {
    if upBy == downBy {
      source.seek(to: position)
      try source.read(target, count: count)
      position += Int64(count)
      return
    }
    if !isPlaced { try place() }
    var done = 0
    while done < count {
      if taken == output.count { try convert() }
      let got = min(output.count - taken, count - done)
      target.advanced(by: done).copy(output, from: taken, count: got)
      taken += got
      done += got
    }
    position += Int64(count)
  }

  private func place() throws(AudioCodecError) {
    let remainder = position % upBy
    let block = (position - remainder) / upBy - (remainder < 0 ? 1 : 0) - (warmUp + downBy - 1) / downBy
    try start()
    source.seek(to: block * downBy)
    var drop = Int(position - block * upBy)
    output.count = 0
    taken = 0
    while drop > 0 {
      if taken == output.count { try convert() }
      let some = min(drop, output.count - taken)
      taken += some
      drop -= some
    }
    isPlaced = true
  }

  private func start() throws(AudioCodecError) {
    swr_free(&context)
    var from = AVChannelLayout()
    var to = AVChannelLayout()
    av_channel_layout_default(&from, 2)
    av_channel_layout_default(&to, 2)
    var result = swr_alloc_set_opts2(
      &context, &to, AV_SAMPLE_FMT_FLTP, Int32(gridRate), &from, AV_SAMPLE_FMT_FLTP, Int32(source.rate), 0, nil)
    if result >= 0 { result = swr_init(context) }
    guard result >= 0 else {
      throw AudioCodecError(.unsupported, "The sampling rate cannot be converted", cause: LibAV.words(result))
    }
  }

  /// Puts the next piece into `output`; may be empty while the filter fills.
  private func convert() throws(AudioCodecError) {
    let samples = input.capacity
    try source.read(StereoTarget(left: input.left, right: input.right), count: samples)
    var from: [UnsafePointer<UInt8>?] = [
      UnsafePointer(UnsafeMutableRawPointer(input.left).assumingMemoryBound(to: UInt8.self)),
      UnsafePointer(UnsafeMutableRawPointer(input.right).assumingMemoryBound(to: UInt8.self)),
    ]
    var to: [UnsafeMutablePointer<UInt8>?] = [
      UnsafeMutableRawPointer(output.left).assumingMemoryBound(to: UInt8.self),
      UnsafeMutableRawPointer(output.right).assumingMemoryBound(to: UInt8.self),
    ]
    let got = swr_convert(context, &to, Int32(output.capacity), &from, Int32(samples))
    guard got >= 0 else {
      throw AudioCodecError(.unsupported, "The sampling rate cannot be converted", cause: LibAV.words(got))
    }
    output.count = Int(got)
    taken = 0
  }
}

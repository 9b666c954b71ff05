import CFFmpeg

/// Decoded frames of any sample format and layout → two planes of Float at the same rate.
///
/// Mono is doubled as it is (swresample would take 3 dB off); more than two channels are mixed by swresample's standard
/// matrix, scaled so that it cannot clip. Integer samples of up to 24 bits come out exactly.
final class StereoConverter {
  private var context: OpaquePointer?
  private var format: Int32 = -1
  private var layout = AVChannelLayout()

  deinit { release() }

  private func release() {
    swr_free(&context)
    av_channel_layout_uninit(&layout)
    format = -1
  }

  /// Replaces the content of `buffer`. Throws `unsupported` if swresample cannot convert it.
  func convert(_ frame: UnsafePointer<AVFrame>, into buffer: StereoBuffer) throws(AudioCodecError) {
    let samples = Int(frame.pointee.nb_samples)
    let channels = frame.pointee.ch_layout.nb_channels
    guard samples > 0, samples <= Bounds.maxFrameSamples, channels > 0, Int(channels) <= Bounds.maxChannels,
      let data = frame.pointee.extended_data, let first = data[0]
    else { throw AudioCodecError(.unsupported, "Too many channels, or too long a frame") }
    buffer.reserve(samples)
    buffer.count = samples
    if frame.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue, channels <= 2 {
      let second = channels == 2 ? (data[1] ?? first) : first
      first.withMemoryRebound(to: Float.self, capacity: samples) { buffer.left.update(from: $0, count: samples) }
      second.withMemoryRebound(to: Float.self, capacity: samples) { buffer.right.update(from: $0, count: samples) }
      return
    }
    try prepare(for: frame)
    var output: [UnsafeMutablePointer<UInt8>?] = [
      UnsafeMutableRawPointer(buffer.left).assumingMemoryBound(to: UInt8.self),
      UnsafeMutableRawPointer(buffer.right).assumingMemoryBound(to: UInt8.self),
    ]
    var input = (0..<(av_sample_fmt_is_planar(AVSampleFormat(format)) != 0 ? Int(channels) : 1)).map { plane in
      UnsafePointer<UInt8>(data[plane])
    }
    let got = swr_convert(context, &output, Int32(buffer.capacity), &input, Int32(samples))
    guard got == Int32(samples) else {
      throw AudioCodecError(
        .unsupported, "The sample format cannot be converted", cause: got < 0 ? LibAV.words(got) : nil)
    }
    if channels == 1 { buffer.right.update(from: buffer.left, count: samples) }
  }

  private func prepare(for frame: UnsafePointer<AVFrame>) throws(AudioCodecError) {
    var wanted = frame.pointee.ch_layout
    if context != nil, format == frame.pointee.format, av_channel_layout_compare(&layout, &wanted) == 0 { return }
    release()
    guard av_channel_layout_copy(&layout, &wanted) == 0 else { throw LibAV.outOfMemory() }
    var source = AVChannelLayout()
    defer { av_channel_layout_uninit(&source) }
    if layout.order == AV_CHANNEL_ORDER_UNSPEC {
      av_channel_layout_default(&source, layout.nb_channels)
    } else if av_channel_layout_copy(&source, &layout) != 0 {
      throw LibAV.outOfMemory()
    }
    var target = AVChannelLayout()
    av_channel_layout_default(&target, layout.nb_channels == 1 ? 1 : 2)
    // One channel and two pass through by position, whatever their layout calls them.
    if layout.nb_channels <= 2 {
      av_channel_layout_uninit(&source)
      av_channel_layout_default(&source, layout.nb_channels)
    }
    let rate: Int32 = 48_000  // the same on both sides: no conversion
    var result = swr_alloc_set_opts2(
      &context, &target, AV_SAMPLE_FMT_FLTP, rate, &source, AVSampleFormat(frame.pointee.format), rate, 0, nil)
    if result >= 0 {
      av_opt_set_double(UnsafeMutableRawPointer(context), "rematrix_maxval", 1.0, 0)
      result = swr_init(context)
    }
    guard result >= 0 else {
      release()
      throw AudioCodecError(.unsupported, "The channel layout cannot be mixed to stereo", cause: LibAV.words(result))
    }
    format = frame.pointee.format
  }
}

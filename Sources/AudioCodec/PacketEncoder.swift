import CFFmpeg

/// One libav encoder, on one thread: frames of samples in, packets out.
final class PacketEncoder: PacketEncoding, @unchecked Sendable {
  // Invariant of the unchecked conformance: it has one owner at a time, the reserve or a range encoder.

  private let settings: EncoderSettings
  private var context: UnsafeMutablePointer<AVCodecContext>?
  private var frame: UnsafeMutablePointer<AVFrame>?
  private var packet: UnsafeMutablePointer<AVPacket>?
  /// The place in the track of the next sample to be fed, less the codec's delay.
  private var fed: Int64 = 0

  /// Throws `unsupported` if libav was built without the encoder.
  init(_ settings: EncoderSettings) throws(AudioCodecError) {
    _ = LibAV.ready
    self.settings = settings
    let name =
      switch settings.codec {
      case .mp3: "libmp3lame"
      case .aac: "aac"
      case .opus: "libopus"
      case .flac: "flac"
      // Its blocks have to be steered: VorbisEncoder.
      case .vorbis: throw AudioCodecError(.unsupported, "Vorbis isn't encoded by libav")
      }
    guard let codec = avcodec_find_encoder_by_name(name) else {
      throw AudioCodecError(.unsupported, "libav was built without the encoder \(name)")
    }
    context = avcodec_alloc_context3(codec)
    frame = av_frame_alloc()
    packet = av_packet_alloc()
    guard let context, let frame, packet != nil else { throw LibAV.outOfMemory() }
    context.pointee.sample_rate = Int32(settings.sampleRate)
    context.pointee.time_base = AVRational(num: 1, den: Int32(settings.sampleRate))
    context.pointee.thread_count = 1
    av_channel_layout_default(&context.pointee.ch_layout, Int32(settings.channels))
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    switch settings.codec {
    case .mp3:
      context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
      context.pointee.bit_rate = Int64(settings.bitrate)
      // With the reservoir a frame leans on those before it, and no range could be cut out.
      av_dict_set(&options, "reservoir", "0", 0)
      av_dict_set(&options, "joint_stereo", "1", 0)
    case .aac:
      context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
      context.pointee.bit_rate = Int64(settings.bitrate)
      // The default two-loop search is three times slower and depends on far more of the past: audible joints.
      av_dict_set(&options, "aac_coder", "fast", 0)
    case .opus:
      context.pointee.sample_fmt = AV_SAMPLE_FMT_FLT
      context.pointee.bit_rate = Int64(settings.bitrate)
      av_dict_set(&options, "frame_duration", "20", 0)
      // Variable, but near the bitrate over any two packets: what a segment takes can be told before.
      av_dict_set(&options, "vbr", "constrained", 0)
    case .flac:
      context.pointee.sample_fmt = settings.bitDepth == 16 ? AV_SAMPLE_FMT_S16 : AV_SAMPLE_FMT_S32
      context.pointee.bits_per_raw_sample = Int32(settings.bitDepth)
      context.pointee.compression_level = 5
      context.pointee.frame_size = Int32(settings.packetSamples)
    case .vorbis: break
    }
    let result = avcodec_open2(context, codec, &options)
    guard result >= 0, Int(context.pointee.frame_size) == settings.packetSamples else {
      throw AudioCodecError(.encoderFailed, "The encoder refuses its settings", cause: LibAV.words(result))
    }
    frame.pointee.format = context.pointee.sample_fmt.rawValue
    frame.pointee.nb_samples = Int32(settings.packetSamples)
    frame.pointee.sample_rate = Int32(settings.sampleRate)
    guard av_channel_layout_copy(&frame.pointee.ch_layout, &context.pointee.ch_layout) == 0,
      av_frame_get_buffer(frame, 0) == 0
    else { throw LibAV.outOfMemory() }
  }

  deinit {
    av_packet_free(&packet)
    av_frame_free(&frame)
    avcodec_free_context(&context)
  }

  func begin(atFrame number: Int) { fed = Int64(number) * Int64(settings.frameSamples) }

  /// Encodes the next `count` samples (a whole packet, or FLAC's short last one).
  func feed(_ samples: StereoBuffer, count: Int) throws(AudioCodecError) {
    guard let context, let frame else { return }
    // The encoder may still hold the buffer of the frame before.
    frame.pointee.nb_samples = Int32(settings.packetSamples)
    guard av_frame_make_writable(frame) == 0, let first = frame.pointee.data.0 else { throw LibAV.outOfMemory() }
    switch settings.codec {
    case .mp3, .aac:
      guard let second = frame.pointee.data.1 else { throw LibAV.outOfMemory() }
      first.withMemoryRebound(to: Float.self, capacity: count) { $0.update(from: samples.left, count: count) }
      second.withMemoryRebound(to: Float.self, capacity: count) { $0.update(from: samples.right, count: count) }
    case .opus:
      first.withMemoryRebound(to: Float.self, capacity: 2 * count) { target in
        for index in 0..<count {
          target[2 * index] = samples.left[index]
          target[2 * index + 1] = samples.right[index]
        }
      }
    case .flac where settings.bitDepth == 16:
      first.withMemoryRebound(to: Int16.self, capacity: 2 * count) { target in
        for index in 0..<count {
          let place = UInt64(bitPattern: fed + Int64(index))
          target[2 * index] = Dither.sample(samples.left[index], noise: 2 &* place)
          target[2 * index + 1] = Dither.sample(samples.right[index], noise: 2 &* place &+ 1)
        }
      }
    case .flac:
      // libav carries 24 bits in the upper part of 32.
      first.withMemoryRebound(to: Int32.self, capacity: 2 * count) { target in
        for index in 0..<count {
          target[2 * index] = PacketEncoder.integer(samples.left[index], scale: 8_388_608) << 8
          target[2 * index + 1] = PacketEncoder.integer(samples.right[index], scale: 8_388_608) << 8
        }
      }
    case .vorbis: break
    }
    frame.pointee.nb_samples = Int32(count)
    frame.pointee.pts = fed
    fed += Int64(count)
    let result = avcodec_send_frame(context, frame)
    guard result >= 0 else {
      throw AudioCodecError(.encoderFailed, "The encoder refuses a frame", cause: LibAV.words(result))
    }
  }

  /// Rounds to the nearest step and cuts at full scale; a NaN from a broken source becomes silence.
  @inline(__always)
  private static func integer(_ sample: Float, scale: Float) -> Int32 {
    let scaled = (sample * scale).rounded(.toNearestOrEven)
    guard scaled == scaled else { return 0 }
    return Int32(max(-scale, min(scale - 1, scaled)))
  }

  /// Hands the next packet to `body`, which must not keep it; false if the encoder wants more samples.
  func receive(
    _ body: (UnsafeRawBufferPointer, Int) throws(AudioCodecError) -> Void
  ) throws(AudioCodecError) -> Bool {
    guard let context, let packet else { return false }
    let result = avcodec_receive_packet(context, packet)
    if result == dubplate_error_again() || result == dubplate_error_eof() { return false }
    guard result >= 0 else {
      throw AudioCodecError(.encoderFailed, "The encoder failed", cause: LibAV.words(result))
    }
    defer { av_packet_unref(packet) }
    guard packet.pointee.size > 0, let data = packet.pointee.data else { return true }
    try body(UnsafeRawBufferPointer(start: data, count: Int(packet.pointee.size)), settings.packetSamples)
    return true
  }
}

import CFFmpeg

/// Smaller JPEGs of covers.
public enum PictureScaler {
  /// What became of a picture.
  public enum Result: Sendable, Equatable {
    /// A JPEG that fits the square.
    case scaled([UInt8])
    /// It fits as it is: nothing is ever made larger.
    case fits
  }

  /// Scales a JPEG, PNG, GIF (its first picture), BMP or WebP so that it fits a square, its proportions kept.
  ///
  /// Blocking, some milliseconds for a megapixel; at most 200 MB of memory. Transparent places lie on white.
  /// - Parameters:
  ///   - size: of the square, in pixels, 1…4,096.
  ///   - isConverted: whether one that fits is made a JPEG of its own size.
  ///
  /// Throws `unsupported` for what is no such picture, or too large to be one (over 24 million pixels: the header
  /// says so before anything is decoded), `damaged` for one that can't be decoded, `encoderFailed`.
  public static func fit(
    _ picture: [UInt8], size: Int, isConverted: Bool = false
  ) throws(AudioCodecError) -> Result {
    _ = LibAV.ready
    guard let header = PictureHeader(picture) else {
      throw AudioCodecError(.unsupported, "This is no picture that can be scaled")
    }
    guard max(header.width, header.height) <= Bounds.pictureSide,
      header.width * header.height <= Bounds.picturePixels
    else { throw AudioCodecError(.unsupported, "The picture is too large") }
    guard (1...4_096).contains(size) else { throw AudioCodecError(.invalidRequest, "A size is 1 to 4,096 pixels") }
    guard max(header.width, header.height) > size || isConverted else { return .fits }

    let frames = Frames()
    guard let decoded = frames.make(), let opaque = frames.make(), let scaled = frames.make() else {
      throw LibAV.outOfMemory()
    }
    try decode(picture, as: header.format, into: decoded)
    // What was decoded is the judge: a header may lie.
    let (width, height) = (Int(decoded.pointee.width), Int(decoded.pointee.height))
    guard width > 0, height > 0, width * height <= Bounds.picturePixels else {
      throw AudioCodecError(.damaged, "The picture's header lies")
    }
    let longest = max(width, height)
    let target = (
      width: max(1, width * min(size, longest) / longest), height: max(1, height * min(size, longest) / longest)
    )
    // In two steps: red, green and blue at the new size, where alpha is laid on white, then JPEG's own colours.
    try scale(decoded, to: target, format: AV_PIX_FMT_RGBA, into: opaque)
    layOnWhite(opaque)
    try scale(opaque, to: target, format: AV_PIX_FMT_YUVJ420P, into: scaled)
    return .scaled(try encode(scaled))
  }

  private static func decode(
    _ picture: [UInt8], as format: PictureHeader.Format, into frame: UnsafeMutablePointer<AVFrame>
  ) throws(AudioCodecError) {
    let id =
      switch format {
      case .jpeg: AV_CODEC_ID_MJPEG
      case .png: AV_CODEC_ID_PNG
      case .gif: AV_CODEC_ID_GIF
      case .bmp: AV_CODEC_ID_BMP
      case .webp: AV_CODEC_ID_WEBP
      }
    guard let codec = avcodec_find_decoder(id) else {
      throw AudioCodecError(.unsupported, "libav was built without a decoder of this picture")
    }
    var context = avcodec_alloc_context3(codec)
    var packet = av_packet_alloc()
    defer {
      avcodec_free_context(&context)
      av_packet_free(&packet)
    }
    guard let context, let packet, av_new_packet(packet, Int32(picture.count)) == 0, let data = packet.pointee.data
    else { throw LibAV.outOfMemory() }
    picture.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { data.update(from: base, count: source.count) }
    }
    context.pointee.max_pixels = Int64(Bounds.picturePixels)
    context.pointee.thread_count = 1
    var result = avcodec_open2(context, codec, nil)
    if result >= 0 { result = avcodec_send_packet(context, packet) }
    if result >= 0 { result = avcodec_send_packet(context, nil) }
    if result >= 0 { result = avcodec_receive_frame(context, frame) }
    guard result >= 0 else {
      throw AudioCodecError(.damaged, "The picture cannot be decoded", cause: LibAV.words(result))
    }
  }

  private static func scale(
    _ source: UnsafeMutablePointer<AVFrame>, to size: (width: Int, height: Int), format: AVPixelFormat,
    into target: UnsafeMutablePointer<AVFrame>
  ) throws(AudioCodecError) {
    target.pointee.width = Int32(size.width)
    target.pointee.height = Int32(size.height)
    target.pointee.format = format.rawValue
    guard av_frame_get_buffer(target, 0) == 0 else { throw LibAV.outOfMemory() }
    // Averaging over the whole of each new pixel: nothing shimmers, however much smaller it gets.
    let context = sws_getContext(
      source.pointee.width, source.pointee.height, AVPixelFormat(source.pointee.format), target.pointee.width,
      target.pointee.height, format, SWS_AREA | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nil, nil, nil)
    guard let context else { throw AudioCodecError(.unsupported, "The picture's colours cannot be converted") }
    defer { sws_freeContext(context) }
    let result = sws_scale_frame(context, target, source)
    guard result >= 0 else {
      throw AudioCodecError(.unsupported, "The picture cannot be scaled", cause: LibAV.words(result))
    }
  }

  private static func layOnWhite(_ frame: UnsafeMutablePointer<AVFrame>) {
    guard let data = frame.pointee.data.0 else { return }
    for row in 0..<Int(frame.pointee.height) {
      let line = data + row * Int(frame.pointee.linesize.0)
      for column in 0..<Int(frame.pointee.width) {
        let pixel = line + 4 * column
        let alpha = Int(pixel[3])
        guard alpha < 255 else { continue }
        for channel in 0..<3 { pixel[channel] = UInt8((Int(pixel[channel]) * alpha + 255 * (255 - alpha)) / 255) }
        pixel[3] = 255
      }
    }
  }

  private static func encode(_ frame: UnsafeMutablePointer<AVFrame>) throws(AudioCodecError) -> [UInt8] {
    guard let codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG) else {
      throw AudioCodecError(.unsupported, "libav was built without a JPEG encoder")
    }
    var context = avcodec_alloc_context3(codec)
    var packet = av_packet_alloc()
    defer {
      avcodec_free_context(&context)
      av_packet_free(&packet)
    }
    guard let context, let packet else { throw LibAV.outOfMemory() }
    context.pointee.width = frame.pointee.width
    context.pointee.height = frame.pointee.height
    context.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
    context.pointee.time_base = AVRational(num: 1, den: 1)
    context.pointee.thread_count = 1
    context.pointee.flags |= AV_CODEC_FLAG_QSCALE
    context.pointee.global_quality = FF_QP2LAMBDA * 3
    frame.pointee.quality = FF_QP2LAMBDA * 3
    frame.pointee.pts = 0
    var result = avcodec_open2(context, codec, nil)
    if result >= 0 { result = avcodec_send_frame(context, frame) }
    if result >= 0 { result = avcodec_receive_packet(context, packet) }
    guard result >= 0, let data = packet.pointee.data else {
      throw AudioCodecError(.encoderFailed, "The picture cannot be encoded", cause: LibAV.words(result))
    }
    return Array(UnsafeBufferPointer(start: data, count: Int(packet.pointee.size)))
  }

  /// Frames that are freed together.
  private final class Frames {
    private var frames: [UnsafeMutablePointer<AVFrame>] = []

    deinit {
      for frame in frames {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
      }
    }

    func make() -> UnsafeMutablePointer<AVFrame>? {
      guard let frame = av_frame_alloc() else { return nil }
      frames.append(frame)
      return frame
    }
  }
}

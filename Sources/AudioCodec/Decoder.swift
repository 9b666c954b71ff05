import CFFmpeg

/// One libav decoder, on one thread: packets in, frames out.
final class Decoder {
  private var context: UnsafeMutablePointer<AVCodecContext>
  private var frame: UnsafeMutablePointer<AVFrame>

  static func exists(for id: AVCodecID) -> Bool { find(id) != nil }

  /// libavcodec's first choice, but for layers I to III never the one that rounds to 16 bits with a noise of its own.
  private static func find(_ id: AVCodecID) -> UnsafePointer<AVCodec>? {
    let float: [AVCodecID: String] = [
      AV_CODEC_ID_MP1: "mp1float", AV_CODEC_ID_MP2: "mp2float", AV_CODEC_ID_MP3: "mp3float",
    ]
    let codec = float[id].flatMap { avcodec_find_decoder_by_name($0) } ?? avcodec_find_decoder(id)
    return codec.flatMap { DecoderList.contains(String(cString: $0.pointee.name)) ? $0 : nil }
  }

  /// Throws `unsupported` if there is no decoder for it, `damaged` if the parameters make no sense to it.
  init(parameters: UnsafePointer<AVCodecParameters>?, codec id: AVCodecID, timeBase: AVRational) throws(AudioCodecError)
  {
    guard let codec = Self.find(id) else {
      throw AudioCodecError(.unsupported, "There is no decoder for this codec")
    }
    guard let made = avcodec_alloc_context3(codec) else { throw LibAV.outOfMemory() }
    guard let frame = av_frame_alloc() else {
      var context: UnsafeMutablePointer<AVCodecContext>? = made
      avcodec_free_context(&context)
      throw LibAV.outOfMemory()
    }
    context = made
    self.frame = frame
    var result: Int32 = 0
    if let parameters { result = avcodec_parameters_to_context(context, parameters) }
    context.pointee.thread_count = 1
    context.pointee.max_samples = Int64(Bounds.maxFrameSamples)
    context.pointee.pkt_timebase = timeBase
    // A FLAC frame with a flipped bit must become silence and not a bang. Elsewhere checksums are often wrong by habit.
    if id == AV_CODEC_ID_FLAC { context.pointee.err_recognition |= AV_EF_CRCCHECK }
    if result >= 0 { result = avcodec_open2(context, codec, nil) }
    guard result >= 0 else {
      throw AudioCodecError(.damaged, "The decoder refuses the file's parameters", cause: LibAV.words(result))
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
    var frame: UnsafeMutablePointer<AVFrame>? = frame
    av_frame_free(&frame)
  }

  func flush() { avcodec_flush_buffers(context) }

  /// Hands in one packet, nil at the end. A packet that cannot be decoded is an answer of false.
  func send(_ packet: UnsafePointer<AVPacket>?) -> Bool {
    if let packet, Int(packet.pointee.size) > Bounds.maxPacketBytes { return false }
    let result = avcodec_send_packet(context, packet)
    return result >= 0 || result == dubplate_error_eof()
  }

  enum Output {
    case frame(UnsafePointer<AVFrame>)
    case none
    case damaged
  }

  /// The next frame that is ready; the pointer is valid until the next call.
  func receive() -> Output {
    let result = avcodec_receive_frame(context, frame)
    if result >= 0 { return .frame(UnsafePointer(frame)) }
    return result == dubplate_error_again() || result == dubplate_error_eof() ? .none : .damaged
  }
}

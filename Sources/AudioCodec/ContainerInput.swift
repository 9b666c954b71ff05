import CFFmpeg

/// An open libavformat demuxer over one of our own files.
///
/// libavformat gets no path and no protocol: it reads through a callback from a descriptor that is already open, so it
/// can reach nothing else, and it goes on reading when the file's name has gone.
final class ContainerInput {
  private let cursor: Cursor
  let format: UnsafeMutablePointer<AVFormatContext>
  private let io: UnsafeMutablePointer<AVIOContext>

  /// What the callbacks see: the file and where in it libavformat is.
  private final class Cursor {
    let file: FileSource
    let format: UnsafeMutablePointer<AVFormatContext>
    var offset: Int64 = 0
    var hasTooManyTags = false

    init(_ file: FileSource, _ format: UnsafeMutablePointer<AVFormatContext>) {
      self.file = file
      self.format = format
    }

    /// Nil at the end, -1 where reading ends for another reason.
    func read(into target: UnsafeMutablePointer<UInt8>, count: Int) -> Int? {
      // Most demuxers read a file's tags bit by bit, and are stopped among them.
      if Int(av_dict_count(format.pointee.metadata)) > Bounds.maxTags {
        hasTooManyTags = true
        return -1
      }
      let got = file.read(at: offset, into: target, count: count)
      if got == 0 { return file.isPastDeadline ? -1 : nil }
      offset += Int64(got)
      return got
    }
  }

  /// - Parameters:
  ///   - demuxer: libavformat's name of it; nil lets it look at the content.
  ///   - isKnown: nobody asks for its duration.
  ///
  /// Throws `notAudio` if no demuxer wants it, `tooManyTags`, and what reading ran into.
  init(file: FileSource, demuxer: String?, isKnown: Bool = false) throws(AudioCodecError) {
    _ = LibAV.ready
    try TagCount.check(file)
    guard let buffer = av_malloc(Bounds.ioBuffer), let context = avformat_alloc_context() else {
      throw LibAV.outOfMemory()
    }
    let cursor = Cursor(file, context)
    let made = avio_alloc_context(
      buffer.assumingMemoryBound(to: UInt8.self), Int32(Bounds.ioBuffer), 0,
      Unmanaged.passUnretained(cursor).toOpaque(),
      { opaque, target, count in
        guard let opaque, let target else { return dubplate_error_eof() }
        let cursor = Unmanaged<Cursor>.fromOpaque(opaque).takeUnretainedValue()
        guard let got = cursor.read(into: target, count: Int(count)) else { return dubplate_error_eof() }
        return got < 0 ? dubplate_error_exit() : Int32(got)
      }, nil,
      { opaque, offset, whence in
        guard let opaque else { return -1 }
        let cursor = Unmanaged<Cursor>.fromOpaque(opaque).takeUnretainedValue()
        let base: Int64
        switch whence & ~AVSEEK_FORCE {
        case AVSEEK_SIZE: return cursor.file.size
        case SEEK_SET: base = 0
        case SEEK_CUR: base = cursor.offset
        case SEEK_END: base = cursor.file.size
        default: return -1
        }
        let (sum, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, sum >= 0 else { return -1 }
        cursor.offset = sum
        return sum
      })
    guard let made else {
      av_free(buffer)
      avformat_free_context(context)
      throw LibAV.outOfMemory()
    }
    context.pointee.pb = made
    // In a file that it can't seek in, libavformat doesn't look for an Ogg stream's end: half of what opening takes.
    if isKnown, demuxer == "ogg" { made.pointee.seekable = 0 }
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
    context.pointee.probesize = Int64(Bounds.probeBytes)
    context.pointee.max_streams = Int32(Bounds.maxStreams)
    context.pointee.max_analyze_duration = 5_000_000
    context.pointee.format_probesize = Int32(Bounds.probeBytes)
    // A WAV may hide DTS, so libavformat runs every prober it has over 32 packets of it: 80 ms. One packet tells as
    // well.
    context.pointee.max_probe_packets = 1
    context.pointee.interrupt_callback = AVIOInterruptCB(
      callback: { opaque in
        guard let opaque else { return 0 }
        let cursor = Unmanaged<Cursor>.fromOpaque(opaque).takeUnretainedValue()
        guard let deadline = cursor.file.deadline else { return 0 }
        return ContinuousClock.now >= deadline ? 1 : 0
      }, opaque: Unmanaged.passUnretained(cursor).toOpaque())
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    av_dict_set(&options, "format_whitelist", ContainerFormat.allowed, 0)
    av_dict_set(&options, "protocol_whitelist", "", 0)
    av_dict_set(&options, "codec_whitelist", DecoderList.text, 0)
    var opened: UnsafeMutablePointer<AVFormatContext>? = context
    let result = avformat_open_input(&opened, nil, demuxer.flatMap { av_find_input_format($0) }, &options)
    guard result >= 0, let opened else {
      ContainerInput.free(made)
      try file.check()
      if cursor.hasTooManyTags { throw TagCount.tooMany }
      throw AudioCodecError(
        .notAudio, "The file's content is no sound format that is known here", cause: LibAV.words(result))
    }
    made.pointee.seekable = AVIO_SEEKABLE_NORMAL
    self.cursor = cursor
    format = opened
    io = made
    let tags = streams.reduce(Int(av_dict_count(opened.pointee.metadata))) {
      $0 + Int(av_dict_count($1.pointee.metadata))
    }
    guard tags <= Bounds.maxTags else { throw TagCount.tooMany }
  }

  deinit {
    var format: UnsafeMutablePointer<AVFormatContext>? = format
    avformat_close_input(&format)
    ContainerInput.free(io)
  }

  private static func free(_ io: UnsafeMutablePointer<AVIOContext>) {
    av_free(io.pointee.buffer)
    io.pointee.buffer = nil
    var io: UnsafeMutablePointer<AVIOContext>? = io
    avio_context_free(&io)
  }

  /// libavformat's name of the container.
  var name: String { String(cString: dubplate_demuxer_name(format)) }

  var streams: [UnsafeMutablePointer<AVStream>] {
    (0..<Int(format.pointee.nb_streams)).compactMap { format.pointee.streams[$0] }
  }

  /// A tag of the file, as it stands there; nil without it.
  func text(_ key: String) -> String? {
    av_dict_get(format.pointee.metadata, key, nil, 0).flatMap { $0.pointee.value }.map { String(cString: $0) }
  }
}

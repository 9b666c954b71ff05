import CFFmpeg

/// Packets of the sound track of a container, by libavformat.
final class ContainerSource: PacketSource {
  private(set) var input: ContainerInput
  private(set) var stream: UnsafeMutablePointer<AVStream>
  private let file: FileSource
  private let demuxer: String?

  var codec: AVCodecID { stream.pointee.codecpar.pointee.codec_id }
  var parameters: UnsafePointer<AVCodecParameters>? { UnsafePointer(stream.pointee.codecpar) }
  var timeBase: AVRational { stream.pointee.time_base }

  /// - Parameter container: libavformat's name if it is known; else the content is looked at.
  ///
  /// Throws `notAudio`, `noAudio`, `damaged`, and what reading ran into.
  init(file: FileSource, container: String?) throws(AudioCodecError) {
    self.file = file
    demuxer = container.map { String($0.prefix { $0 != "," }) }
    (input, stream) = try ContainerSource.open(file: file, demuxer: demuxer)
  }

  private static func open(
    file: FileSource, demuxer: String?
  ) throws(AudioCodecError) -> (ContainerInput, UnsafeMutablePointer<AVStream>) {
    let input = try ContainerInput(file: file, demuxer: demuxer)
    var candidates = sound(in: input)
    let isKnown = candidates.first.map { $0.pointee.codecpar.pointee.sample_rate > 0 } ?? false
    if !(ContainerFormat.isSelfDescribing(input.name) && isKnown) {
      let result = avformat_find_stream_info(input.format, nil)
      try file.check()
      guard result >= 0 else {
        throw AudioCodecError(.damaged, "The file's streams cannot be read", cause: LibAV.words(result))
      }
      candidates = sound(in: input)
    }
    guard let stream = candidates.first else {
      throw AudioCodecError(.noAudio, "The file holds no sound")
    }
    for other in input.streams where other != stream { other.pointee.discard = AVDISCARD_ALL }
    return (input, stream)
  }

  private static func sound(in input: ContainerInput) -> [UnsafeMutablePointer<AVStream>] {
    input.streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO }
  }

  func read(into packet: UnsafeMutablePointer<AVPacket>) throws(AudioCodecError) -> Bool {
    while true {
      let result = av_read_frame(input.format, packet)
      guard result >= 0 else {
        try file.check()
        // A demuxer's «invalid data» in the middle of a file is an end as well: there is no way on from it.
        return false
      }
      if packet.pointee.stream_index == stream.pointee.index { return true }
      av_packet_unref(packet)
    }
  }

  func seek(to timestamp: Int64?) throws(AudioCodecError) {
    if let timestamp, av_seek_frame(input.format, stream.pointee.index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0 { return }
    try file.check()
    // The beginning, and whatever cannot be sought in, is reached by opening anew: the state is that of the first time.
    (input, stream) = try ContainerSource.open(file: file, demuxer: demuxer)
  }
}

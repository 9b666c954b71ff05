import CFFmpeg

/// Packets of the sound track of a container, by libavformat.
final class ContainerSource: PacketSource {
  private(set) var input: ContainerInput
  private(set) var stream: UnsafeMutablePointer<AVStream>
  private let file: FileSource
  private let demuxer: String?
  private let isKnown: Bool
  /// Where libavformat stopped after the header.
  private let dataStart: Int64
  /// Where packets lie in time, for containers that we search ourselves.
  private lazy var search = makeSearch()

  private enum Search {
    case ogg(SeekPointSearch<OggPages>)
    case flac(SeekPointSearch<FLACFrames>)

    func point(before timestamp: Int64) -> SeekPoint {
      switch self {
      case .ogg(let search): search.point(before: timestamp)
      case .flac(let search): search.point(before: timestamp)
      }
    }
  }

  var codec: AVCodecID { stream.pointee.codecpar.pointee.codec_id }
  var parameters: UnsafePointer<AVCodecParameters>? { UnsafePointer(stream.pointee.codecpar) }
  var timeBase: AVRational { stream.pointee.time_base }

  /// - Parameters:
  ///   - container: libavformat's name if it is known; else the content is looked at.
  ///   - isKnown: the file has been inspected before, and its length need not be found out.
  ///
  /// Throws `notAudio`, `noAudio`, `damaged`, and what reading ran into.
  init(file: FileSource, container: String?, isKnown: Bool = false) throws(AudioCodecError) {
    self.file = file
    self.isKnown = isKnown
    demuxer = container.map { String($0.prefix { $0 != "," }) }
    (input, stream) = try ContainerSource.open(file: file, demuxer: demuxer, isKnown: isKnown)
    dataStart = avio_tell(input.format.pointee.pb)
  }

  /// Containers whose seek by libavformat takes longer than encoding what is sought.
  private func makeSearch() -> Search? {
    let parameters = stream.pointee.codecpar.pointee
    // A picture is a stream of its own to libavformat, and none in the file.
    let others = input.streams.filter {
      $0 != stream && $0.pointee.disposition & Int32(AV_DISPOSITION_ATTACHED_PIC) == 0
    }
    guard isKnown, others.isEmpty else { return nil }
    switch input.name {
    case "ogg":
      return OggPages(file: file)?.search(slack: 0).map { .ogg($0) }
    case "flac":
      let streamInfo = UnsafeRawBufferPointer(start: parameters.extradata, count: Int(parameters.extradata_size))
      let frames = FLACFrames(file: file, firstFrame: dataStart, streamInfo: streamInfo)
      return (frames?.search(slack: 8_192)).map { .flac($0) }
    default:
      return nil
    }
  }

  private static func open(
    file: FileSource, demuxer: String?, isKnown: Bool
  ) throws(AudioCodecError) -> (ContainerInput, UnsafeMutablePointer<AVStream>) {
    let input = try ContainerInput(file: file, demuxer: demuxer, isKnown: isKnown)
    var candidates = sound(in: input)
    let saysAll =
      ContainerFormat.isSelfDescribing(input.name)
      && chosen(of: candidates).map { describesItself($0, isKnown: isKnown) } ?? false
    if !saysAll {
      let result = avformat_find_stream_info(input.format, nil)
      try file.check()
      guard result >= 0 else {
        throw AudioCodecError(.damaged, "The file's streams cannot be read", cause: LibAV.words(result))
      }
      candidates = sound(in: input)
    }
    guard let stream = chosen(of: candidates) else {
      throw AudioCodecError(.noAudio, "The file holds no sound")
    }
    for other in input.streams where other != stream { other.pointee.discard = AVDISCARD_ALL }
    return (input, stream)
  }

  /// Whether a stream's header says all that is asked.
  private static func describesItself(_ stream: UnsafeMutablePointer<AVStream>, isKnown: Bool) -> Bool {
    let parameters = stream.pointee.codecpar.pointee
    if parameters.sample_rate > 0 { return true }
    // libavformat hands STREAMINFO on without reading rate and depth out of it: enough for a decoder, not for a probe.
    return isKnown && parameters.codec_id == AV_CODEC_ID_FLAC && parameters.extradata_size >= 34
  }

  /// The first of those that the file says are to be played unless somebody chooses, which may be all or none.
  private static func chosen(
    of streams: [UnsafeMutablePointer<AVStream>]
  ) -> UnsafeMutablePointer<AVStream>? {
    let playable = streams.filter { Decoder.exists(for: $0.pointee.codecpar.pointee.codec_id) }
    return playable.first { $0.pointee.disposition & AV_DISPOSITION_DEFAULT != 0 } ?? playable.first ?? streams.first
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
      if packet.pointee.stream_index == stream.pointee.index {
        if let numberedBlock { stamp(packet, blockSize: numberedBlock) }
        return true
      }
      av_packet_unref(packet)
    }
  }

  /// Samples of a FLAC frame where frames are to be told by their own numbers.
  ///
  /// A page of Ogg says when it ends, and libavformat stamps the first packet behind a seek with that; a table of CAF
  /// says how long packets are in the mean.
  private lazy var numberedBlock: Int64? = {
    let parameters = stream.pointee.codecpar.pointee
    guard ["ogg", "caf"].contains(input.name), parameters.codec_id == AV_CODEC_ID_FLAC, parameters.extradata_size >= 34,
      let info = parameters.extradata
    else { return nil }
    return Int64(info[2]) << 8 | Int64(info[3])
  }()

  /// What can't be read of its header can't be decoded either.
  private func stamp(_ packet: UnsafeMutablePointer<AVPacket>, blockSize: Int64) {
    let bytes = UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
    guard let sample = FLACFrames.sample(ofPacket: bytes, blockSize: blockSize) else { return }
    packet.pointee.pts = sample
    packet.pointee.dts = sample
  }

  /// Whether packets are gone to by where they lie; timestamps there are others after a seek than before it.
  var isRowOfBytes: Bool { ContainerFormat.isRowOfBytes(input.name) }

  /// Goes to the packet that begins at `offset`, where ``isRowOfBytes``.
  func seek(toByte offset: Int64) throws(AudioCodecError) {
    if av_seek_frame(input.format, stream.pointee.index, offset, AVSEEK_FLAG_BYTE) < 0 { try seek(to: nil) }
  }

  func seek(to timestamp: Int64?) throws(AudioCodecError) {
    var timestamp = timestamp
    if let wanted = timestamp, let point = search?.point(before: wanted) {
      // libavformat goes to an entry of its index that is exactly what it is asked for, without looking further.
      let result = av_add_index_entry(stream, point.offset, point.timestamp, 0, 0, Int32(AVINDEX_KEYFRAME))
      if result >= 0 { timestamp = point.timestamp }
    }
    if let timestamp, av_seek_frame(input.format, stream.pointee.index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0 { return }
    try file.check()
    // The beginning, and whatever cannot be sought in, is reached by opening anew: the state is that of the first time.
    (input, stream) = try ContainerSource.open(file: file, demuxer: demuxer, isKnown: isKnown)
  }
}

import CFFmpeg

/// How one source codec has to be treated when it is entered in the middle.
struct SourceCodec {
  /// Samples that are decoded and dropped so that the decoder's state is that of a decode from the beginning.
  var preRoll: Int64
  /// How far a timestamp may lie from the counted position and still mean the same: the grain of the container's clock.
  var tolerance: Int64
  /// How far the timestamp of a single frame may be wrong. libavformat gives the block in front of a change of Vorbis'
  /// block size to the wrong side; only a difference that stays is one.
  var jitter: Int64
  /// Whether a packet begins with the end of a frame that the packet before it began: what the first packet after a
  /// seek decodes to stands later than its timestamp.
  var reachesBack: Bool
  /// What all frames' lengths are multiples of; nil if all have the length that the first ones have.
  var frameUnit: Int64?

  init(id: AVCodecID, parameters: UnsafePointer<AVCodecParameters>?, timeBase: AVRational, rate: Int) {
    switch id {
    // Layer III reaches back 511 bytes into frames of at least 24: ten frames, and the overlap of two transforms.
    case AV_CODEC_ID_MP3, AV_CODEC_ID_MP2, AV_CODEC_ID_MP1: preRoll = 14 * 1_152
    // One frame of overlap; with SBR and parametric stereo a few more for their smoothing.
    case AV_CODEC_ID_AAC: preRoll = 8 * 1_024
    // Two of the stream's long blocks.
    case AV_CODEC_ID_VORBIS: preRoll = 2 * Self.vorbisLongBlock(parameters)
    // RFC 7845 asks for 80 ms; the energy prediction halves what is left with each frame, half a second leaves nothing.
    case AV_CODEC_ID_OPUS: preRoll = 24_000
    // Speech is predicted from what the decoder gave before, and a held tone keeps a wrong beginning going: what differs is
    // below 16 bits after three seconds.
    case AV_CODEC_ID_AMR_NB, AV_CODEC_ID_AMR_WB: preRoll = Int64(rate) * 3
    case AV_CODEC_ID_WMALOSSLESS: preRoll = Int64(rate) / 2
    default: preRoll = dubplate_is_lossless(id) != 0 ? 0 : Int64(rate) / 2
    }
    jitter = id == AV_CODEC_ID_VORBIS ? 4_096 : 0
    reachesBack = [AV_CODEC_ID_WMAV1, AV_CODEC_ID_WMAV2, AV_CODEC_ID_WMAPRO, AV_CODEC_ID_WMALOSSLESS].contains(id)
    switch id {
    // A packet gives a quarter of its block and of the one before it.
    case AV_CODEC_ID_VORBIS: frameUnit = Self.vorbisShortBlock(parameters) / 4
    // 2.5 ms at its own 48 kHz.
    case AV_CODEC_ID_OPUS: frameUnit = 120
    case AV_CODEC_ID_EAC3: frameUnit = 256
    default: frameUnit = nil
    }
    let ticks = Int64(timeBase.den)
    let isExact = timeBase.num == 1 && ticks % Int64(max(rate, 1)) == 0
    tolerance = isExact ? 0 : 2 * ((Int64(rate) * Int64(timeBase.num) + ticks - 1) / max(ticks, 1))
  }

  /// Samples of a Vorbis stream's long block; the longest that there is where the header can't be read.
  private static func vorbisLongBlock(_ parameters: UnsafePointer<AVCodecParameters>?) -> Int64 {
    vorbisBlocks(parameters).map { 1 << Int64($0 >> 4) } ?? 8_192
  }

  /// Samples of its short block; the shortest that there is where the header can't be read.
  private static func vorbisShortBlock(_ parameters: UnsafePointer<AVCodecParameters>?) -> Int64 {
    vorbisBlocks(parameters).map { 1 << Int64($0 & 15) } ?? 64
  }

  /// The exponents of both block sizes, by the identification header (Vorbis I, 4.2.2).
  private static func vorbisBlocks(_ parameters: UnsafePointer<AVCodecParameters>?) -> UInt8? {
    guard let parameters, let data = parameters.pointee.extradata else { return nil }
    let bytes = UnsafeBufferPointer(start: data, count: Int(parameters.pointee.extradata_size))
    // Three packets: a 2, the first two lengths in runs of 255 as in Ogg's lacing, then the packets.
    guard bytes.first == 2 else { return nil }
    var place = 1
    for _ in 0..<2 {
      while place < bytes.count, bytes[place] == 255 { place += 1 }
      place += 1
    }
    guard place + 30 <= bytes.count, bytes[place] == 1 else { return nil }
    let exponents = bytes[place + 28]
    return (6...13).contains(exponents >> 4) && (6...13).contains(exponents & 15) ? exponents : nil
  }
}

import CFFmpeg

/// Packets of one sound track in order, each with the timestamp of its first sample.
protocol PacketSource: AnyObject {
  var codec: AVCodecID { get }
  /// What the decoder has to know before the first packet; nil if the packets say it themselves.
  var parameters: UnsafePointer<AVCodecParameters>? { get }
  var timeBase: AVRational { get }
  /// Samples that the decoder needs in front of a place, where the source knows better than the codec in general.
  var preRoll: Int64? { get }
  /// The next packet; false at the end.
  func read(into packet: UnsafeMutablePointer<AVPacket>) throws(AudioCodecError) -> Bool
  /// Goes to a packet at or before `timestamp` (in `timeBase`); nil is the very beginning.
  func seek(to timestamp: Int64?) throws(AudioCodecError)
}

extension PacketSource {
  var preRoll: Int64? { nil }
}

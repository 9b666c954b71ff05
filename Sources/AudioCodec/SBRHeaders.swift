import CFFmpeg

/// How far a decoder of HE-AAC has to go back: to the last header of spectral band replication (ISO/IEC 14496-3, 4.6.18),
/// without which there is no treble, and of parametric stereo, without which there is one channel.
///
/// Encoders send it with every tenth frame or so. How often this one does is found out by looking for it.
enum SBRHeaders {
  /// What is decoded in front of a place where headers can't be found: half as much again as ISO recommends, a second.
  private static let unknownFrames: Int64 = 32
  /// Behind the header, until filters and predictions have forgotten what was before.
  private static let settlingFrames: Int64 = 4

  /// - Parameters:
  ///   - source: at its beginning.
  ///   - frameSamples: decoded samples of a frame: 2,048 where there is such replication.
  static func preRoll(_ source: any PacketSource, frameSamples: Int64) throws(AudioCodecError) -> Int64 {
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }
    guard let packet else { throw LibAV.outOfMemory() }
    var last: Int64?
    var gap: Int64 = 0
    var number: Int64 = 0
    while number < Bounds.sbrSearchFrames, try source.read(into: packet) {
      defer { av_packet_unref(packet) }
      let bytes = UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
      if hasHeader(bytes) {
        gap = max(gap, number - (last ?? -1))
        last = number
      }
      number += 1
    }
    gap = last == nil ? Self.unknownFrames : max(gap, number - (last ?? 0))
    return (min(gap, Bounds.sbrSearchFrames) + settlingFrames) * frameSamples
  }

  /// Whether a frame brings a header. Replication's data is the last element but for stuffing, and is found from the
  /// end: all in front of it would have to be decoded to be passed over.
  static func hasHeader(_ packet: UnsafeBufferPointer<UInt8>) -> Bool {
    let header =
      packet.count > 9 && packet[0] == 0xFF && packet[1] & 0xF6 == 0xF0 ? (packet[1] & 1 == 1 ? 7 : 9) : 0
    let bits = Bits(bytes: UnsafeBufferPointer(rebasing: packet[header...]))
    var end = bits.count
    while end > 0, bits.value(at: end - 1, 1) == 0 { end -= 1 }
    end -= 3
    guard end > 0, bits.value(at: end, 3) == 7 else { return false }
    // Stuffing behind it is a few elements at most.
    for _ in 0..<8 {
      guard let element = fillElement(endingAt: end, in: bits) else { return false }
      switch element.type {
      case 13: return bits.value(at: element.payload + 4, 1) == 1
      case 14: return bits.value(at: element.payload + 14, 1) == 1
      default: end = element.start
      }
    }
    return false
  }

  private struct FillElement {
    var start: Int
    /// The first of its bits behind its length: a type of four.
    var payload: Int
    var type: Int
  }

  /// The fill element that ends in front of `end`: replication's, with the longest first since a short one may be an
  /// accident, or else one of stuffing.
  private static func fillElement(endingAt end: Int, in bits: Bits) -> FillElement? {
    var stuffing: FillElement?
    for length in stride(from: 269, through: 0, by: -1) {
      let isLong = length >= 15
      let payload = end - 8 * length
      let start = payload - (isLong ? 15 : 7)
      guard start >= 0, bits.value(at: start, 3) == 6 else { continue }
      guard isLong ? bits.value(at: start + 3, 12) == 15 << 8 | (length - 14) : bits.value(at: start + 3, 4) == length
      else { continue }
      let element = FillElement(start: start, payload: payload, type: length == 0 ? 0 : bits.value(at: payload, 4))
      if element.type == 13 || element.type == 14 { return element }
      if element.type <= 1, stuffing == nil { stuffing = element }
    }
    return stuffing
  }

  private struct Bits {
    let bytes: UnsafeBufferPointer<UInt8>
    var count: Int { bytes.count * 8 }

    /// Zeros behind the end.
    func value(at place: Int, _ width: Int) -> Int {
      (place..<place + width).reduce(0) { value, bit in
        value << 1 | (bit < count ? Int(bytes[bit >> 3] >> UInt8(7 - bit & 7) & 1) : 0)
      }
    }
  }
}

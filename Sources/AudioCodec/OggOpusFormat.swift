/// Opus packets in Ogg pages (RFC 3533, RFC 7845) whose numbers and times are those of the whole track, whatever range
/// they were encoded in.
///
/// Page 0 and 1 are the headers, page 2 the priming in front of the music, page n + 3 the track's frame n. The pre-skip
/// is the priming's length, so a file of all pages plays from the first sample on; the last page's time ends it.
enum OggOpusFormat {
  private static let serial = OggPage.serial
  private static let headerPages = 2

  /// `OpusHead`: version, channels, pre-skip, the rate of what was encoded, no gain, stereo.
  static func identification(_ settings: EncoderSettings) -> [UInt8] {
    let preSkip = settings.primingFrames * settings.frameSamples
    return Array("OpusHead".utf8) + [1, UInt8(settings.channels)] + OggPage.bytes(UInt64(preSkip), 2)
      + OggPage.bytes(UInt64(settings.sampleRate), 4) + [0, 0, 0]
  }

  static func streamHeader(_ settings: EncoderSettings) -> [UInt8] {
    var pages: [UInt8] = []
    OggPage.append([identification(settings)], serial: serial, sequence: 0, granule: 0, flags: .first, to: &pages)
    let vendor = Array("Dubplate".utf8)
    let comments = Array("OpusTags".utf8) + OggPage.bytes(UInt64(vendor.count), 4) + vendor + OggPage.bytes(0, 4)
    OggPage.append([comments], serial: serial, sequence: 1, granule: 0, flags: [], to: &pages)
    return pages
  }

  /// Appends frame `number` of a track, −1 for the priming in front of it; returns its size.
  static func append(
    _ packets: [[UInt8]], _ settings: EncoderSettings, numbered number: Int, totalSamples: Int64,
    to output: inout [UInt8]
  ) -> Int {
    let preSkip = Int64(settings.primingFrames * settings.frameSamples)
    let isLast = number == settings.frameCount(totalSamples: totalSamples) - 1
    let end = isLast ? totalSamples : Int64((number + 1) * settings.frameSamples)
    let start = output.count
    OggPage.append(
      packets, serial: serial, sequence: UInt32(headerPages + settings.primingFrames + number),
      granule: UInt64(preSkip + end), flags: isLast ? .last : [], to: &output)
    return output.count - start
  }
}

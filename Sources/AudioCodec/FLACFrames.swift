/// The frames of a native FLAC file (RFC 9639, 9.1), whose headers number them.
struct FLACFrames: SeekPointFormat {
  private let file: FileSource
  private let firstFrame: Int64
  /// Samples of a frame where frames are numbered, and the length of the whole: from STREAMINFO.
  private let blockSize: Int64
  private let totalSamples: Int64
  /// The second byte of every frame's sync code: whether frames or samples are numbered.
  private let strategy: UInt8

  private static let longestHeader = 16
  private static let block = 16 << 10
  /// Larger than the frames of any music file; where nothing is found, libavformat searches.
  private static let reach: Int64 = 512 << 10

  /// - Parameters:
  ///   - firstFrame: where libavformat stopped after the metadata.
  ///   - streamInfo: the 34 bytes of STREAMINFO.
  ///
  /// Nil if no frame begins there, or the length is unknown.
  init?(file: FileSource, firstFrame: Int64, streamInfo: UnsafeRawBufferPointer) {
    guard streamInfo.count >= 18 else { return nil }
    blockSize = Int64(streamInfo[2]) << 8 | Int64(streamInfo[3])
    totalSamples = streamInfo[14..<18].reduce(Int64(streamInfo[13] & 0x0F)) { $0 << 8 | Int64($1) }
    let sync = file.bytes(at: firstFrame, count: 2)
    guard sync.count == 2, sync[0] == 0xFF, sync[1] & 0xFE == 0xF8, blockSize >= 16, totalSamples > 0 else {
      return nil
    }
    self.file = file
    self.firstFrame = firstFrame
    strategy = sync[1]
  }

  func search(slack: Int64) -> SeekPointSearch<FLACFrames> {
    SeekPointSearch(
      format: self, first: SeekPoint(offset: firstFrame, timestamp: 0),
      end: SeekPoint(offset: file.size, timestamp: totalSamples), slack: slack)
  }

  func firstPoint(in range: Range<Int64>) -> SeekPoint? {
    var place = range.lowerBound
    let limit = min(range.upperBound, range.lowerBound + Self.reach)
    while place < limit {
      let bytes = file.bytes(at: place, count: Self.block)
      guard bytes.count > Self.longestHeader else { return nil }
      let last = bytes.count - Self.longestHeader
      for start in 0..<last where bytes[start] == 0xFF && bytes[start + 1] == strategy {
        let offset = place + Int64(start)
        guard offset < limit else { return nil }
        if let sample = sample(ofHeader: bytes[start..<(start + Self.longestHeader)]) {
          return SeekPoint(offset: offset, timestamp: sample)
        }
      }
      place += Int64(last)
    }
    return nil
  }

  /// The first sample of the frame that begins with `header`; nil if its checksum says that it is none.
  private func sample(ofHeader header: ArraySlice<UInt8>) -> Int64? {
    guard let sample = Self.sample(ofHeader: header, blockSize: blockSize), sample < totalSamples else { return nil }
    return sample
  }

  /// The first sample of the frame in a packet; nil if it begins with none.
  static func sample(ofPacket bytes: UnsafeBufferPointer<UInt8>, blockSize: Int64) -> Int64? {
    guard bytes.count > longestHeader, bytes[0] == 0xFF, bytes[1] & 0xFE == 0xF8 else { return nil }
    return sample(ofHeader: ArraySlice(bytes[0..<longestHeader]), blockSize: blockSize)
  }

  private static func sample(ofHeader header: ArraySlice<UInt8>, blockSize: Int64) -> Int64? {
    let start = header.startIndex
    let (sizeCode, rateCode) = (header[start + 2] >> 4, header[start + 2] & 0x0F)
    let (channels, depth) = (header[start + 3] >> 4, header[start + 3] >> 1 & 7)
    guard sizeCode != 0, rateCode != 15, channels <= 10, depth != 3, header[start + 3] & 1 == 0 else { return nil }
    let lead = header[start + 4]
    let length = max(1, (~lead).leadingZeroBitCount)
    guard length <= 7, lead & 0xC0 != 0x80 else { return nil }
    var number = length == 1 ? Int64(lead) : Int64(lead) & (0x7F >> Int64(length))
    for byte in header[(start + 5)..<(start + 4 + length)] {
      guard byte & 0xC0 == 0x80 else { return nil }
      number = number << 6 | Int64(byte & 0x3F)
    }
    let sizeBytes = sizeCode == 6 ? 1 : sizeCode == 7 ? 2 : 0
    let rateBytes = rateCode == 12 ? 1 : rateCode == 13 || rateCode == 14 ? 2 : 0
    let end = start + 4 + length + sizeBytes + rateBytes
    guard end < header.endIndex, FLACFormat.checksum8(header[start..<end]) == header[end] else { return nil }
    return header[start + 1] & 1 == 0 ? number * blockSize : number
  }
}

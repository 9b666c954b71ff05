/// Walks over the frames of an MP3 or ADTS file by their headers, without decoding.
///
/// A walk from any of the index's checkpoints finds the same frames, with the same numbers, as the walk from the
/// beginning. Bytes that are no frame count as as many lost frames as fit into them, which keeps what follows at its
/// time; a tag in the middle counts as none.
struct FrameScanner {
  struct Frame: Hashable {
    var number: Int
    var offset: Int64
    var length: Int
  }

  let file: FileSource
  /// Any frame of the stream.
  let model: MPEGFrameHeader
  private(set) var offset: Int64
  private(set) var number: Int
  /// Mean length of the last frames, in sixteenths of a byte, to tell how many frames a gap swallowed.
  private(set) var meanLength: Int
  /// Whether frames of another sampling rate were passed over.
  private(set) var passesOtherRate = false
  private var window: [UInt8] = []
  private var windowStart: Int64 = 0
  private let windowSize: Int

  /// - Parameters:
  ///   - meanLength: of the walk that came by here first; nil at the beginning.
  ///   - window: bytes read at once; small for a start of a few frames, large for a whole file.
  init(
    file: FileSource, model: MPEGFrameHeader, offset: Int64, number: Int, meanLength: Int? = nil,
    window: Int = Bounds.scanWindow
  ) {
    self.file = file
    self.model = model
    self.offset = offset
    self.number = number
    self.meanLength = meanLength ?? model.length * 16
    windowSize = window
  }

  /// The next frame, nil at the end of the file. Frames that the file cuts short are left out.
  mutating func next() -> Frame? {
    repeat {
      while let header = header(at: offset), isInformation(header, at: offset) { offset += Int64(header.length) }
      guard let header = header(at: offset), offset + Int64(header.length) <= file.size else { continue }
      let frame = Frame(number: number, offset: offset, length: header.length)
      offset += Int64(header.length)
      number += 1
      meanLength += header.length - meanLength / 16
      return frame
    } while resynchronise()
    return nil
  }

  /// Bytes of a frame, from the window if they are in it.
  mutating func copy(_ frame: Frame, into target: UnsafeMutableRawPointer) -> Bool {
    guard load(frame.offset, count: frame.length) else { return false }
    let start = Int(frame.offset - windowStart)
    window.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { target.copyMemory(from: base + start, byteCount: frame.length) }
    }
    return true
  }

  private mutating func header(at place: Int64) -> MPEGFrameHeader? {
    guard load(place, count: MPEGFrameHeader.size) else { return nil }
    let start = Int(place - windowStart)
    let found = window.withUnsafeBufferPointer { bytes in bytes.baseAddress.flatMap { MPEGFrameHeader($0 + start) } }
    guard let found, found.isSameStream(as: model) else { return nil }
    return found
  }

  /// Whether a frame of this stream begins at `place`, which may lie outside of the window and leaves it where it is.
  private mutating func isFrame(at place: Int64) -> Bool {
    if place >= windowStart, place + Int64(MPEGFrameHeader.size) <= windowStart + Int64(window.count) {
      return header(at: place) != nil
    }
    let bytes = file.bytes(at: place, count: MPEGFrameHeader.size)
    guard bytes.count == MPEGFrameHeader.size else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      bytes.baseAddress.flatMap { MPEGFrameHeader($0) }?.isSameStream(as: model) ?? false
    }
  }

  /// Whether a frame is the Xing or Info header of a file that was put behind another: it holds no sound.
  private mutating func isInformation(_ header: MPEGFrameHeader, at place: Int64) -> Bool {
    guard header.kind == .layer3, load(place, count: header.sideInformationEnd + 6) else { return false }
    let frame = Int(place - windowStart)
    let hasCRC = window[frame + 1] & 1 == 0
    // Writers differ in whether the CRC moves it.
    return (hasCRC ? [0, 2] : [0]).contains { moved in
      let start = frame + header.sideInformationEnd + moved
      let name = window[start..<start + 4]
      return name.elementsEqual("Xing".utf8) || name.elementsEqual("Info".utf8)
    }
  }

  /// Whether a row of frames of the same kind begins at `place` that have another rate than the stream's.
  private func isOtherRate(at place: Int64) -> Bool {
    var next = place
    var first: MPEGFrameHeader?
    for _ in 0..<Bounds.otherStreamFrames {
      let bytes = file.bytes(at: next, count: MPEGFrameHeader.size)
      guard bytes.count == MPEGFrameHeader.size,
        let header = bytes.withUnsafeBufferPointer({ bytes in bytes.baseAddress.flatMap { MPEGFrameHeader($0) } }),
        header.kind == model.kind, header.sampleRate != model.sampleRate, header.isSameStream(as: first ?? header)
      else { return false }
      first = header
      next += Int64(header.length)
    }
    return true
  }

  /// Finds the next place from which two frames follow each other (or one, at the very end).
  private mutating func resynchronise() -> Bool {
    let lostFrom = offset
    if let tag = Tags.length(file: file, at: offset) {
      offset += tag
      // Whatever stands behind the tag is looked at by the next turn of the caller's loop.
      return offset < file.size
    }
    var place = offset
    if isOtherRate(at: place) { passesOtherRate = true }
    place += 1
    while load(place, count: MPEGFrameHeader.size) {
      if let header = header(at: place) {
        let after = place + Int64(header.length)
        if after == file.size || (after < file.size && isFrame(at: after)) {
          number += Int((16 * (place - lostFrom) + Int64(meanLength) / 2) / Int64(max(meanLength, 1)))
          offset = place
          return true
        }
      }
      if !passesOtherRate, isOtherRate(at: place) { passesOtherRate = true }
      // On to the next 0xFF within the window.
      let from = Int(place - windowStart) + 1
      let next = window.withUnsafeBufferPointer { bytes -> Int in
        var index = from
        while index < bytes.count, bytes[index] != 0xFF { index += 1 }
        return index
      }
      place = windowStart + Int64(next)
    }
    return false
  }

  private mutating func load(_ place: Int64, count: Int) -> Bool {
    if place >= windowStart, place + Int64(count) <= windowStart + Int64(window.count) { return true }
    guard place + Int64(count) <= file.size else { return false }
    windowStart = place
    window = file.bytes(at: place, count: Int(min(Int64(max(windowSize, count)), file.size - place)))
    return window.count >= count
  }
}

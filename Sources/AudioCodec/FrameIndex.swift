/// Where the frames of an MP3 or ADTS file are: one checkpoint in 32 frames, made by one walk over the headers.
struct FrameIndex: Sendable {
  struct Checkpoint: Hashable, Sendable {
    var number: Int
    var offset: Int64
    /// The scanner's mean frame length in front of it.
    var meanLength: Int?
  }

  /// In rising order; the first is the first frame.
  var checkpoints: [Checkpoint]
  /// One more than the number of the last frame; lost frames count.
  var frameCount: Int
  /// Whether there are frames of another sampling rate among them.
  var passesOtherRate = false

  /// Walks over the whole file, or as far as shows that it holds more than `maxSamples`. Throws `timedOut`, `unreadable`,
  /// and `notAudio` where most of what should be frames is something else: a program, say, in which four bytes now and then
  /// look like a header.
  init(
    file: FileSource, stream: ElementaryStream, maxSamples: Int64 = Bounds.maxSamples
  ) throws(AudioCodecError) {
    checkpoints = []
    frameCount = 0
    var scanner = FrameScanner(file: file, model: stream.model, offset: stream.firstFrame, number: 0)
    var untilNext = 0
    var found = 0
    // Delay and padding are taken off what is counted.
    let most = (Int(maxSamples) + stream.delay + stream.padding) / stream.model.samples + 1
    var mean = scanner.meanLength
    while let frame = scanner.next(), frame.number < most {
      defer { mean = scanner.meanLength }
      if untilNext == 0 {
        checkpoints.append(Checkpoint(number: frame.number, offset: frame.offset, meanLength: mean))
        untilNext = Bounds.checkpointInterval
      }
      untilNext -= 1
      found += 1
      frameCount = frame.number + 1
    }
    passesOtherRate = scanner.passesOtherRate
    try file.check()
    guard found * 2 >= frameCount else {
      throw AudioCodecError(.notAudio, "Most of the file is no sound: \(found) of \(frameCount) frames are there")
    }
  }

  /// The last checkpoint at or before frame `number`, nil if there is none.
  func checkpoint(before number: Int) -> Checkpoint? {
    var low = 0
    var high = checkpoints.count
    while low < high {
      let middle = (low + high) / 2
      if checkpoints[middle].number <= number { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? checkpoints.first : checkpoints[low - 1]
  }
}

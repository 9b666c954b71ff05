/// Music at its own rate, to be read from any place; outside of it there is silence.
protocol SampleSource: AnyObject {
  var file: FileSource { get }
  var rate: Int { get }
  /// Packets that could not be decoded, and samples of silence put in their place.
  var damagedPackets: Int { get }
  var concealedSamples: Int64 { get }
  func seek(to sample: Int64)
  /// Fills `count` samples of `target` from the position on, and moves it. Throws `timedOut`, `unreadable`, `damaged`.
  func read(_ target: StereoTarget, count: Int) throws(AudioCodecError)
}

extension SourceReader: SampleSource {}

/// A file that is decoded once for several readers who keep close to each other.
///
/// What was decoded last is kept for those behind; a reader who is further behind, or far ahead, has the decoder go
/// there, which is right and slow. Not for two threads at once.
final class SharedDecode {
  private let source: any SampleSource
  private let window: StereoBuffer
  /// The samples that are kept: `[start, end)`; sample n lies at n modulo the capacity.
  private var start: Int64 = 0
  private var end: Int64 = 0
  private static let block = 4_096

  /// - Parameter samples: how far readers may be apart.
  init(_ source: any SampleSource, samples: Int) {
    self.source = source
    window = StereoBuffer(capacity: (samples + Self.block - 1) / Self.block * Self.block)
  }

  /// A reader with a position of its own.
  func view() -> any SampleSource { View(self) }

  private func read(_ target: StereoTarget, count: Int, at place: Int64) throws(AudioCodecError) {
    let block = Int64(Self.block)
    // Blocks begin at multiples of their size, so that none is cut by the window's end.
    let first = place >= 0 ? place / block * block : -((-place + block - 1) / block * block)
    if first < start || first > end {
      (start, end) = (first, first)
    }
    var done = 0
    while done < count {
      let at = place + Int64(done)
      while at >= end { try decodeBlock() }
      let got = min(count - done, Int(end - at), window.capacity - index(at))
      target.advanced(by: done).copy(window, from: index(at), count: got)
      done += got
    }
  }

  private func decodeBlock() throws(AudioCodecError) {
    source.seek(to: end)
    let at = index(end)
    try source.read(StereoTarget(left: window.left + at, right: window.right + at), count: Self.block)
    end += Int64(Self.block)
    start = max(start, end - Int64(window.capacity))
  }

  private func index(_ sample: Int64) -> Int {
    let capacity = Int64(window.capacity)
    let rest = sample % capacity
    return Int(rest < 0 ? rest + capacity : rest)
  }

  private final class View: SampleSource {
    private let shared: SharedDecode
    private var position: Int64 = 0

    init(_ shared: SharedDecode) { self.shared = shared }

    var file: FileSource { shared.source.file }
    var rate: Int { shared.source.rate }
    var damagedPackets: Int { shared.source.damagedPackets }
    var concealedSamples: Int64 { shared.source.concealedSamples }
    func seek(to sample: Int64) { position = sample }
    func read(_ target: StereoTarget, count: Int) throws(AudioCodecError) {
      try shared.read(target, count: count, at: position)
      position += Int64(count)
    }
  }
}

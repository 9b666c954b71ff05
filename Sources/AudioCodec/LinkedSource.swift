/// The links of a chained file, one behind the other, as one piece of music.
final class LinkedSource: SampleSource {
  let file: FileSource
  let rate: Int
  private let links: [SourceLink]
  private let container: String
  /// Where each link's sound begins; one more entry says where the last ends.
  private let starts: [Int64]
  private var position: Int64 = 0
  private var current: (link: Int, reader: SourceReader)?
  /// Of readers that are closed, and links that were left out.
  private var damagedBefore: Int
  private var concealedBefore: Int64 = 0

  init(file: FileSource, facts: SourceFacts, links: [SourceLink]) {
    self.file = file
    self.links = links
    rate = facts.sampleRate
    container = facts.container
    damagedBefore = facts.damagedLinks ?? 0
    starts = links.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.sampleCount) }
  }

  var damagedPackets: Int { damagedBefore + (current?.reader.damagedPackets ?? 0) }
  var concealedSamples: Int64 { concealedBefore + (current?.reader.concealedSamples ?? 0) }

  func seek(to sample: Int64) { position = sample }

  func read(_ target: StereoTarget, count: Int) throws(AudioCodecError) {
    var done = 0
    while done < count {
      let rest = target.advanced(by: done)
      var got = count - done
      if position < 0 {
        got = Int(min(Int64(got), -position))
        rest.silence(got)
      } else if let link = link(at: position) {
        got = Int(min(Int64(got), starts[link + 1] - position))
        let reader = try reader(of: link)
        reader.seek(to: position - starts[link])
        try reader.read(rest, count: got)
      } else {
        rest.silence(got)
      }
      position += Int64(got)
      done += got
    }
  }

  private func link(at sample: Int64) -> Int? {
    var (low, high) = (0, links.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle + 1] <= sample { low = middle + 1 } else { high = middle }
    }
    return low < links.count ? low : nil
  }

  private func reader(of link: Int) throws(AudioCodecError) -> SourceReader {
    if let current, current.link == link { return current.reader }
    let part = FileSource(file, part: links[link].start..<links[link].end)
    let reader = try SourceReader(
      file: part, source: try ContainerSource(file: part, container: container, isKnown: true), rate: rate,
      origin: links[link].origin, sampleCount: links[link].sampleCount)
    damagedBefore = damagedPackets
    concealedBefore = concealedSamples
    current = (link, reader)
    return reader
  }
}

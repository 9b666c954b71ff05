extension SourceReader {
  /// Opens a file at its beginning with what is known of it, or after finding it out.
  ///
  /// Throws what `AudioProbe.read` throws, and `changed` if `facts` are of another content with another length or rate.
  static func open(
    file: FileSource, facts known: SourceFacts?
  ) throws(AudioCodecError) -> (reader: any SampleSource, facts: SourceFacts) {
    let facts = try current(of: file, known)
    if let links = facts.links {
      return (LinkedSource(file: file, facts: facts, links: links), facts)
    }
    let source = try packets(of: file, facts)
    let reader = try SourceReader(
      file: file, source: source, rate: facts.sampleRate, origin: facts.origin, sampleCount: facts.sampleCount,
      grid: facts.grid, beginsAtZero: facts.isCounted == true, preRoll: facts.preRoll)
    return (reader, facts)
  }

  /// What there is to know of an open file: what is known of this very content, or what is found out now.
  ///
  /// Throws as ``open(file:facts:)``.
  static func current(of file: FileSource, _ known: SourceFacts?) throws(AudioCodecError) -> SourceFacts {
    _ = LibAV.ready
    let facts: SourceFacts
    if let known, known.describes(file.identity) {
      facts = known
    } else {
      if let remembered = SourceMemory.shared.facts(file.identity) {
        facts = remembered
      } else {
        facts = try SourceInspector(file: file).facts
      }
      // A file that was merely touched is the same sound.
      if let known, known.sampleRate != facts.sampleRate || known.sampleCount != facts.sampleCount {
        throw AudioCodecError(.changed, "The file was replaced since it was probed")
      }
    }
    guard facts.makeSense else {
      throw AudioCodecError(.invalidRequest, "The facts given of the file make no sense")
    }
    return facts
  }

  /// The packets of a file that was inspected and isn't chained.
  static func packets(of file: FileSource, _ facts: SourceFacts) throws(AudioCodecError) -> any PacketSource {
    guard let stream = facts.elementary else { return try packets(of: file, facts: facts, isKnown: true) }
    return ElementarySource(
      file: file, stream: stream, sampleRate: facts.sampleRate,
      frameSamples: max(stream.model.samples * facts.sampleRate / stream.model.sampleRate, 1))
  }

  /// The packets of a container, with the timestamps that the facts say are to be relied on.
  static func packets(
    of file: FileSource, facts: SourceFacts, isKnown: Bool
  ) throws(AudioCodecError) -> any PacketSource {
    let container = try ContainerSource(file: file, container: facts.container, isKnown: isKnown)
    guard facts.isCounted == true else { return container }
    return try CountedSource(container, file: file, rate: facts.sampleRate, constant: facts.packetSamples)
  }
}

import CFFmpeg

/// The packets of a container whose timestamps can't be relied on: their places are counted from the beginning.
///
/// For clocks so coarse that frames lie closer than two ticks, and for those that drift: libavformat adds up the
/// rounded lengths of a raw AC-3 or DTS stream's frames. The first seek walks over the file once.
final class CountedSource: PacketSource {
  let timeBase: AVRational
  private let source: ContainerSource
  private let file: FileSource
  private let constant: Int64?
  private var counter: PacketCounter
  /// Samples in front of the next packet.
  private var position: Int64 = 0

  var codec: AVCodecID { source.codec }
  var parameters: UnsafePointer<AVCodecParameters>? { source.parameters }

  /// - Parameter constant: the length of all packets, where they have one.
  ///
  /// Throws `unsupported` if the lengths of packets can't be told.
  init(_ source: ContainerSource, file: FileSource, rate: Int, constant: Int64?) throws(AudioCodecError) {
    self.source = source
    self.file = file
    self.constant = constant
    timeBase = AVRational(num: 1, den: Int32(rate))
    counter = try Self.counter(of: source, constant: constant)
  }

  private static func counter(
    of source: ContainerSource, constant: Int64?
  ) throws(AudioCodecError) -> PacketCounter {
    guard let counter = PacketCounter(source.parameters, constant: constant) else {
      throw AudioCodecError(.unsupported, "The container's clock is too coarse for its codec")
    }
    return counter
  }

  func read(into packet: UnsafeMutablePointer<AVPacket>) throws(AudioCodecError) -> Bool {
    guard try source.read(into: packet) else { return false }
    stamp(packet)
    return true
  }

  private func stamp(_ packet: UnsafeMutablePointer<AVPacket>) {
    let samples = counter.samples(of: packet)
    packet.pointee.pts = position
    packet.pointee.dts = position
    packet.pointee.duration = samples
    position += samples
  }

  func seek(to timestamp: Int64?) throws(AudioCodecError) {
    let wanted = timestamp ?? 0
    if wanted > Bounds.shortWalk, let place = try index().place(before: wanted), try go(to: place) { return }
    try source.seek(to: nil)
    counter = try Self.counter(of: source, constant: constant)
    position = 0
  }

  /// Stands in front of the packet behind the one at `place`; false if it isn't found again.
  private func go(to place: PacketIndex.Place) throws(AudioCodecError) -> Bool {
    let isByBytes = source.isRowOfBytes
    if isByBytes { try source.seek(toByte: place.offset) } else { try source.seek(to: place.timestamp) }
    counter = try Self.counter(of: source, constant: constant)
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }
    guard let packet else { throw LibAV.outOfMemory() }
    while try source.read(into: packet) {
      defer { av_packet_unref(packet) }
      // Asked of each, since a Vorbis packet's length hangs on the one before it.
      _ = counter.samples(of: packet)
      if packet.pointee.pos == place.offset, isByBytes || packet.pointee.pts == place.timestamp {
        position = place.sample + place.samples
        return true
      }
      if isByBytes ? packet.pointee.pos > place.offset : packet.pointee.pts > place.timestamp { return false }
    }
    return false
  }

  /// Samples of all packets together. Throws `tooLong` for more than `maxSamples` and an encoder's delay.
  func length(within maxSamples: Int64 = Bounds.maxSamples) throws(AudioCodecError) -> Int64 {
    try index(within: maxSamples).end
  }

  private func index(within maxSamples: Int64 = Bounds.maxSamples) throws(AudioCodecError) -> PacketIndex {
    if let known = SourceMemory.shared.packets(file.identity) { return known }
    try source.seek(to: nil)
    counter = try Self.counter(of: source, constant: constant)
    var made = PacketIndex()
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }
    guard let packet else { throw LibAV.outOfMemory() }
    var sample: Int64 = 0
    while try source.read(into: packet) {
      let samples = counter.samples(of: packet)
      made.add(
        PacketIndex.Place(
          sample: sample, samples: samples, timestamp: packet.pointee.pts, offset: packet.pointee.pos))
      sample += samples
      av_packet_unref(packet)
      guard sample <= maxSamples + Bounds.mostDelay else { throw AudioCodecError.moreThanADay }
    }
    try file.check()
    SourceMemory.shared.remember(made, file.identity)
    return made
  }
}

/// Where some of a container's packets are, each some seconds behind the one before.
struct PacketIndex: Sendable {
  struct Place: Hashable, Sendable {
    /// Samples in front of the packet, and its own.
    var sample: Int64
    var samples: Int64
    /// What the container says of it: by both it is found again, or by the latter alone where the former drifts.
    var timestamp: Int64
    var offset: Int64
  }

  private(set) var places: [Place] = []
  /// Where the last packet ends.
  private(set) var end: Int64 = 0

  mutating func add(_ place: Place) {
    end = place.sample + place.samples
    guard place.timestamp != dubplate_no_timestamp(), place.offset >= 0 else { return }
    if let last = places.last, place.sample < last.sample + Bounds.shortWalk { return }
    places.append(place)
  }

  /// The last whose packet ends before `sample`.
  func place(before sample: Int64) -> Place? {
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if places[middle].sample + places[middle].samples < sample { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? places[low - 1] : nil
  }
}

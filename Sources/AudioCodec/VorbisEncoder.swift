import CVorbis

/// libvorbis with its blocks pinned to a grid, so that what separate encoders made can be joined.
///
/// Vorbis has long blocks (2,048 samples) and short ones (256), and libvorbis mixes them as the music wants. A packet
/// says how long its neighbours are, and decodes to the samples between the centre of the block before and its own. Here
/// the centres of long blocks lie on multiples of 1,024 samples, counted from the first sample of a frame: neighbouring
/// long ones are 1,024 apart, and eight short ones between two take the place of a long one (576 + 7 · 128 + 576 =
/// 2,048), so short blocks come in eights. The block on a frame's edge is always long.
///
/// What must be agreed on between encoders that never met is the size of the first block behind an edge. libvorbis
/// decides on it by an onset within the next 1,600 samples, and its detector remembers less than 3,000: every range
/// is begun at least a frame before, at the same phase of the detector's rings (15,360 samples are sixteen turns of the
/// longest), so that all encoders see the same there.
///
/// An onset too near to an edge for a burst of short blocks would be smeared over 2,048 samples before it. There a
/// burst before the edge makes the slope of the block on it short; libvorbis doesn't look that far ahead, so the onset is
/// looked for here. What comes of it concerns the frame alone.
///
/// libvorbis decides on the block behind the current one in `vorbis_analysis_blockout`; its public state is amended
/// right after, before the current block is coded with the window that its neighbours imply.
final class VorbisEncoder: PacketEncoding, @unchecked Sendable {
  // Invariant of the unchecked conformance: it has one owner at a time, the reserve or a range encoder, and the C
  // structures belong to it alone.

  static let longBlock = 2_048
  static let shortBlock = 256
  /// From the centre of a long block to that of a long and of a short one, and between short ones.
  static let longStep = longBlock / 2
  static let changeStep = longBlock / 4 + shortBlock / 4
  static let shortStep = shortBlock / 2
  /// Short blocks that make up for a long one.
  static let burst = longStep / shortStep
  /// Samples behind the centre of a block at which libvorbis has seen all that it wants to see for a decision, and
  /// all of the next block, whatever is made of it.
  private static let lookAhead = 3 * longStep
  /// Where libvorbis stops looking for an onset, counted from the centre of a long block.
  private static let sight = longBlock / 4 + longBlock / 2 + shortBlock / 4
  /// Samples of one of the steps in which an onset is looked for, and steps before it that it's compared with.
  private static let onsetStep = 64
  private static let onsetMemory = 8
  /// How far above its past an onset is, in energy of the differences between samples, and what is no sound at all.
  private static let onsetRatio: Float = 10
  private static let onsetFloor: Float = 1e-7

  private enum Place {
    /// The first block, whose packet nobody needs: short, so that the next lies on the grid.
    case start
    /// A long block, this many steps behind the frame's edge.
    case long(Int)
    /// The n-th short block, from 1 on, of those behind the long block at a step of the frame.
    case short(Int, after: Int)
  }

  private let stepsPerFrame: Int
  private let info: UnsafeMutablePointer<vorbis_info>
  private let state: UnsafeMutablePointer<vorbis_dsp_state>
  private let block: UnsafeMutablePointer<vorbis_block>
  private var place = Place.start
  /// The track's number of the frame that the last edge began.
  private var frame = 0
  /// Samples from the block before to this one's centre; nil for the first two, which come before the first frame.
  private var advance: Int?

  /// Throws `encoderFailed` if libvorbis has no such setting.
  init(_ settings: EncoderSettings) throws(AudioCodecError) {
    stepsPerFrame = settings.packetsPerFrame
    info = .allocate(capacity: 1)
    state = .allocate(capacity: 1)
    block = .allocate(capacity: 1)
    info.initialize(to: vorbis_info())
    state.initialize(to: vorbis_dsp_state())
    block.initialize(to: vorbis_block())
    vorbis_info_init(info)
    // Variable rate around the nominal one, without libvorbis' bookkeeping of bits: that would make what comes out
    // depend on all of the past.
    var result = vorbis_encode_setup_managed(
      info, settings.channels, settings.sampleRate, -1, settings.bitrate, -1)
    if result == 0 { result = vorbis_encode_ctl(info, OV_ECTL_RATEMANAGE2_SET, nil) }
    if result == 0 { result = vorbis_encode_setup_init(info) }
    if result == 0 { result = vorbis_analysis_init(state, info) }
    if result == 0 { result = vorbis_block_init(state, block) }
    guard result == 0, vorbis_info_blocksize(info, 0) == Self.shortBlock,
      vorbis_info_blocksize(info, 1) == Self.longBlock
    else { throw AudioCodecError(.encoderFailed, "libvorbis refuses its settings (\(result))") }
  }

  deinit {
    // The counterparts of the initialisers; each takes what was never initialised (zeros) as well.
    if state.pointee.vi != nil { vorbis_block_clear(block) }
    vorbis_dsp_clear(state)
    vorbis_info_clear(info)
    block.deallocate()
    state.deallocate()
    info.deallocate()
  }

  /// The packets that configure a decoder: identification, comments and setup (Vorbis I, 4.2).
  func headers() throws(AudioCodecError) -> [[UInt8]] {
    var comment = vorbis_comment()
    vorbis_comment_init(&comment)
    defer { vorbis_comment_clear(&comment) }
    var packets = (ogg_packet(), ogg_packet(), ogg_packet())
    guard vorbis_analysis_headerout(state, &comment, &packets.0, &packets.1, &packets.2) == 0 else {
      throw AudioCodecError(.encoderFailed, "libvorbis makes no headers")
    }
    return [packets.0, packets.1, packets.2].map {
      Array(UnsafeBufferPointer(start: $0.packet, count: $0.bytes))
    }
  }

  func begin(atFrame number: Int) { frame = number }

  func feed(_ samples: StereoBuffer, count: Int) throws(AudioCodecError) {
    guard let planes = vorbis_analysis_buffer(state, Int32(count)), let left = planes[0], let right = planes[1] else {
      throw LibAV.outOfMemory()
    }
    left.update(from: samples.left, count: count)
    right.update(from: samples.right, count: count)
    guard vorbis_analysis_wrote(state, Int32(count)) == 0 else {
      throw AudioCodecError(.encoderFailed, "libvorbis refuses samples")
    }
  }

  func receive(
    _ body: (UnsafeRawBufferPointer, Int) throws(AudioCodecError) -> Void
  ) throws(AudioCodecError) -> Bool {
    while Int(state.pointee.pcm_current) - state.pointee.centerW >= Self.lookAhead {
      let advance = self.advance
      try takeBlock()
      guard vorbis_analysis(block, nil) == 0, vorbis_bitrate_addblock(block) == 0 else {
        throw AudioCodecError(.encoderFailed, "libvorbis failed")
      }
      var packet = ogg_packet()
      // One block, one packet: without managed bitrate none is held back.
      guard vorbis_bitrate_flushpacket(state, &packet) == 1, packet.bytes > 0 else {
        throw AudioCodecError(.encoderFailed, "libvorbis keeps a packet back")
      }
      guard let advance else { continue }
      try body(UnsafeRawBufferPointer(start: packet.packet, count: packet.bytes), advance)
      return true
    }
    return false
  }

  /// Cuts out the current block with the size of the next that the grid allows, and goes to that.
  private func takeBlock() throws(AudioCodecError) {
    let isLong = state.pointee.W != 0
    let centre = state.pointee.centerW
    let onset = isBeforeEdge && hasOnsetBeyondSight(of: centre)
    guard vorbis_analysis_blockout(state, block) == 1 else {
      throw AudioCodecError(.encoderFailed, "libvorbis wants more than its look-ahead")
    }
    let wish = block.pointee.nW != 0
    let next = self.next(wantsLong: wish && !onset)
    let nextIsLong = if case .long = next { true } else { false }
    let reach = (isLong ? Self.longBlock : Self.shortBlock) / 4
    let step = reach + (nextIsLong ? Self.longBlock : Self.shortBlock) / 4
    // libvorbis moves its buffer so that the next centre lies half a long block from the beginning, and does nothing at
    // all where that would be backwards.
    let hasMoved = centre + reach + (wish ? Self.longBlock : Self.shortBlock) / 4 > Self.longBlock / 2
    if hasMoved {
      let difference = (Self.longBlock - Self.shortBlock) / 4
      if nextIsLong != wish { state.pointee.centerW += nextIsLong ? difference : -difference }
    } else {
      state.pointee.lW = isLong ? 1 : 0
      state.pointee.centerW = centre + step
    }
    let size = nextIsLong ? 1 : 0
    block.pointee.nW = size
    state.pointee.nW = size
    state.pointee.W = size
    if case .start = place {
      // The next is the block on the first frame's edge: it belongs to the frame before.
      advance = nil
    } else {
      advance = step
    }
    if case .long(stepsPerFrame) = next { frame += 1 }
    place = next
  }

  /// Whether this is the last long block behind which a burst has room before the edge.
  private var isBeforeEdge: Bool { if case .long(stepsPerFrame - 2) = place { true } else { false } }

  /// Whether the sound jumps between the point to which libvorbis looks and the end of the flat part of the block on
  /// the edge, two steps ahead.
  private func hasOnsetBeyondSight(of centre: Int) -> Bool {
    let count = 2 * Self.longStep + Self.changeStep - Self.sight
    for channel in 0..<2 {
      guard let plane = state.pointee.pcm[channel] else { return false }
      let first = plane + centre + Self.sight - Self.onsetMemory * Self.onsetStep
      var past = [Float](repeating: 0, count: Self.onsetMemory)
      for step in 0..<Self.onsetMemory + count / Self.onsetStep {
        var energy: Float = 0
        for index in step * Self.onsetStep..<(step + 1) * Self.onsetStep {
          let difference = first[index] - first[index - 1]
          energy += difference * difference
        }
        energy /= Float(Self.onsetStep)
        let mean = past.reduce(0, +) / Float(Self.onsetMemory)
        if step >= Self.onsetMemory, energy > Self.onsetFloor, energy > Self.onsetRatio * mean { return true }
        past[step % Self.onsetMemory] = energy
      }
    }
    return false
  }

  /// The block behind the current one, given what libvorbis would take.
  private func next(wantsLong: Bool) -> Place {
    switch place {
    case .start: return .long(0)
    case .long(let step):
      // The burst must end before the next edge or on it.
      let step = step % stepsPerFrame
      // libavformat takes the first block of a file's second page for one behind a short block, if it is short itself,
      // and has all times wrong by 448 samples.
      if step == 0, frame == 0 { return .long(1) }
      return wantsLong || step + 2 > stepsPerFrame ? .long(step + 1) : .short(1, after: step)
    case .short(let count, let after):
      guard count % Self.burst == 0 else { return .short(count + 1, after: after) }
      let step = after + count / Self.burst + 1
      return wantsLong || step + 1 > stepsPerFrame ? .long(step) : .short(count + 1, after: after)
    }
  }
}

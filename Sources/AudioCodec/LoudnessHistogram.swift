import Foundation

/// The gating blocks of a programme by their loudness, from which its integrated loudness follows.
///
/// ITU-R BS.1770-4 takes the mean energy of blocks of 400 ms (one every 100 ms) that are above −70 LUFS and above a
/// second gate, 10 LU below the mean of those. The second gate depends on all blocks, so they have to be kept: as their
/// number and the sum of their energies in each tenth of a LU. An album's histogram is the sum of its tracks', and so
/// its loudness can be had without hearing anything again.
public struct LoudnessHistogram: Hashable, Sendable {
  /// A tenth of a LU.
  struct Bin: Hashable, Sendable {
    var blocks: UInt32 = 0
    /// Mean squares after K-weighting, added up.
    var energy = 0.0
  }

  /// −70 LUFS, below which a block counts as silence, and what is louder than any sound that is not broken.
  static let lowest = -70.0
  static let binCount = 850
  static let binsPerLU = 10.0
  private static let relativeGateLU = -10.0

  private(set) var bins: [Int: Bin] = [:]

  public init() {}

  /// Blocks above the absolute gate.
  public var blockCount: Int { bins.values.reduce(0) { $0 + Int($1.blocks) } }

  /// Adds one block; one that is no louder than −70 LUFS is dropped.
  mutating func add(lufs: Double) {
    guard lufs.isFinite, lufs > Self.lowest else { return }
    let index = min(Int((lufs - Self.lowest) * Self.binsPerLU), Self.binCount - 1)
    bins[index, default: Bin()].blocks += 1
    bins[index, default: Bin()].energy += Self.energy(ofLUFS: lufs)
  }

  /// Adds the blocks of another programme.
  public mutating func add(_ other: LoudnessHistogram) {
    for (index, bin) in other.bins {
      bins[index, default: Bin()].blocks &+= bin.blocks
      bins[index, default: Bin()].energy += bin.energy
    }
  }

  /// Integrated loudness in LUFS; nil when all is silence, or shorter than a block.
  public var integrated: Double? {
    guard let ungated = Self.mean(bins.values) else { return nil }
    let gate = ungated * pow(10, Self.relativeGateLU / 10)
    let kept = bins.values.filter { $0.energy / Double(max($0.blocks, 1)) >= gate }
    return Self.mean(kept).map { -0.691 + 10 * log10($0) }
  }

  private static func mean(_ bins: some Sequence<Bin>) -> Double? {
    var all = Bin()
    for bin in bins {
      all.blocks &+= bin.blocks
      all.energy += bin.energy
    }
    return all.blocks > 0 && all.energy > 0 ? all.energy / Double(all.blocks) : nil
  }

  private static func energy(ofLUFS lufs: Double) -> Double { pow(10, (lufs + 0.691) / 10) }

  // MARK: As bytes

  private static let entryBytes = 10

  /// Ten bytes a bin that isn't empty, little-endian: its number (16 bits), its blocks (32), its energy (Float).
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(bins.count * Self.entryBytes)
    for (index, bin) in bins.sorted(by: { $0.key < $1.key }) {
      withUnsafeBytes(of: UInt16(index).littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: bin.blocks.littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: Float(bin.energy).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// What ``bytes`` gave; nil for anything else.
  public init?(bytes: [UInt8]) {
    guard bytes.count.isMultiple(of: Self.entryBytes), bytes.count <= Self.binCount * Self.entryBytes else {
      return nil
    }
    func number(_ place: Range<Int>) -> UInt32 {
      bytes[place].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for start in stride(from: 0, to: bytes.count, by: Self.entryBytes) {
      let index = Int(number(start..<start + 2))
      let energy = Double(Float(bitPattern: number(start + 6..<start + 10)))
      guard index < Self.binCount, energy.isFinite, energy >= 0 else { return nil }
      bins[index] = Bin(blocks: number(start + 2..<start + 6), energy: energy)
    }
  }
}

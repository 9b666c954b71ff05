/// The work factors of scrypt (RFC 7914 section 2), always within ``Limits``.
public struct ScryptParameters: Sendable, Equatable {
  /// log2 of N, the CPU and memory cost.
  public let costExponent: Int

  /// r, the block size in units of 128 bytes.
  public let blockSize: Int

  /// p, how often the whole is done.
  public let parallelism: Int

  /// N = 2^15, r = 8, p = 3: 32 MB for each derivation, one of the equal choices of the OWASP Password Storage Cheat
  /// Sheet, and the one that needs the least memory while several listeners log in at once.
  public static let recommended = Self(unchecked: 15, blockSize: 8, parallelism: 3)

  /// Bytes of memory that one derivation takes: 128 · N · r.
  public var memoryBytes: Int { 128 * (1 << costExponent) * blockSize }

  /// Parameters within the bounds of this module.
  /// - Parameters:
  ///   - costExponent: 10…17.
  ///   - blockSize: 1…16.
  ///   - parallelism: 1…16.
  /// - Throws: ``PasswordError/badParameters`` out of these ranges or over 128 MB.
  public init(costExponent: Int, blockSize: Int, parallelism: Int) throws(PasswordError) {
    guard Limits.costExponents.contains(costExponent), Limits.blockSizes.contains(blockSize),
      Limits.parallelisms.contains(parallelism)
    else { throw .badParameters }
    self.init(unchecked: costExponent, blockSize: blockSize, parallelism: parallelism)
    guard memoryBytes <= Limits.maximumScryptMemory else { throw .badParameters }
  }

  private init(unchecked costExponent: Int, blockSize: Int, parallelism: Int) {
    self.costExponent = costExponent
    self.blockSize = blockSize
    self.parallelism = parallelism
  }
}

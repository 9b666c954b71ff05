/// Every bound of this module, and why it is what it is.
enum Limits {
  /// Bytes of a token that are looked at. Ours are about 300 bytes; 4 kB is what one cookie may hold (RFC 6265
  /// section 6.1).
  static let maximumTokenBytes = 4096

  /// Bytes of the signing secret at least: the size of the SHA-256 output (RFC 7518 section 3.2).
  static let minimumSecretBytes = 32

  /// Bytes of the signing secret at most: a longer one is a file named by mistake.
  static let maximumSecretBytes = 4096

  /// Characters of a name inside a token, so that a token always stays under ``maximumTokenBytes``.
  static let maximumNameCharacters = 128

  /// Seconds a token may live at most; a token cannot be called back before it ends.
  static let maximumLifetimeSeconds: Int64 = 24 * 60 * 60

  /// Bytes of a password: eight is the floor of NIST SP 800-63B, the ceiling keeps hashing input small.
  static let passwordBytes = 8...1024

  /// Bytes of salt: 128 bits, so that no two accounts share one (RFC 8018 section 4.1 asks for 64 at least).
  static let saltBytes = 16

  /// Bytes of derived key: the security level of the digest inside scrypt.
  static let hashBytes = 32

  /// Bytes of a stored hash that are parsed: ours are about 90.
  static let maximumEncodedHashBytes = 512

  /// log2(N) of a stored hash that is accepted: less is no protection, more is a memory bomb.
  static let costExponents = 10...17

  /// Block sizes r of a stored hash that are accepted.
  static let blockSizes = 1...16

  /// Parallelism p of a stored hash that is accepted.
  static let parallelisms = 1...16

  /// Memory of one derivation, 128 · N · r bytes, that a stored hash may ask for.
  static let maximumScryptMemory = 128 * 1024 * 1024
}

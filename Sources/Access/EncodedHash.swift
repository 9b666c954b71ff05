import Foundation

/// A stored password: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, both in unpadded base64 (the PHC string format).
struct EncodedHash: Equatable {
  let parameters: ScryptParameters
  let salt: [UInt8]
  let hash: [UInt8]

  init(parameters: ScryptParameters, salt: [UInt8], hash: [UInt8]) {
    self.parameters = parameters
    self.salt = salt
    self.hash = hash
  }

  /// Reads the text form. Bounds are checked before any work is done with the numbers.
  /// - Throws: ``PasswordError/unreadableHash``.
  init(parsing text: String) throws(PasswordError) {
    guard text.utf8.count <= Limits.maximumEncodedHashBytes else { throw .unreadableHash }
    let fields = text.split(separator: "$", omittingEmptySubsequences: false)
    guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt",
      let parameters = Self.parameters(fields[2]),
      let salt = Base64.decode(fields[3].utf8), salt.count == Limits.saltBytes,
      let hash = Base64.decode(fields[4].utf8), hash.count == Limits.hashBytes
    else { throw .unreadableHash }
    self.init(parameters: parameters, salt: salt, hash: hash)
  }

  /// The text form.
  var text: String {
    let factors = "ln=\(parameters.costExponent),r=\(parameters.blockSize),p=\(parameters.parallelism)"
    return "$scrypt$\(factors)$\(Base64.encode(salt))$\(Base64.encode(hash))"
  }

  private static func parameters(_ text: Substring) -> ScryptParameters? {
    let pairs = text.split(separator: ",", omittingEmptySubsequences: false)
    guard pairs.count == 3 else { return nil }
    var values: [Int] = []
    for (pair, name) in zip(pairs, ["ln=", "r=", "p="]) {
      guard pair.hasPrefix(name), let value = Int(pair.dropFirst(name.count)) else { return nil }
      values.append(value)
    }
    do {
      return try ScryptParameters(costExponent: values[0], blockSize: values[1], parallelism: values[2])
    } catch {
      // Out of range is, for a stored text, the same as unreadable.
      return nil
    }
  }
}

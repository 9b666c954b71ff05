import Crypto
import Foundation

/// Makes and checks the tokens of audio URLs: an HMAC-SHA256 (RFC 2104) over track, renditions, session, country and
/// expiry.
///
/// ```
/// <key id>.<expires>.<session>.<renditions, joined by ~>.<country or ->.<HMAC, base64url>
/// ```
///
/// Everything but the track is readable in the token, so that an edge can check one without asking anybody; the track
/// is signed from the URL's path, so that a token is of no use for another one. The newest key signs, every key of the
/// ring is believed: to rotate, put a new one in front and take the old one out when its last URL has expired.
public struct AudioURLKeys: Sendable {
  private let ring: [(id: String, key: SymmetricKey)]

  /// - Parameter keys: newest first; ids are 1 to 16 letters or digits, secrets at least 32 bytes.
  /// - Throws: ``AccessError/weakSecret``, `bad_token_request` for an id that can't be used, or is used twice.
  public init(_ keys: [(id: String, secret: [UInt8])]) throws(AccessError) {
    guard !keys.isEmpty, Set(keys.map(\.id)).count == keys.count else {
      throw .badRequest("At least one key is needed, each with an id of its own.")
    }
    for (id, secret) in keys {
      guard (1...16).contains(id.utf8.count), id.utf8.allSatisfy(Self.isPlain) else {
        throw .badRequest("A key's id has 1 to 16 letters or digits.")
      }
      guard (Limits.minimumSecretBytes...Limits.maximumSecretBytes).contains(secret.count) else { throw .weakSecret }
    }
    ring = keys.map { ($0.id, SymmetricKey(data: $0.secret)) }
  }

  /// A ring of one key that is derived from the secret of the access tokens (HKDF, RFC 5869).
  public init(derivedFrom secret: [UInt8]) {
    let key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: secret), info: Data("dubplate audio urls".utf8), outputByteCount: 32)
    ring = [("0", key)]
  }

  /// The token for a grant.
  public func token(for grant: AudioGrant) -> String {
    let fields = [
      ring[0].id, String(grant.expires), grant.session, grant.renditions.joined(separator: "~"), grant.country ?? "-",
    ].joined(separator: ".")
    return fields + "."
      + String(decoding: Self.code(fields.utf8, trackID: grant.trackID, key: ring[0].key), as: UTF8.self)
  }

  /// Checks a token, and says what it grants.
  ///
  /// - Parameters:
  ///   - trackID: of the URL that it came with.
  ///   - country: where the request comes from, if that is known.
  ///   - now: Unix seconds.
  /// - Throws: ``AccessError/missing``, ``AccessError/invalid``, ``AccessError/expired``.
  public func verify(
    _ token: String?, trackID: String, country: String? = nil, now: Int64
  ) throws(AccessError) -> AudioGrant {
    guard let token, !token.isEmpty else { throw .missing }
    let bytes = token.utf8
    guard bytes.count <= Limits.maximumTokenBytes, let end = bytes.lastIndex(of: Self.dot) else { throw .invalid }
    let fields = bytes[..<end]
    let parts = fields.split(separator: Self.dot, omittingEmptySubsequences: false)
    guard parts.count == 5, let key = ring.first(where: { $0.id.utf8.elementsEqual(parts[0]) })?.key,
      Self.isSame(Self.code(fields, trackID: trackID, key: key), bytes[bytes.index(after: end)...]),
      let expires = Int64(Substring(parts[1]))
    else { throw .invalid }
    guard now < expires else { throw .expired }
    let grant = AudioGrant(
      trackID: trackID, renditions: parts[3].split(separator: UInt8(ascii: "~")).map { String(Substring($0)) },
      session: String(Substring(parts[2])), expires: expires,
      country: parts[4].elementsEqual("-".utf8) ? nil : String(Substring(parts[4])))
    guard grant.country == nil || grant.country == country else { throw .invalid }
    return grant
  }

  private static let dot = UInt8(ascii: ".")
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The authentication code as it stands in a token: 43 characters of base64url.
  private static func code(_ fields: some Sequence<UInt8>, trackID: String, key: SymmetricKey) -> [UInt8] {
    var signed = Array("dubplate audio 1\n".utf8)
    signed += trackID.utf8
    signed.append(UInt8(ascii: "\n"))
    signed += fields
    var text: [UInt8] = []
    text.reserveCapacity(44)
    var (bits, count) = (UInt32(0), 0)
    for byte in HMAC<SHA256>.authenticationCode(for: signed, using: key) {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        text.append(alphabet[Int(bits >> UInt32(count) & 0x3F)])
      }
    }
    text.append(alphabet[Int(bits << UInt32(6 - count) & 0x3F)])
    return text
  }

  /// In a time that doesn't depend on where they differ.
  private static func isSame(_ code: [UInt8], _ given: Substring.UTF8View) -> Bool {
    guard given.count == code.count else { return false }
    var difference: UInt8 = 0
    for (left, right) in zip(code, given) { difference |= left ^ right }
    return difference == 0
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}

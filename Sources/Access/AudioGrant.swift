/// What a signed URL lets its holder fetch: some renditions of one track, for a while.
public struct AudioGrant: Sendable, Hashable {
  /// The track that it is for. It stands in the URL's path, not in the token, and is signed with it.
  public var trackID: String
  /// Names of renditions, such as `aac-192`.
  public var renditions: [String]
  /// For whom it was made: 1 to 64 of A–Z, a–z, 0–9, `_` and `-`.
  public var session: String
  /// Unix seconds; it's good until then.
  public var expires: Int64
  /// ISO 3166-1 alpha-2; nil for everywhere.
  public var country: String?

  public init(trackID: String, renditions: [String], session: String, expires: Int64, country: String? = nil) {
    self.trackID = trackID
    self.renditions = renditions
    self.session = session
    self.expires = expires
    self.country = country
  }
}

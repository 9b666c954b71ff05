/// What a listener pays for. The raw values stand in tokens and in the database: never change one.
public enum Plan: String, Sendable, Hashable, CaseIterable, Codable {
  case free
  case premium
}

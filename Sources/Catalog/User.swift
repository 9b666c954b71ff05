import Foundation

/// An account.
public struct User: Sendable, Equatable, Identifiable {
  /// What the account pays for; the raw values stand in the database.
  public enum Plan: String, Sendable, Hashable, CaseIterable {
    case free
    case premium
  }

  /// 16 characters of base32, random.
  public let id: String

  /// As it was typed when the account was made; unique without regard to case.
  public let username: String

  public let plan: Plan

  /// The encoded password hash; opaque here.
  public let passwordHash: String

  public let createdAt: Date

  /// A disabled account cannot log in.
  public let disabled: Bool
}

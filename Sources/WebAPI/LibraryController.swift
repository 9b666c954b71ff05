import Access
import Foundation
import Gateway
import HTTPTypes
import Hummingbird

/// Looks through the library when somebody asks, and says how it stands.
public protocol LibraryScanning: Sendable {
  var state: LibraryState { get }

  /// Has the library looked through, soon; asked for in the middle of a scan, by another one behind it.
  func lookAgain()
}

/// How it stands with the library, as clients see it.
public struct LibraryState: Sendable, Equatable, Encodable {
  /// Why there is no library to look through.
  public struct Problem: Sendable, Equatable, Encodable {
    /// `library_unavailable` or `library_empty`.
    public var code: String
    /// For people; holds no path.
    public var message: String

    public init(code: String, message: String) {
      self.code = code
      self.message = message
    }
  }

  /// Whether it's being looked through, or about to be.
  public var isScanning = false
  /// Files: of the scan that runs, or of the last one.
  public var found = 0
  public var added = 0
  public var updated = 0
  public var missing = 0
  public var failed = 0
  /// Unix seconds of the last scan's end, whatever came of it.
  public var scannedAt: Int64?
  public var problem: Problem?

  public init() {}
}

extension LibraryState: ResponseEncodable {}

/// `/api/v1/library`.
struct LibraryController: Sendable {
  let library: any LibraryScanning
  let gateway: StreamGateway

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.get("library") { _, _ in library.state }
    group.post("library/scan") { _, context in
      try gateway.spendScan(userId: try context.requireClaims().userID)
      library.lookAgain()
      return EditedResponse(status: .accepted, response: library.state)
    }
  }
}

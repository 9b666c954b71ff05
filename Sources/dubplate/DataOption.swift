import ArgumentParser
import DubplateServer
import Foundation

/// The data folder of the commands that work beside a running server.
struct DataOption: ParsableArguments {
  @Option(help: "Folder of the database (DUBPLATE_DATA; default ./data).")
  var data: String?

  /// - Parameter isMade: whether a data folder that isn't there is made.
  func accounts(isMade: Bool = false) throws -> Accounts {
    let environment = ProcessInfo.processInfo.environment
    do {
      return try Accounts(
        dataDirectory: data ?? environment["DUBPLATE_DATA"] ?? ServerConfiguration().dataDirectory,
        jwtSecret: environment["JWT_SECRET"], isMade: isMade)
    } catch {
      throw CommandFailure(error)
    }
  }
}

import ArgumentParser
import DubplateServer
import Foundation

/// The data folder of the commands that work beside a running server.
struct DataOption: ParsableArguments {
  @Option(help: "Folder of the database (DUBPLATE_DATA; default ./data).")
  var data: String?

  func accounts() throws -> Accounts {
    let environment = ProcessInfo.processInfo.environment
    do {
      return try Accounts(
        dataDirectory: data ?? environment["DUBPLATE_DATA"] ?? ServerConfiguration().dataDirectory,
        jwtSecret: environment["JWT_SECRET"])
    } catch {
      throw CommandFailure(error)
    }
  }
}

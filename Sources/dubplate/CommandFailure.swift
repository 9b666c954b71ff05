import DubplateServer
import Foundation

/// An error as one line for who typed the command.
struct CommandFailure: LocalizedError, CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description = error.plainWords
  }

  init(_ description: String) {
    self.description = description
  }

  var errorDescription: String? { description }
}

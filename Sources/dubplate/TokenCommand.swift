import ArgumentParser
import DubplateServer

/// `dubplate token`: access tokens without a login, for scripts and load tests.
struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Print an access token of an account.",
    discussion: """
      Whoever can read the data folder can make tokens. With --listeners it
      prints that many, one a line, each of a listener of its own with the
      account's plan: what a load test needs, since one account's devices share
      their state.

        dubplate token anna --listeners 5000 > tokens
        dubplate-load --url http://127.0.0.1:3001 --tokens tokens --listeners 5000
      """)

  @Argument(help: "The account's name.")
  var name: String
  @Option(help: "Minutes until it expires, 1 to 1440.")
  var minutes = 15
  @Option(help: "Print tokens for that many separate listeners (1 to 100000).")
  var listeners: Int?
  @OptionGroup var data: DataOption

  func validate() throws {
    guard (1...1_440).contains(minutes) else { throw ValidationError("--minutes must be from 1 to 1440") }
    guard (1...100_000).contains(listeners ?? 1) else { throw ValidationError("--listeners must be from 1 to 100000") }
  }

  func run() async throws {
    do {
      for token in try await data.accounts().tokens(username: name, minutes: minutes, listeners: listeners) {
        print(token)
      }
    } catch {
      throw CommandFailure(error)
    }
  }
}

import ArgumentParser
import DubplateServer
import Foundation

/// `dubplate user`: accounts, also while the server runs.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Add, list and remove accounts.",
    subcommands: [Add.self, List.self, Remove.self, Password.self])

  /// Where a new password comes from, and what guessing it costs.
  struct NewPassword: ParsableArguments {
    @Flag(help: "Read the password from standard input instead of asking.")
    var passwordStdin = false
    @Option(
      help: ArgumentHelp(
        "What a login, and a guess, costs: scrypt's N as a power of two, 10 to 17. A step more doubles time and memory; below 15 is for tests only.",
        valueName: "log2"))
    var passwordCost = 15

    func read() throws -> String { try PasswordPrompt.read(fromStandardInput: passwordStdin) }
  }

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add an account.",
      discussion: """
        The password (8 to 1,024 bytes) is asked for, or read from standard input:

          echo 'a long password' | dubplate user add anna --plan premium --password-stdin
        """)

    @Argument(help: "The name to log in with.")
    var name: String
    @Option(help: "free (up to 192 kbit/s) or premium (everything).")
    var plan = "free"
    @OptionGroup var password: NewPassword
    @OptionGroup var data: DataOption

    func run() async throws {
      let text = try password.read()
      do {
        try await data.accounts(isMade: true).add(
          username: name, plan: plan, password: text, costExponent: password.passwordCost)
      } catch {
        throw CommandFailure(error)
      }
      print("added \(name) (\(plan))")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the accounts: name, plan, since when.")
    @OptionGroup var data: DataOption

    func run() async throws {
      do {
        for account in try await data.accounts().list() {
          print(
            "\(account.username)\t\(account.plan)\t\(account.createdAt.formatted(.iso8601))\(account.isDisabled ? "\tdisabled" : "")"
          )
        }
      } catch {
        throw CommandFailure(error)
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove an account. Tokens it holds end within 15 minutes.")
    @Argument(help: "The account's name.")
    var name: String
    @OptionGroup var data: DataOption

    func run() async throws {
      do {
        try await data.accounts().remove(username: name)
      } catch {
        throw CommandFailure(error)
      }
      print("removed \(name)")
    }
  }

  struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give an account a new password.")
    @Argument(help: "The account's name.")
    var name: String
    @OptionGroup var password: NewPassword
    @OptionGroup var data: DataOption

    func run() async throws {
      let text = try password.read()
      do {
        try await data.accounts().setPassword(text, username: name, costExponent: password.passwordCost)
      } catch {
        throw CommandFailure(error)
      }
      print("changed the password of \(name)")
    }
  }
}

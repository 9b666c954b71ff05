import ArgumentParser
import DubplateServer
import Foundation

/// `dubplate user`: accounts, also while the server runs.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Add, list and remove accounts.",
    subcommands: [Add.self, List.self, Remove.self, Password.self])

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
    @Flag(help: "Read the password from standard input instead of asking.")
    var passwordStdin = false
    @OptionGroup var data: DataOption

    func run() async throws {
      let password = try PasswordPrompt.read(fromStandardInput: passwordStdin)
      do {
        try await data.accounts().add(username: name, plan: plan, password: password)
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
    @Flag(help: "Read the password from standard input instead of asking.")
    var passwordStdin = false
    @OptionGroup var data: DataOption

    func run() async throws {
      let password = try PasswordPrompt.read(fromStandardInput: passwordStdin)
      do {
        try await data.accounts().setPassword(password, username: name)
      } catch {
        throw CommandFailure(error)
      }
      print("changed the password of \(name)")
    }
  }
}

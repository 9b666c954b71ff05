import ArgumentParser
import DubplateServer
import Foundation

/// `dubplate user`: accounts, also while the server runs.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Add, list, change and remove accounts.",
    subcommands: [Add.self, List.self, Plan.self, Password.self, Remove.self])

  /// What an account has.
  enum PlanName: String, ExpressibleByArgument, CaseIterable {
    case free, premium
  }

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
        The password (8 to 1,024 bytes) is asked for, or read from standard
        input:

          dubplate user add anna --plan premium
          echo 'a long password' | dubplate user add anna --password-stdin
        """)

    @Argument(help: "The name to log in with.")
    var name: String
    @Option(help: "free (up to 192 kbit/s) or premium (everything).")
    var plan = PlanName.free
    @OptionGroup var password: NewPassword
    @OptionGroup var data: DataOption

    func run() async throws {
      let text = try password.read()
      do {
        try await data.accounts(isMade: true).add(
          username: name, plan: plan.rawValue, password: text, costExponent: password.passwordCost)
      } catch {
        throw CommandFailure(error)
      }
      print("added \(name) (\(plan.rawValue))")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the accounts: name, plan, since when.")
    @Flag(help: "An array of JSON objects, for programs.")
    var json = false
    @OptionGroup var data: DataOption

    /// An account as programs read it.
    private struct Row: Encodable {
      let username: String
      let plan: String
      let createdAt: Date
      let isDisabled: Bool
    }

    func run() async throws {
      let accounts: [Accounts.Account]
      do {
        accounts = try await data.accounts().list()
      } catch {
        throw CommandFailure(error)
      }
      if json {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let rows = accounts.map {
          Row(username: $0.username, plan: $0.plan, createdAt: $0.createdAt, isDisabled: $0.isDisabled)
        }
        print(String(decoding: try encoder.encode(rows), as: UTF8.self))
        return
      }
      let widest = max(accounts.map(\.username.count).max() ?? 0, "name".count)
      print("\(Self.padded("name", widest))  \(Self.padded("plan", 7))  since")
      for account in accounts {
        let since = account.createdAt.formatted(.iso8601) + (account.isDisabled ? "  disabled" : "")
        print("\(Self.padded(account.username, widest))  \(Self.padded(account.plan, 7))  \(since)")
      }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(width - text.count, 0))
    }
  }

  struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give an account another plan.",
      discussion: """
        A player that is open has it within five minutes.

          dubplate user plan anna premium
        """)
    @Argument(help: "The account's name.")
    var name: String
    @Argument(help: "free (up to 192 kbit/s) or premium (everything).")
    var plan: PlanName
    @OptionGroup var data: DataOption

    func run() async throws {
      do {
        try await data.accounts().setPlan(plan.rawValue, username: name)
      } catch {
        throw CommandFailure(error)
      }
      print("\(name) is on the \(plan.rawValue) plan")
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

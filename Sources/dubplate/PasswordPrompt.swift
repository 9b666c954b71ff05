import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Gets a password from who sits there, or from a pipe.
enum PasswordPrompt {
  static func read(fromStandardInput: Bool) throws -> String {
    if fromStandardInput {
      guard let line = readLine(strippingNewline: true) else {
        throw CommandFailure("there is no password on standard input")
      }
      return line
    }
    guard isatty(STDIN_FILENO) == 1, let entered = getpass("Password: ") else {
      throw CommandFailure("there is no terminal to ask for the password at: use --password-stdin")
    }
    return String(cString: entered)
  }
}

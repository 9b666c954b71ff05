import ArgumentParser
import DubplateServer

/// What is said of a subcommand that there isn't, before anything is parsed: to the parser it is only an unexpected
/// argument.
enum MistypedCommand {
  /// Nil where the arguments begin with subcommands that there are, or with none.
  static func complaint(about arguments: [String], in root: any ParsableCommand.Type) -> String? {
    var command = root
    var path = [root._commandName]
    for word in arguments {
      let names = command.configuration.subcommands.map { $0._commandName }
      // From here on it's arguments of a command's own.
      if names.isEmpty || word.hasPrefix("-") { return nil }
      if path.count == 1, word == "help" { continue }
      guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else {
        let hint =
          WordDistance.closest(to: word, among: names).map { "did you mean `\((path + [$0]).joined(separator: " "))`?" }
          ?? "there are \(names.joined(separator: ", "))"
        return "'\(path.joined(separator: " "))' has no command '\(LineText.escaped(word))'; \(hint)"
      }
      command = next
      path.append(word)
    }
    return nil
  }
}

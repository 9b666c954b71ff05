import ArgumentParser
import Foundation

@main
enum Program {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let complaint = MistypedCommand.complaint(about: arguments, in: Dubplate.self) {
      FileHandle.standardError.write(Data("Error: \(complaint)\n".utf8))
      Dubplate.exit(withError: ExitCode.validationFailure)
    }
    await Dubplate.main(arguments)
  }
}

struct Dubplate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dubplate",
    abstract: "A real-time music streaming server.",
    discussion: """
      Serve a folder of music to every device of every listener:

        dubplate user add anna --plan premium --data ./data
        dubplate serve --library /music --data ./data

      Every setting of `serve` is a flag, an environment variable or a line of
      a file given by --config, in that order.
      """,
    version: "0.1.0",
    subcommands: [
      ServeCommand.self, ScanCommand.self, UserCommand.self, TokenCommand.self, TranscodeCommand.self,
      AnalyseCommand.self, CacheCommand.self,
    ])
}

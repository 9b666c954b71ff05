import ArgumentParser
import DubplateServer
import Foundation

/// `dubplate scan`.
struct ScanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Look through the library now: new, changed and gone files.",
    discussion: """
      The server does the same at its start and every ten minutes. Beside a
      running server it has that one look, through its own library, and waits
      until it has.

        dubplate scan --library /music --data ./data

      Exit status: 0 looked through (skipped files are listed), 1 it could not
      be.
      """)

  @OptionGroup var places: PlaceOptions

  func run() async throws {
    let meter = LineMeter()
    let result: LibraryScan.Result
    do {
      result = try await LibraryScan(try places.read()).run { progress in
        switch progress {
        case .found(let count): meter.show("\(count) files")
        case .asked(let pid): meter.say("the server (pid \(pid)) looks through its library")
        case .waiting(let pid): meter.say("another scan runs (pid \(pid)), and is waited for")
        }
      }
    } catch {
      meter.end()
      throw CommandFailure(error)
    }
    meter.end()
    print(
      "\(result.found) file\(result.found == 1 ? "" : "s"): \(result.added) new, \(result.updated) changed, \(result.missing) gone, "
        + "\(result.failed) skipped")
    for file in result.skipped { print("skipped: \(LineText.escaped(file.path)): \(LineText.escaped(file.reason))") }
  }
}

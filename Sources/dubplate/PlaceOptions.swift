import ArgumentParser
import DubplateServer
import Foundation

/// Where things are: of the server, and of commands that work on the library beside it.
struct PlaceOptions: ParsableArguments {
  @Option(help: "Folder of the database and of finished segments (DUBPLATE_DATA; default ./data).")
  var data: String?
  @Option(help: "Folder of the music (DUBPLATE_LIBRARY; default ./library).")
  var library: String?
  @Option(help: "Bytes of finished segments on disk, such as 500M or 10G (DUBPLATE_SEGMENT_BUDGET; default 10G).")
  var segmentBudget: String?

  /// The settings, read as `serve` reads them.
  func read() throws -> ServerConfiguration {
    let flags: [ConfigurationKey: String?] = [.data: data, .library: library, .segmentBudget: segmentBudget]
    do {
      return try ConfigurationReader(
        flags: flags.compactMapValues { $0 }, environment: ProcessInfo.processInfo.environment
      ).read()
    } catch {
      throw CommandFailure(error)
    }
  }
}

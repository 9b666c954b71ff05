import ArgumentParser
import DubplateServer
import Foundation
import Segments

/// `dubplate cache`: the finished segments on disk, also while the server runs.
struct CacheCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Look after the finished segments on disk.",
    discussion: "All of them can be made again: to clear the cache costs encoder time, and no sound.",
    subcommands: [Stats.self, Verify.self, Clear.self])

  struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say how much there is, by rendition.")
    @OptionGroup var places: PlaceOptions

    func run() async throws {
      do {
        let usage = try places.read().storeMaintenance().usage()
        print(["rendition".padded(14), "tracks".padded(10), "segments".padded(12), "size"].joined())
        var (segments, bytes) = (0, 0)
        for (name, row) in usage.sorted(by: { $0.key < $1.key }) {
          print(
            [name.padded(14), "\(row.tracks)".padded(10), "\(row.segments)".padded(12), ByteText.of(row.bytes)].joined()
          )
          (segments, bytes) = (segments + row.segments, bytes + row.bytes)
        }
        print(["all".padded(14), "".padded(10), "\(segments)".padded(12), ByteText.of(bytes)].joined())
      } catch {
        throw CommandFailure(error)
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read every segment and remove those that are damaged.",
      discussion: "Exit status: 0 all were whole, 1 some were removed (they are listed).")
    @OptionGroup var places: PlaceOptions

    func run() async throws {
      let result: (whole: Int, removed: [String])
      do {
        result = try places.read().storeMaintenance().verify { done, all in
          if isatty(STDERR_FILENO) == 1, done % 100 == 0 || done == all {
            FileHandle.standardError.write(Data("\r\u{1B}[K\(done)/\(all)\(done == all ? "\n" : "")".utf8))
          }
        }
      } catch {
        throw CommandFailure(error)
      }
      for name in result.removed { print("removed: \(name)") }
      print("\(result.whole) segments are whole, \(result.removed.count) were damaged")
      if !result.removed.isEmpty { throw ExitCode(1) }
    }
  }

  struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove all segments, or those of one rendition.")
    @Option(help: "The rendition's name, as `stats` shows it.")
    var rendition: String?
    @OptionGroup var places: PlaceOptions

    func run() async throws {
      do {
        let removed = try places.read().clearStore(rendition: rendition)
        print("removed \(removed.segments) segments, \(ByteText.of(removed.bytes))")
      } catch {
        throw CommandFailure(error)
      }
    }
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { padding(toLength: width, withPad: " ", startingAt: 0) }
}

import Foundation
import Testing

/// Rules of the source tree that are cheap to check.
struct LayoutTests {
  static let longestFile = 400

  /// Swift files of this package by path below its root, generated ones left out.
  static func swiftFiles(in folders: [String] = ["Sources", "Tests"]) throws -> [(path: String, text: String)] {
    try folders.flatMap { folder -> [(path: String, text: String)] in
      let base = PackageManifest.root.appending(path: folder)
      let names = try FileManager.default.subpathsOfDirectory(atPath: base.path(percentEncoded: false))
      return try names.filter { $0.hasSuffix(".swift") && !$0.hasSuffix(".pb.swift") }.map { name in
        ("\(folder)/\(name)", try String(contentsOf: base.appending(path: name), encoding: .utf8))
      }
    }
  }

  /// Modules that a source text imports.
  static func imports(of text: String) -> Set<String> {
    var modules: Set<String> = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let keyword = words.firstIndex(of: "import"), words.count > keyword + 1,
        words[..<keyword].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal", "private"].contains($0) })
      else { continue }
      // `import struct Foundation.URL` names its module behind the kind of what it imports.
      let name = words.count > keyword + 2 ? words[keyword + 2] : words[keyword + 1]
      modules.insert(String(name.split(separator: ".")[0]))
    }
    return modules
  }

  @Test func noFileIsLongerThanAReaderFollows() throws {
    let files = try Self.swiftFiles()
    #expect(files.count > 20, "the source tree wasn't found")
    for (path, text) in files {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(lines <= Self.longestFile + 1, "\(path) has \(lines) lines")
    }
  }

  @Test func onlyAudioCodecSeesCodecLibraries() throws {
    for (path, text) in try Self.swiftFiles() where !path.hasPrefix("Sources/AudioCodec/") {
      #expect(Self.imports(of: text).isDisjoint(with: ["CFFmpeg", "CVorbis"]), "\(path) imports a codec library")
    }
  }

  @Test func onlyCatalogSeesTheDatabase() throws {
    for (path, text) in try Self.swiftFiles(in: ["Sources"]) where !path.hasPrefix("Sources/Catalog/") {
      #expect(!Self.imports(of: text).contains("GRDB"), "\(path) imports GRDB")
    }
  }

  @Test func whatDecidesHasNoClockOfItsOwn() throws {
    for (path, text) in try Self.swiftFiles(in: ["Sources/EngineIO", "Sources/SocketIO", "Sources/Playback"]) {
      for forbidden in ["Date()", "Date.now", "ContinuousClock()", ".random(", "Task {", "Task.sleep"] {
        #expect(!text.contains(forbidden), "\(path) uses \(forbidden)")
      }
    }
  }

  @Test func importsAreReadAsTheyStand() {
    let text = "import A\n@testable import B\npublic import C\nimport struct D.E\n// import F\nlet s = \"import G\""
    #expect(Self.imports(of: text) == ["A", "B", "C", "D"])
  }
}

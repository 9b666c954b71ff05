import Foundation

/// The package as SwiftPM understands it: `swift package dump-package`, as far as these tests ask.
struct PackageManifest: Decodable {
  struct Target: Decodable {
    let name: String
    let type: String
    let dependencies: [Dependency]
  }

  /// A dependency of a target: a target or product of this package by name, or a product of another package.
  struct Dependency: Decodable {
    let name: String
    /// The package that it comes from; nil for one named without a package.
    let package: String?

    private enum Kind: String, CodingKey, CaseIterable {
      case byName, target, product
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Kind.self)
      guard let kind = Kind.allCases.first(where: container.contains) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "a dependency of an unknown kind"))
      }
      var values = try container.nestedUnkeyedContainer(forKey: kind)
      name = try values.decode(String.self)
      package = kind == .product ? try values.decodeIfPresent(String.self) : nil
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let targets: [Target]

  /// The folder that holds `Package.swift`.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The manifest, asked for once.
  static func dumped() throws -> PackageManifest { try answer.get() }

  private static let answer = Result { try ask() }

  /// Asks SwiftPM. The scratch folder is one of its own: the usual one is locked while tests run.
  private static func ask() throws -> PackageManifest {
    let scratch = URL.temporaryDirectory.appending(path: "dubplate-manifest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }

    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "swift", "package", "--package-path", root.path(percentEncoded: false),
      "--scratch-path", scratch.path(percentEncoded: false), "dump-package",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "swift package dump-package ended with \(process.terminationStatus)")
    }
    return try JSONDecoder().decode(PackageManifest.self, from: data)
  }

  /// Names of the targets that ship: everything but tests.
  var shippedNames: Set<String> { Set(targets.filter { $0.type != "test" }.map(\.name)) }

  /// Which of the package's own targets each shipped target depends on.
  var arrows: [String: Set<String>] {
    let own = shippedNames
    return Dictionary(
      uniqueKeysWithValues: targets.filter { own.contains($0.name) }.map { target in
        (target.name, Set(target.dependencies.filter { $0.package == nil && own.contains($0.name) }.map(\.name)))
      })
  }

  /// Products of other packages that a target reaches, by itself or through targets it depends on.
  func outsideProducts(of name: String) -> Set<String> {
    var products: Set<String> = []
    var visited: Set<String> = []
    var pending = [name]
    while let next = pending.popLast() {
      guard visited.insert(next).inserted, let target = targets.first(where: { $0.name == next }) else { continue }
      for dependency in target.dependencies {
        if dependency.package == nil, shippedNames.contains(dependency.name) {
          pending.append(dependency.name)
        } else {
          products.insert(dependency.name)
        }
      }
    }
    return products
  }
}

// swift-tools-version: 6.2
import PackageDescription

// The fuzzers; a package of their own, because everything in it is built with libFuzzer's instrumentation.
let package = Package(
  name: "fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "dubplate", path: ".."),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
  ],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        .product(name: "SocketIO", package: "dubplate"), .product(name: "EngineIO", package: "dubplate"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ],
  swiftLanguageModes: [.v6]
)

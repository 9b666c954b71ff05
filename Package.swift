// swift-tools-version: 6.2
import PackageDescription

// Every target of this package is written in Swift 6 mode and compiles without a warning.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// Names of the packages that are depended on, so that a target's list below reads as a list of products.
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let dequeModule = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heapModule = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "dubplate",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "EngineIO", targets: ["EngineIO"]),
    .library(name: "SocketIO", targets: ["SocketIO"]),
    .library(name: "SocketIOServer", targets: ["SocketIOServer"]),
    .executable(name: "dubplate", targets: ["dubplate"]),
    .executable(name: "dubplate-load", targets: ["dubplate-load"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
  ],
  targets: [
    // Protocols: sans-I/O.
    .target(name: "EngineIO", dependencies: [nioCore], swiftSettings: strict),
    .target(name: "SocketIO", dependencies: ["EngineIO", nioCore], swiftSettings: strict),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "SocketIOServer",
      dependencies: [
        "EngineIO", "SocketIO", "CZlib", .target(name: "CLinux", condition: .when(platforms: [.linux])), nioCore,
        nioPosix,
        nioHTTP1, nioWebSocket, httpTypes, nioHTTPTypes, nioHTTPTypesHTTP1,
        logging, dequeModule, hummingbirdCore, crypto,
      ],
      swiftSettings: strict),

    // Sound.
    .systemLibrary(
      name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswresample libswscale libavutil",
      providers: [
        .apt(["libavformat-dev", "libavcodec-dev", "libswresample-dev", "libswscale-dev", "libavutil-dev"])
      ]),
    .systemLibrary(name: "CVorbis", pkgConfig: "vorbisenc vorbis ogg", providers: [.apt(["libvorbis-dev"])]),
    .systemLibrary(name: "CEBUR128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
    .target(name: "AudioCodec", dependencies: ["CFFmpeg", "CVorbis", "CEBUR128"], swiftSettings: strict),
    .target(
      name: "Segments", dependencies: ["AudioCodec", nioCore, nioPosix, logging, dequeModule, heapModule, crypto],
      swiftSettings: strict),
    .target(name: "Packaging", dependencies: ["Segments", "AudioCodec", nioCore], swiftSettings: strict),
    .target(name: "Playback", swiftSettings: strict),

    // What is known: tracks and people.
    .target(name: "Catalog", dependencies: ["AudioCodec", grdb, logging, crypto], swiftSettings: strict),
    .target(name: "Access", dependencies: [crypto, cryptoExtras, jwtKit], swiftSettings: strict),

    // The ways in.
    .target(
      name: "Gateway",
      dependencies: [
        "SocketIO", "SocketIOServer", "Segments", "AudioCodec", "Playback", "Catalog", "Access", nioCore, logging,
        dequeModule,
        orderedCollections,
      ],
      swiftSettings: strict),
    .target(name: "CPlayerFiles"),
    .target(
      name: "WebAPI",
      dependencies: [
        "Gateway", "Packaging", "Segments", "AudioCodec", "Catalog", "Access", "SocketIOServer", "CPlayerFiles",
        "CBrotli", "CZlib",
        hummingbird, hummingbirdCore, httpTypes, nioCore, nioHTTP1, nioPosix, logging, crypto,
      ],
      exclude: ["Resources"], swiftSettings: strict),

    // Composition.
    .target(
      name: "DubplateServer",
      dependencies: [
        "WebAPI", "Gateway", "SocketIO", "SocketIOServer", "Segments", "AudioCodec", "Catalog", "Access",
        .target(name: "CLinux", condition: .when(platforms: [.linux])), hummingbird, nioCore, nioPosix, nioSSL,
        logging, serviceLifecycle, unixSignals,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "dubplate", dependencies: ["DubplateServer", "Segments", argumentParser, logging], swiftSettings: strict),
    .executableTarget(
      name: "dubplate-load",
      dependencies: [nioCore, nioPosix, nioHTTP1, argumentParser],
      swiftSettings: strict),

    // Programs on the Socket.IO library alone.
    .executableTarget(
      name: "chat", dependencies: ["SocketIO", "SocketIOServer", hummingbird, logging], path: "Examples/chat",
      swiftSettings: strict),
    .executableTarget(
      name: "conformance",
      dependencies: ["EngineIO", "SocketIO", "SocketIOServer", hummingbird, nioCore, logging, argumentParser],
      path: "Examples/conformance", swiftSettings: strict),
    .executableTarget(
      name: "scenarios",
      dependencies: [
        "EngineIO", "SocketIO", "SocketIOServer", hummingbird, httpTypes, nioCore, logging, argumentParser,
      ],
      path: "Examples/scenarios", swiftSettings: strict),

    // What chooses bitrates, held against recorded networks.
    .executableTarget(
      name: "abr-simulator", dependencies: ["Playback", argumentParser], path: "Benchmarks/abr", swiftSettings: strict),

    // Tests mirror the source tree.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "ArchitectureTests", swiftSettings: strict),
    .testTarget(name: "EngineIOTests", dependencies: ["EngineIO", "TestSupport", nioCore], swiftSettings: strict),
    .testTarget(name: "SocketIOTests", dependencies: ["SocketIO", "TestSupport", nioCore], swiftSettings: strict),
    .testTarget(
      name: "FuzzTests", dependencies: ["EngineIO", "SocketIO", nioCore], exclude: ["Corpus"], swiftSettings: strict),
    .testTarget(
      name: "SocketIOServerTests",
      dependencies: [
        "SocketIOServer", "SocketIO", "EngineIO", "TestSupport", hummingbird, logging, nioCore, nioPosix, nioEmbedded,
      ],
      swiftSettings: strict),
    .testTarget(name: "AudioCodecTests", dependencies: ["AudioCodec", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "SegmentsTests", dependencies: ["Segments", "AudioCodec", logging, nioCore, nioPosix], swiftSettings: strict
    ),
    .testTarget(
      name: "PackagingTests", dependencies: ["Packaging", "Segments", "AudioCodec", logging, nioCore],
      swiftSettings: strict),
    .testTarget(name: "PlaybackTests", dependencies: ["Playback", "abr-simulator"], swiftSettings: strict),
    .testTarget(name: "CatalogTests", dependencies: ["Catalog", "AudioCodec", grdb], swiftSettings: strict),
    .testTarget(name: "AccessTests", dependencies: ["Access", crypto, jwtKit], swiftSettings: strict),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Gateway", "Access", "AudioCodec", "Catalog", logging, "Playback", "Segments", "SocketIOServer", "TestSupport",
        nioCore, nioPosix, protobuf,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "WebAPITests", dependencies: ["WebAPI", hummingbirdCore, httpTypes, nioCore], swiftSettings: strict),
    .testTarget(
      name: "DubplateServerTests",
      dependencies: ["DubplateServer", "SocketIOServer", "WebAPI", "Catalog", "Access", nioCore, logging],
      swiftSettings: strict),
    .testTarget(
      name: "LoadGeneratorTests", dependencies: ["dubplate-load", argumentParser, nioCore, nioEmbedded],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

import Foundation
import Logging
import SocketIOServer
import Testing

@testable import DubplateServer

@Suite struct ConfigurationReaderTests {
  private func read(
    _ flags: [ConfigurationKey: String] = [:], environment: [String: String] = [:], file: String? = nil
  ) throws -> ServerConfiguration {
    try ConfigurationReader(flags: flags, environment: environment, file: file).read()
  }

  @Test func withoutAnythingTheDefaultsHold() throws {
    let configuration = try read()
    #expect(configuration.port == 3001)
    #expect(configuration.host == "127.0.0.1")
    #expect(configuration.segmentBudgetBytes == 10 << 30)
    #expect(configuration.allowedOrigins.isEmpty)
  }

  @Test func aFlagGoesBeforeTheEnvironmentThatBeforeTheFile() throws {
    let file = "# a comment\n\nPORT = 1\nHOST=file\nLOG_LEVEL=debug\n"
    let configuration = try read([.port: "3"], environment: ["PORT": "2", "HOST": "environment"], file: file)
    #expect(configuration.port == 3)
    #expect(configuration.host == "environment")
    #expect(configuration.logLevel == .debug)
  }

  @Test func anEmptyValueSaysNothing() throws {
    #expect(try read(environment: ["PORT": ""]).port == 3001)
  }

  @Test(arguments: [
    ("1048576", 1 << 20), ("1M", 1 << 20), ("512m", 512 << 20), ("2048K", 2 << 20), ("10G", 10 << 30), ("1T", 1 << 40),
  ])
  func byteCountsHaveUnits(text: String, bytes: Int) throws {
    #expect(try read([.segmentBudget: text]).segmentBudgetBytes == bytes)
  }

  @Test(
    arguments: [
      (.port, "70000"), (.port, "-1"), (.port, "many"), (.segmentBudget, "10"), (.segmentBudget, "9999999999999T"),
      (.memoryBudget, "lots"),
      (.memoryBudget, "-5G"), (.encoders, "1.5"), (.scanInterval, "-1"), (.logLevel, "loud"), (.jwtSecret, "short"),
      (.allowedOrigins, "music.example"), (.allowedOrigins, "null"), (.allowedOrigins, "https://music.example/path"),
      (.socketIOClient, "/nowhere/socket.io.js"), (.analysis, "0"), (.analysis, "perhaps"), (.watch, "perhaps"),
      (.analysis, "65"),
      (.trustedProxies, "10.0.0.0/33"), (.trustedProxies, "nginx"), (.trustedProxies, "10.0.0.1, "),
    ] as [(ConfigurationKey, String)])
  func aBadValueNamesItsKey(key: ConfigurationKey, value: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try read(environment: [key.rawValue: value]) }
    let text = try #require(error).description
    #expect(text.contains(key.rawValue))
    if let flag = key.flag { #expect(text.contains(flag)) }
    #expect(text.contains("'\(value)'") != key.isSecret && text.contains("the environment"))
  }

  @Test func aCertificateAndItsKeyComeTogether() throws {
    #expect(try read().tls == nil)
    let both = try read([.tlsCertificate: "a.pem"], environment: ["DUBPLATE_TLS_KEY": "b.pem"]).tls
    #expect(try #require(both) == ("a.pem", "b.pem"))
    for (given, missing) in [(ConfigurationKey.tlsCertificate, "--tls-key"), (.tlsKey, "--tls-cert")] {
      let error = #expect(throws: ConfigurationError.self) { try read([given: "a.pem"]) }
      #expect(try #require(error).description.contains("'\(missing) /"))
    }
  }

  @Test func trustedProxiesAreThisMachineAndWhoIsNamed() throws {
    #expect(try read().trustedProxies == AddressRange.loopback)
    let named = try ["10.0.0.0/8", "fd00::1"].map { try #require(AddressRange($0)) }
    #expect(try read([.trustedProxies: "10.0.0.0/8, fd00::1"]).trustedProxies == AddressRange.loopback + named)
  }

  @Test(arguments: [
    ("PRT=3", "there is no setting 'PRT'; did you mean PORT?"), ("port = 3", "'port'; did you mean PORT?"),
    ("DUBPLATE_LIBARY=/music", "did you mean DUBPLATE_LIBRARY?"), ("PORT 3", "must be KEY=value"),
    ("=3", "there is no setting ''; there are HOST, PORT"),
  ])
  func aFileWithALineThatMeansNothingIsRefused(line: String, complaint: String) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationReader(flags: [:], environment: [:], file: "HOST=x\n\(line)\n", named: "my.conf")
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("my.conf, line 2: ") && text.contains(complaint), "\(text)")
  }

  @Test func aBadValueOfAFileIsFoundAtItsLine() throws {
    let reader = try ConfigurationReader(flags: [:], environment: [:], file: "# x\n\nPORT=many\n", named: "my.conf")
    let error = #expect(throws: ConfigurationError.self) { try reader.read() }
    #expect(
      error?.description
        == "'--port / PORT' must be a whole number from 0 to 65535, not 'many' (from my.conf, line 3)")
  }

  @Test func originsAreListed() throws {
    let configuration = try read([.allowedOrigins: "https://A.example:443, http://b.example:8080 ,*"])
    #expect(configuration.allowedOrigins == ["https://a.example", "http://b.example:8080", "*"])
  }

  @Test(arguments: [("on", 1), ("OFF", 0), ("4", 4)])
  func analysisIsOnOffOrAtSomeWidth(text: String, tracks: Int) throws {
    #expect(try read([.analysis: text]).analysisTracks == tracks)
    #expect(try read().analysisTracks == 1)
  }

  @Test func everyKeyIsInTheReadme() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    for key in ConfigurationKey.allCases {
      #expect(readme.contains("`\(key.rawValue)`"), "\(key.rawValue)")
      if let flag = key.flag { #expect(readme.contains("`\(flag)`"), "\(flag)") }
    }
  }
}

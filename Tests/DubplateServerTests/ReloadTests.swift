import Foundation
import Logging
import Testing

@testable import DubplateServer

@Suite struct ReloadTests {
  @Test func aThresholdHoldsForAllLoggersThatAreMadeOfIt() {
    let threshold = LogThreshold(.warning)
    let first = threshold.logger(label: "a")
    var second = first
    second.logLevel = .error
    #expect(first.logLevel == .warning && second.logLevel == .error)
    for level in Logger.Level.allCases {
      threshold.level = level
      #expect(threshold.level == level && first.logLevel == level)
      #expect(second.logLevel == max(level, .error))
    }
  }

  @Test func aScanIsDueWhenItIsAskedForAndOnceForSeveral() async {
    let schedule = ScanSchedule(intervalSeconds: 0)
    schedule.scanNow()
    schedule.scanNow()
    #expect(await schedule.next())
    let waiting = Task { await schedule.next() }
    waiting.cancel()
    #expect(await waiting.value == false)
  }

  @Test func aScanIsDueWhenItsIntervalHasPassed() async {
    #expect(await ScanSchedule(intervalSeconds: 1).next())
  }

  @Test func whatNeedsARestartIsNamed() {
    var other = ServerConfiguration()
    #expect(ServerConfiguration().settingsThatNeedRestart(for: other).isEmpty)
    other.allowedOrigins = ["*"]
    other.logLevel = .debug
    other.scanIntervalSeconds = 1
    other.audioKeys = [("k", Array("secret".utf8))]
    #expect(ServerConfiguration().settingsThatNeedRestart(for: other).isEmpty)
    other.port = 1
    other.dataDirectory = "/elsewhere"
    #expect(ServerConfiguration().settingsThatNeedRestart(for: other) == [.port, .data])
  }

  @Test func theBrowserClientIsLookedForBesideTheProgramAndInItsCheckout() {
    let places = BrowserClient.candidates(program: URL(filePath: "/src/dubplate/.build/linux/release/dubplate"))
    #expect(places.first == "/src/dubplate/.build/linux/release/socket.io.min.js")
    #expect(places.contains("/src/dubplate/.build-assets/socket.io.min.js"))
    let installed = BrowserClient.candidates(program: URL(filePath: "/opt/bin/dubplate"))
    #expect(installed.contains("/opt/share/dubplate/socket.io.min.js"))
    #expect(installed.allSatisfy { $0.hasPrefix("/") && !$0.contains("//") })
  }
}

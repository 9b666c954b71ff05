import ArgumentParser
import NIOCore
import Testing

@testable import dubplate_load

@Suite struct AddressScopeTests {
  @Test(arguments: [
    ("127.0.0.1", AddressScope.loopback), ("127.9.9.9", .loopback), ("::1", .loopback), ("::ffff:127.0.0.1", .loopback),
    ("10.1.2.3", .privateNetwork), ("172.16.0.1", .privateNetwork), ("172.31.255.1", .privateNetwork),
    ("192.168.1.1", .privateNetwork), ("169.254.0.1", .privateNetwork), ("fd00::1", .privateNetwork),
    ("fe80::1", .privateNetwork), ("::ffff:10.0.0.1", .privateNetwork), ("172.32.0.1", .remote), ("8.8.8.8", .remote),
    ("192.169.0.1", .remote), ("2001:db8::1", .remote), ("::", .remote), ("0.0.0.0", .remote),
    ("::ffff:8.8.8.8", .remote),
  ])
  func `addresses are told apart`(text: String, scope: AddressScope) throws {
    #expect(AddressScope(try SocketAddress(ipAddress: text, port: 80)) == scope)
  }

  @Test func `strangers need permission`() throws {
    #expect(throws: (any Error).self) {
      try DubplateLoad.parse(["--token", "t", "--url", "http://203.0.113.9"]).options.resolveTarget()
    }
    let allowed = try DubplateLoad.parse(["--token", "t", "--url", "http://203.0.113.9", "--allow-remote"])
    #expect(try allowed.options.resolveTarget().authority == "203.0.113.9:80")
  }

  @Test(arguments: ["127.0.0.1:3001", "https://127.0.0.1", "http://", "http://127.0.0.1/x", "http://127.0.0.1:0", ""])
  func `what is no address of a server is refused`(url: String) {
    #expect(throws: (any Error).self) { try LoadTarget(url: url) }
  }

  @Test func `source addresses are spread when one has too few ports`() throws {
    func source(_ peak: Int, _ index: Int) throws -> String? {
      let plan = LoadPlan(
        target: try LoadTarget(url: "http://localhost:1"), tracks: [],
        schedule: LoadSchedule(listeners: peak, ramp: 0, duration: 1), quality: "auto")
      return plan.sourceAddress(ofListener: index)?.ipAddress
    }
    #expect(try source(10_000, 9_999) == nil)
    #expect(try source(60_000, 0) == "127.0.0.1")
    #expect(try source(60_000, 59_999) == "127.0.0.3")
  }
}

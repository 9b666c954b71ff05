import Foundation
import Testing
import WebAPI

@testable import Catalog
@testable import DubplateServer

@Suite struct ScanDeskTests {
  private let readiness = Readiness()
  private var desk: ScanDesk { ScanDesk(schedule: ScanSchedule(intervalSeconds: 0), readiness: readiness) }

  @Test func whoAsksInTheMiddleOfAScanIsAnsweredByTheNext() async {
    let desk = desk
    #expect(!desk.state.isScanning)
    desk.lookAgain()
    #expect(desk.state.isScanning)
    #expect(await desk.schedule.next())
    desk.begin()
    desk.lookAgain()
    desk.end(ScanProgress(), now: Date(timeIntervalSince1970: 7))
    #expect(desk.state.isScanning && desk.state.scannedAt == 7)
    #expect(await desk.schedule.next())
    desk.begin()
    desk.breakOff(now: Date())
    #expect(!desk.state.isScanning)
  }

  @Test func aMissingLibraryIsSaidToEverybodyWithoutItsPathAndOnceInTheLog() {
    let desk = desk
    readiness.becomeReady()
    let error = ScanError.libraryUnavailable(path: "/secret/music", reason: "No such file or directory")
    #expect(desk.fail(error, now: Date()))
    #expect(!desk.fail(error, now: Date()))
    #expect(readiness.reason == "the music folder can't be read: No such file or directory")
    #expect(desk.state.problem?.code == "library_unavailable")
    #expect(desk.fail(.libraryEmpty(knownTracks: 3), now: Date()))
    desk.end(ScanProgress(), now: Date())
    #expect(readiness.reason == nil && desk.state.problem == nil)
  }
}

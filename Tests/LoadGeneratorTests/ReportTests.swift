import Foundation
import Testing

@testable import dubplate_load

@Suite struct ReportTests {
  private func report(_ change: (inout Tally) -> Void = { _ in }) throws -> Report {
    let plan = LoadPlan(
      target: try LoadTarget(url: "http://127.0.0.1:1"), tracks: [LoadTrack(id: "a", duration: 60)],
      schedule: LoadSchedule(listeners: 1_234, ramp: 1, duration: 2), quality: "192kbps")
    var tally = Tally()
    for value in 1...100 { tally.firstChunkLatency.record(nanoseconds: Int64(value) * 1_000_000) }
    change(&tally)
    return Report(plan: plan, tally: tally, url: "http://127.0.0.1:1", seconds: 3, interrupted: false)
  }

  @Test func `within its bounds a report crosses nothing`() throws {
    let bounds = Thresholds(firstChunkP99Milliseconds: 101, gaps: 0, errors: 0)
    #expect(try bounds.crossings(of: report()) == [])
  }

  @Test func `each bound is held on its own`() throws {
    let bad = try report {
      $0.gaps = 2
      $0.disconnects = 1
      $0.countError("busy")
      $0.seqHoles = 1
    }
    #expect(Thresholds(firstChunkP99Milliseconds: 98).crossings(of: bad).count == 1)
    #expect(Thresholds(gaps: 1).crossings(of: bad).count == 1)
    #expect(Thresholds(gaps: 2, errors: 3).crossings(of: bad).isEmpty)
    #expect(Thresholds(errors: 2).crossings(of: bad) == ["errors, disconnects and missing chunks: 3, more than 2"])
  }

  @Test func `silence crosses a latency bound`() throws {
    #expect(try Thresholds(seekP99Milliseconds: 1_000).crossings(of: report()).count == 1)
  }

  @Test func `the table names what went wrong`() throws {
    let table = try report {
      $0.gaps = 3
      $0.gapNanoseconds = 1_500_000_000
      $0.countError("play_track:busy", times: 1_200)
    }.table
    #expect(table.contains("1,234 listeners"))
    #expect(table.contains("1.50 s of silence"))
    #expect(table.contains("play_track:busy × 1,200"))
  }

  @Test func `the JSON comes back as it went`() throws {
    let before = try report { $0.countError("x") }
    #expect(try JSONDecoder().decode(Report.self, from: JSONEncoder().encode(before)) == before)
  }

  @Test func `error codes are bounded`() {
    var tally = Tally()
    for number in 0..<500 { tally.countError("code\(number)") }
    #expect(tally.errors.count <= Limits.errorCodes + 1)
    #expect(tally.errorCount == 500)
  }

  @Test func `a process is read even if its name has spaces and parentheses`() {
    let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0"
    let status = "Name:\ta\nVmRSS:\t    2048 kB\n"
    #expect(
      ServerGauge.reading(stat: stat, status: status, ticksPerSecond: 100)
        == ServerGauge.Reading(cpuSeconds: 4, residentBytes: 2_097_152))
    #expect(ServerGauge.reading(stat: "", status: status, ticksPerSecond: 100) == nil)
  }

  @Test func `a queue gives out what is due, in order`() {
    var queue = DueQueue<Int>()
    for number in 0..<100 { queue.append(number, due: Int64(number)) }
    var found: [Int] = []
    while let next = queue.popDue(at: 49) { found.append(next) }
    #expect(found == Array(0..<50))
    #expect(!queue.isEmpty)
    while queue.popDue(at: 1_000) != nil {}
    #expect(queue.isEmpty)
  }
}

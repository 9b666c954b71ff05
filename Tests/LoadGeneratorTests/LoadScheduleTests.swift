import ArgumentParser
import Testing

@testable import dubplate_load

@Suite struct LoadScheduleTests {
  @Test func `a ramp is a straight line and then holds until the end`() {
    let schedule = LoadSchedule(listeners: 1_000, ramp: 10, duration: 30)
    #expect([-1, 0, 2.5, 5, 10, 40, 99].map { schedule.target(at: $0) } == [0, 0, 250, 500, 1_000, 1_000, 1_000])
    #expect(schedule.totalSeconds == 40)
    #expect(schedule.steady == 10...40)
  }

  @Test func `a ramp of no length has everyone at once`() {
    #expect(LoadSchedule(listeners: 40, ramp: 0, duration: 5).target(at: 0) == 40)
  }

  @Test func `stages go up and down`() throws {
    let stages = try #require(StagesArgument(argument: "2m:100,5m:100,1m:20,10s:20"))
    let schedule = LoadSchedule(stages: stages.stages)
    #expect([60, 120, 419, 450, 485].map { schedule.target(at: $0) } == [50, 100, 100, 60, 20])
    #expect(schedule.peak == 100)
    #expect(schedule.steady == 120...420)
  }

  @Test func `without a level stage there is no steady phase`() {
    #expect(LoadSchedule(stages: [.init(duration: 5, target: 5), .init(duration: 5, target: 0)]).steady == nil)
  }
}

@Suite struct ArgumentTests {
  @Test(arguments: [
    ("10s", 10.0), ("250ms", 0.25), ("2m", 120), ("1h", 3_600), ("1m30s", 90), ("7", 7), ("1.5s", 1.5), ("0s", 0),
  ])
  func `lengths of time are read as people write them`(text: String, seconds: Double) {
    #expect(DurationArgument(argument: text)?.seconds == seconds)
  }

  @Test(arguments: ["", "s", "10x", "-1s", "1s1m", "1s1s", "nan", "inf", "0x10", "1..5s", "1e3", "25h", "10s ", "٣s"])
  func `what is no length of time is refused`(text: String) {
    #expect(DurationArgument(argument: text) == nil)
  }

  @Test(arguments: ["", "2m", "2m:", ":5", "2m:100,", "2m:-1", "2m:1.5", "2m:100:3", "x:1", "1s:200001"])
  func `what are no stages is refused`(text: String) {
    #expect(StagesArgument(argument: text) == nil)
  }

  @Test(arguments: [
    ["--token", "t", "--listeners", "0"], ["--token", "t", "--duration", "0s", "--ramp", "0s"], [],
    ["--token", "t", "--username", "u", "--password", "p"], ["--username", "u"], ["--token", "t", "--stages", "1s:0"],
    ["--token", "t", "--max-p99-ms", "nan"], ["--token", "t", "--max-seek-p99-ms", "5"],
    ["--token", "t", "--buffer-seconds", "500"], ["--token", "t", "--pid", "0"], ["--token", "t", "--format", "xml"],
  ])
  func `unusable arguments are refused`(arguments: [String]) {
    #expect(throws: (any Error).self) { try DubplateLoad.parse(arguments) }
  }

  @Test func `the defaults are usable`() throws {
    let options = try DubplateLoad.parse(["--token", "t"]).options
    #expect(options.schedule == LoadSchedule(listeners: 100, ramp: 10, duration: 30))
  }
}

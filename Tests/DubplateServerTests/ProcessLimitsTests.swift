import Logging
import Testing

@testable import DubplateServer

struct ProcessLimitsTests {
  /// What connections leave is enough for everything else that opens files, whatever the bound is.
  @Test(arguments: [112, 256, 1_024, 4_096, 65_536, 1_048_576])
  func connectionsLeaveFilesForTheRest(openFiles: Int) throws {
    let logger = Logger(label: "test")
    let connections = try ProcessLimits.connections(openFiles: openFiles, wanted: nil, logger: logger)
    #expect(connections >= ServerLimits.fewestConnections)
    #expect(openFiles - connections >= ServerLimits.reservedFiles.lowerBound)
    #expect(openFiles - connections <= ServerLimits.reservedFiles.upperBound)
    #expect(try ProcessLimits.connections(openFiles: openFiles, wanted: 10, logger: logger) == 10)
    #expect(try ProcessLimits.connections(openFiles: openFiles, wanted: .max, logger: logger) == connections)
  }

  @Test(arguments: [0, 40, 111])
  func `where there are too few files nothing starts`(openFiles: Int) {
    let refusal = #expect(throws: ConfigurationError.self) {
      try ProcessLimits.connections(openFiles: openFiles, wanted: 1, logger: Logger(label: "test"))
    }
    #expect(refusal?.description.contains("may open \(openFiles) files, and needs 112") == true)
  }
}

import Logging
import Testing

@testable import DubplateServer

struct ProcessLimitsTests {
  /// What connections leave is enough for everything else that opens files, whatever the bound is.
  @Test(arguments: [64, 256, 1_024, 4_096, 65_536, 1_048_576])
  func connectionsLeaveFilesForTheRest(openFiles: Int) {
    let logger = Logger(label: "test")
    let connections = ProcessLimits.connections(openFiles: openFiles, wanted: nil, logger: logger)
    #expect(connections >= ServerLimits.fewestConnections)
    if openFiles >= 256 { #expect(openFiles - connections >= ServerLimits.reservedFiles.lowerBound) }
    #expect(openFiles - connections <= ServerLimits.reservedFiles.upperBound)
    #expect(ProcessLimits.connections(openFiles: openFiles, wanted: 10, logger: logger) == 10)
    #expect(ProcessLimits.connections(openFiles: openFiles, wanted: .max, logger: logger) == connections)
  }
}

import AudioCodec
import Testing

@testable import Segments

struct SegmentErrorTests {
  /// Whether a file is there nobody knows while none can be opened: its track isn't unavailable, the server is busy.
  @Test func aProcessWithoutFilesIsBusy() {
    let error = SegmentError(encoding: AudioCodecError(.exhausted, "Too many files are open"))
    #expect(error.code == .busy && error.retryAfterMilliseconds != nil)
    #expect(SegmentError(encoding: AudioCodecError(.vanished, "gone")).code == .unavailable)
  }
}

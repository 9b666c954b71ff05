import AudioCodec
import NIOCore
import NIOPosix
import Synchronization

extension SegmentLibrary {
  /// Bytes of the frames of each segment of a lossless rendition, when all of them are kept; else nil.
  public func losslessSizes(of track: SegmentTrack, rendition: Rendition) async -> [Int]? {
    guard let store else { return nil }
    let settings = rendition.encoderSettings(for: track)
    let keys = (0..<track.timeline(rendition).segmentCount).map {
      SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: $0)
    }
    let files: [Int]? = await withCheckedContinuation { continuation in
      filePool.submit { poolState in
        continuation.resume(returning: poolState == .active ? store.fileBytes(keys) : nil)
      }
    }
    return files?.enumerated().map { index, bytes in
      let frames = settings.frames(ofSegment: index, totalSamples: track.sampleCount).count
      return SegmentFile.soundBytes(inFileOf: bytes, frames: frames)
    }
  }

  /// Bytes of the frames of each segment of a rendition, as far as they are known without looking at the disk; of a lossy
  /// one on disk to a frame, since its priming lies with it.
  public func knownSizes(of track: SegmentTrack, rendition: Rendition) -> [Int?] {
    let settings = rendition.encoderSettings(for: track)
    let total = track.timeline(rendition).sampleCount
    let keys = (0..<track.timeline(rendition).segmentCount).map {
      SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: $0)
    }
    var inMemory: [Int?] = []
    for start in stride(from: 0, to: keys.count, by: SegmentLimits.sizesAtOnce) {
      let row = keys[start..<min(start + SegmentLimits.sizesAtOnce, keys.count)]
      state.withLock { state in inMemory += row.map { state.memory.peek($0)?.frames.readableBytes } }
    }
    let onDisk = store?.knownFileBytes(keys) ?? []
    return keys.indices.map { index in
      if let bytes = inMemory[index] { return bytes }
      guard index < onDisk.count, let bytes = onDisk[index] else { return nil }
      let frames = settings.frames(ofSegment: index, totalSamples: total).count
      return SegmentFile.soundBytes(inFileOf: bytes, frames: frames) * frames / (frames + settings.primingFrames)
    }
  }
}

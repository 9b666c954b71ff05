import AudioCodec
import NIOCore
import NIOPosix
import Synchronization

extension SegmentLibrary {
  /// Bytes of the frames of each segment of a lossless rendition, when all of them are kept; else nil.
  public func losslessSizes(of track: SegmentTrack, rendition: Rendition) async -> [Int]? {
    guard let store else { return nil }
    let settings = rendition.encoderSettings(for: track)
    let keys = keys(of: track, rendition)
    let frames = keys.indices.map { settings.frames(ofSegment: $0, totalSamples: track.sampleCount).count }
    let onDisk: [Int]? = await withCheckedContinuation { continuation in
      filePool.submit { poolState in
        continuation.resume(returning: poolState == .active ? store.soundBytes(keys, frames: frames) : nil)
      }
    }
    // What is in memory is sent, whatever has become of its file.
    return onDisk.map { zip(bytesInMemory(keys), $0).map { $0 ?? $1 } }
  }

  private func keys(of track: SegmentTrack, _ rendition: Rendition) -> [SegmentKey] {
    (0..<track.timeline(rendition).segmentCount).map {
      SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: $0)
    }
  }

  private func bytesInMemory(_ keys: [SegmentKey]) -> [Int?] {
    var found: [Int?] = []
    for start in stride(from: 0, to: keys.count, by: SegmentLimits.sizesAtOnce) {
      let row = keys[start..<min(start + SegmentLimits.sizesAtOnce, keys.count)]
      state.withLock { state in found += row.map { state.memory.peek($0)?.frames.readableBytes } }
    }
    return found
  }

  /// Bytes of the frames of each segment of a rendition, as far as they are known without looking at the disk; of a lossy
  /// one on disk to a frame, since its priming lies with it.
  public func knownSizes(of track: SegmentTrack, rendition: Rendition) -> [Int?] {
    let settings = rendition.encoderSettings(for: track)
    let total = track.timeline(rendition).sampleCount
    let keys = keys(of: track, rendition)
    let inMemory = bytesInMemory(keys)
    let onDisk = store?.knownFileBytes(keys) ?? []
    return keys.indices.map { index in
      if let bytes = inMemory[index] { return bytes }
      guard index < onDisk.count, let bytes = onDisk[index] else { return nil }
      let frames = settings.frames(ofSegment: index, totalSamples: total).count
      return SegmentFile.soundBytes(inFileOf: bytes, frames: frames).map {
        $0 * frames / (frames + settings.primingFrames)
      }
    }
  }
}

import Synchronization

/// Remembers facts and indices of the files last read, by content identity: bounded, least recently used first out.
final class SourceMemory: Sendable {
  static let shared = SourceMemory()

  private struct Entry {
    var facts: SourceFacts?
    var index: FrameIndex?
    var packets: PacketIndex?
    var lastUse: UInt64
    var weight: Int { (index?.checkpoints.count ?? 0) + 2 * (packets?.places.count ?? 0) }
  }

  private struct State {
    var entries: [FileSource.Identity: Entry] = [:]
    var uses: UInt64 = 0
    var weight = 0
  }

  private let state = Mutex(State())

  func facts(_ identity: FileSource.Identity) -> SourceFacts? {
    state.withLock { state in
      state.uses += 1
      state.entries[identity]?.lastUse = state.uses
      return state.entries[identity]?.facts
    }
  }

  func index(_ identity: FileSource.Identity) -> FrameIndex? {
    state.withLock { state in
      state.uses += 1
      state.entries[identity]?.lastUse = state.uses
      return state.entries[identity]?.index
    }
  }

  func packets(_ identity: FileSource.Identity) -> PacketIndex? {
    state.withLock { state in
      state.uses += 1
      state.entries[identity]?.lastUse = state.uses
      return state.entries[identity]?.packets
    }
  }

  func remember(_ facts: SourceFacts, _ identity: FileSource.Identity) {
    update(identity) { $0.facts = facts }
  }

  func remember(_ index: FrameIndex, _ identity: FileSource.Identity) {
    guard index.checkpoints.count <= Bounds.rememberedCheckpoints / 4 else { return }
    update(identity) { $0.index = index }
  }

  func remember(_ packets: PacketIndex, _ identity: FileSource.Identity) {
    guard packets.places.count <= Bounds.rememberedCheckpoints / 4 else { return }
    update(identity) { $0.packets = packets }
  }

  private func update(_ identity: FileSource.Identity, _ change: (inout Entry) -> Void) {
    state.withLock { state in
      state.uses += 1
      var entry = state.entries[identity] ?? Entry(lastUse: state.uses)
      state.weight -= entry.weight
      entry.lastUse = state.uses
      change(&entry)
      state.weight += entry.weight
      state.entries[identity] = entry
      while state.entries.count > Bounds.rememberedFiles || state.weight > Bounds.rememberedCheckpoints {
        guard let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { break }
        state.weight -= oldest.value.weight
        state.entries[oldest.key] = nil
      }
    }
  }
}

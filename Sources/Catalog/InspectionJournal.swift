import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `close` by a name that does not collide with ``InspectionJournal/close()``.
private func systemClose(_ descriptor: Int32) {
  close(descriptor)
}

/// Which files are being looked into, on disk, so that it is known when the process dies over one.
///
/// libav is a hundred thousand lines of C, and a file is a stranger: the one that ends the process would end it again at
/// every start. What was in hand when it ended is skipped by the next one and said so, tried once more by itself, and
/// left out until it changes when that ends the process too.
///
/// The file has a fixed number of slots; each is written before the work and freed behind it, in the kernel's memory,
/// which outlasts the process: a power cut is no file's fault.
public final class InspectionJournal: Sendable {
  /// What is done with a file.
  public enum Work: UInt8, Sendable {
    case scan = 1
    case analysis = 2
  }

  /// A file in hand.
  public struct Entry: Sendable, Equatable {
    public let work: Work
    /// The path within the library of what is scanned, the fingerprint of what is analysed.
    public let name: String
    /// Of what is scanned.
    public let stamp: FileStamp
    /// Whether the process has died over it before.
    public let isSecondTry: Bool

    public init(_ work: Work, _ name: String, stamp: FileStamp = FileStamp(size: 0, modified: 0), isSecondTry: Bool) {
      (self.work, self.name, self.stamp, self.isSecondTry) = (work, name, stamp, isSecondTry)
    }
  }

  /// A slot that was taken; nil where none was free.
  public typealias Slot = Int?

  /// What a process before this one left, and nobody has settled yet.
  public var interrupted: [Entry] { state.withLock { $0.interrupted.map(\.entry) } }

  private struct State {
    var free: [Int]
    var interrupted: [(slot: Int, entry: Entry)]
    var isClosed = false
  }

  private let descriptor: Int32
  private let path: String
  private let state: Mutex<State>

  /// Opens the journal, or makes one. What is no journal begins empty.
  /// - Throws: ``DataDirectoryError/unusable(path:reason:)``.
  public init(path: String) throws(DataDirectoryError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unusable(path: path, reason: FileSystem.Failure(number: errno).reason) }
    self.descriptor = descriptor
    self.path = path
    var left: [(slot: Int, entry: Entry)] = []
    for slot in 0..<Limits.journalSlots {
      if let entry = Self.entry(in: Self.read(descriptor, slot)) { left.append((slot, entry)) }
    }
    let taken = Set(left.map(\.slot))
    state = Mutex(State(free: (0..<Limits.journalSlots).filter { !taken.contains($0) }, interrupted: left))
  }

  deinit { systemClose(descriptor) }

  /// Notes that a file is taken in hand; without a note where there is no free slot, or the disk is full: that costs the
  /// note, not the work.
  public func begin(_ entry: Entry) -> Slot {
    guard let slot = state.withLock({ $0.isClosed ? nil : $0.free.popLast() }) else { return nil }
    let bytes = Self.bytes(of: entry)
    let offset = off_t(slot * Limits.journalSlotBytes)
    // The first byte last: with it the slot is taken.
    if pwrite(descriptor, [0], 1, offset) == 1,
      bytes.withUnsafeBytes({ pwrite(descriptor, $0.baseAddress, $0.count, offset + 1) }) == bytes.count,
      pwrite(descriptor, [entry.work.rawValue], 1, offset) == 1
    {
      return slot
    }
    state.withLock { $0.free.append(slot) }
    return nil
  }

  /// The file is out of hand.
  public func end(_ slot: Slot) {
    guard let slot else { return }
    // What can't be written now is written over by the next who takes the slot.
    _ = pwrite(descriptor, [0], 1, off_t(slot * Limits.journalSlotBytes))
    state.withLock { $0.free.append(slot) }
  }

  /// What became of a file that was interrupted is known elsewhere.
  public func settle(_ entry: Entry) {
    let slot = state.withLock { state -> Int? in
      guard let place = state.interrupted.firstIndex(where: { $0.entry == entry }) else { return nil }
      return state.interrupted.remove(at: place).slot
    }
    end(slot)
  }

  /// The process ends in good order: nothing that it still has in hand is to blame.
  public func close() {
    let isOpen = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed && state.interrupted.isEmpty
    }
    if isOpen { unlink(path) }
  }

  // MARK: Slots

  /// All but the first byte: whether it's a second try, size, date, length of the name, name.
  private static func bytes(of entry: Entry) -> [UInt8] {
    func number(_ value: Int64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }
    let name = Array(entry.name.utf8.prefix(Limits.pathBytes))
    var bytes: [UInt8] = [entry.isSecondTry ? 1 : 0]
    bytes += number(entry.stamp.size, 8)
    bytes += number(entry.stamp.modified, 8)
    bytes += number(Int64(name.count), 2)
    return bytes + name
  }

  private static func entry(in slot: [UInt8]) -> Entry? {
    func number(at place: Int, _ count: Int) -> Int64 {
      var value: UInt64 = 0
      for byte in slot[place..<place + count].reversed() { value = value << 8 | UInt64(byte) }
      return Int64(bitPattern: value)
    }
    guard slot.count > 20, let work = Work(rawValue: slot[0]) else { return nil }
    let length = Int(number(at: 18, 2))
    guard length > 0, 20 + length <= slot.count, let name = String(validating: slot[20..<20 + length], as: UTF8.self)
    else { return nil }
    let stamp = FileStamp(size: number(at: 2, 8), modified: number(at: 10, 8))
    return Entry(work, name, stamp: stamp, isSecondTry: slot[1] == 1)
  }

  private static func read(_ descriptor: Int32, _ slot: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Limits.journalSlotBytes) { buffer, filled in
      let got = pread(descriptor, buffer.baseAddress, buffer.count, off_t(slot * Limits.journalSlotBytes))
      filled = max(got, 0)
    }
  }
}

import CFFmpeg

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One open regular file, or a part of one: read by position, so that it goes on being readable after its name has gone.
///
/// The deadline is looked at before each read; a file that never ends or a disk that has become slow ends the work. A
/// file and its parts share it.
final class FileSource {
  /// What tells one content of a file from another without reading it.
  struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modifiedNanoseconds: Int64
    /// Where a part of a file begins in it.
    var start: Int64 = 0
  }

  /// What a file and its parts have in common.
  private final class Handle {
    let descriptor: Int32
    var deadline: ContinuousClock.Instant?
    /// The errno of the last read that failed, 0 if none did: libav reports a failed read as the end of the file.
    var failure: Int32 = 0
    var isPastDeadline = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
  }

  let identity: Identity
  var size: Int64 { identity.size }
  var deadline: ContinuousClock.Instant? { handle.deadline }
  var isPastDeadline: Bool { handle.isPastDeadline }
  private let handle: Handle

  /// Throws `vanished`, `unreadable`, `exhausted`, `notAudio` (a directory, a device, an empty file), `unsupported` (far
  /// too large).
  init(path: String) throws(AudioCodecError) {
    // Without O_NONBLOCK a FIFO that somebody left in the library would hold us here for ever.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let number = errno
      let (code, message): (AudioCodecError.Code, String) =
        switch number {
        case ENOENT, ENOTDIR: (.vanished, "There is no such file")
        case EMFILE, ENFILE, ENOMEM: (.exhausted, "Too many files are open")
        default: (.unreadable, "The file cannot be opened")
        }
      throw AudioCodecError(code, message, cause: FileSource.words(number))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw AudioCodecError(.unreadable, "The file cannot be examined", cause: FileSource.words(number))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw AudioCodecError(.notAudio, "Not a regular file")
    }
    guard status.st_size > 0 else {
      close(descriptor)
      throw AudioCodecError(.notAudio, "The file is empty")
    }
    guard status.st_size <= Bounds.maxFileBytes else {
      close(descriptor)
      throw AudioCodecError(.unsupported, "The file is larger than a day of any sound")
    }
    #if canImport(Darwin)
      let modified = status.st_mtimespec
    #else
      let modified = status.st_mtim
    #endif
    handle = Handle(descriptor)
    // A file's date may be any, and nanoseconds have no room for the year 2263: it only has to be told from others.
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino),
      size: Int64(status.st_size),
      modifiedNanoseconds: Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec))
  }

  /// A part of a file that is read like a file of its own. `range` lies within the file.
  init(_ whole: FileSource, part range: Range<Int64>) {
    handle = whole.handle
    var identity = whole.identity
    identity.start += range.lowerBound
    identity.size = range.upperBound - range.lowerBound
    self.identity = identity
  }

  static func words(_ number: Int32) -> String { String(cString: strerror(number)) }

  /// Reads at most `count` bytes at `offset`; 0 at the end, after a failure and past the deadline.
  func read(at offset: Int64, into target: UnsafeMutableRawPointer, count: Int) -> Int {
    if let deadline, ContinuousClock.now >= deadline {
      handle.isPastDeadline = true
      return 0
    }
    guard offset >= 0, offset < size, count > 0 else { return 0 }
    let wanted = Int(min(Int64(count), size - offset))
    while true {
      let got = pread(handle.descriptor, target, wanted, off_t(identity.start + offset))
      if got >= 0 { return got }
      let number = errno
      if number == EINTR { continue }
      handle.failure = number
      return 0
    }
  }

  /// Reads as many of `count` bytes at `offset` as there are.
  func bytes(at offset: Int64, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        let got = read(at: offset + Int64(filled), into: base + filled, count: count - filled)
        if got == 0 { break }
        filled += got
      }
    }
  }

  /// Starts the clock of one operation.
  func allow(_ duration: Duration) {
    handle.deadline = ContinuousClock.now + duration
    handle.isPastDeadline = false
  }

  /// Throws `timedOut` when an operation has had its time, also without a read.
  func checkDeadline() throws(AudioCodecError) {
    if let deadline, ContinuousClock.now >= deadline { throw AudioCodecError(.timedOut, "Decoding took too long") }
  }

  /// Throws what a read ran into since the last look, because libav cannot say it.
  func check() throws(AudioCodecError) {
    if isPastDeadline { throw AudioCodecError(.timedOut, "Reading took too long") }
    if handle.failure != 0 {
      let number = handle.failure
      handle.failure = 0
      throw AudioCodecError(.unreadable, "The file cannot be read", cause: FileSource.words(number))
    }
  }
}

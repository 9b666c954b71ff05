import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The few calls on files that Foundation hides too much of: exact errors, identities, times in nanoseconds, atomicity.
enum FileSystem {
  /// A failed call's reason.
  struct Failure: Error, Equatable {
    let number: Int32

    /// The system's own words; they hold no path.
    var reason: String { String(cString: strerror(number)) }
  }

  /// What makes two paths the same file.
  struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  enum Kind {
    case file
    case folder
    case link
    case other
  }

  struct Status {
    let kind: Kind
    let identity: Identity
    let stamp: FileStamp

    fileprivate init(_ info: stat) {
      switch info.st_mode & S_IFMT {
      case S_IFREG: kind = .file
      case S_IFDIR: kind = .folder
      case S_IFLNK: kind = .link
      default: kind = .other
      }
      identity = Identity(device: UInt64(truncatingIfNeeded: info.st_dev), inode: UInt64(info.st_ino))
      #if canImport(Darwin)
        let time = info.st_mtimespec
      #else
        let time = info.st_mtim
      #endif
      // A damaged file system may claim any year; the product must not overflow.
      let nanoseconds = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
      let modified = nanoseconds.partialValue.addingReportingOverflow(Int64(time.tv_nsec))
      stamp = FileStamp(
        size: Int64(info.st_size),
        modified: nanoseconds.overflow || modified.overflow ? 0 : modified.partialValue)
    }
  }

  /// Looks at a path.
  /// - Parameter followLinks: whether a link's target is meant, and not the link.
  static func status(_ path: String, followLinks: Bool = true) throws(Failure) -> Status {
    var info = stat()
    guard (followLinks ? stat(path, &info) : lstat(path, &info)) == 0 else { throw Failure(number: errno) }
    return Status(info)
  }

  /// Writes a file so that it is there whole or not at all, under a name that nobody else uses until then.
  static func writeAtomically(_ bytes: some Sequence<UInt8>, to path: String, mode: mode_t) throws(Failure) {
    let temporary = path + ".tmp-" + Identifier.random()
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw Failure(number: errno) }
    var failure = write(Array(bytes), to: descriptor)
    if failure == nil, fsync(descriptor) != 0 { failure = Failure(number: errno) }
    if close(descriptor) != 0, failure == nil { failure = Failure(number: errno) }
    if failure == nil, rename(temporary, path) != 0 { failure = Failure(number: errno) }
    if let failure {
      unlink(temporary)
      throw failure
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Failure? {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let written = systemWrite(descriptor, part)
        if written < 0 {
          if errno == EINTR { continue }
          return Failure(number: errno)
        }
        rest = rest.dropFirst(written)
      }
      return nil
    }
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Removes a file. False if it wasn't there.
  static func remove(_ path: String) throws(Failure) -> Bool {
    guard unlink(path) != 0 else { return true }
    guard errno == ENOENT else { throw Failure(number: errno) }
    return false
  }

  /// The first `count` bytes of a file; fewer where it has fewer.
  static func beginning(of path: String, count: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Failure(number: errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { systemRead(descriptor, $0) }
    guard got >= 0 else { throw Failure(number: errno) }
    return Array(bytes.prefix(got))
  }

  /// Reads a file of at most `limit` bytes; nil when it is not there. A longer one gives `EFBIG`.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Failure(number: errno)
    }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw Failure(number: errno) }
    guard info.st_mode & S_IFMT == S_IFREG else { throw Failure(number: EINVAL) }
    guard info.st_size <= limit else { throw Failure(number: EFBIG) }
    var bytes = [UInt8](repeating: 0, count: Int(info.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
        return systemRead(descriptor, rest)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(number: errno)
      }
      guard count > 0 else { break }
      filled += count
    }
    return Array(bytes.prefix(filled))
  }

  private static func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.read(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.read(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  /// Makes a folder and those above it that are not there.
  static func makeFolder(_ path: String, mode: mode_t) throws(Failure) {
    if mkdir(path, mode) == 0 { return }
    let number = errno
    if number == EEXIST {
      guard try status(path).kind == .folder else { throw Failure(number: ENOTDIR) }
      return
    }
    let parent = (path as NSString).deletingLastPathComponent
    guard number == ENOENT, !parent.isEmpty, parent != path else { throw Failure(number: number) }
    try makeFolder(parent, mode: mode)
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw Failure(number: errno) }
  }
}

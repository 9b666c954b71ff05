import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SegmentFile {
  /// A file's size, or nil where there is no regular file.
  static func size(at path: String) -> Int? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// All of a file that may be a segment; nil where there is none, or it can't be read. Throws `busy` where no more files
  /// can be opened: that it isn't there would mean that it has to be made.
  ///
  /// A file that hasn't been used for a while gets a new date: the order of use outlasts the process.
  static func read(_ path: String) throws(SegmentError) -> ByteBuffer? {
    // Without O_NONBLOCK a FIFO would hold the thread.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == EMFILE || errno == ENFILE { throw .busy("too many files are open") }
      return nil
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    #if canImport(Darwin)
      let used = Int64(status.st_mtimespec.tv_sec)
    #else
      let used = Int64(status.st_mtim.tv_sec)
    #endif
    if Int64(time(nil)) - used > SegmentLimits.dateGrainSeconds { _ = futimens(descriptor, nil) }
    // One byte more than is allowed tells that there are too many.
    let size = min(Int(status.st_size), SegmentLimits.segmentBytes + 1)
    var file = ByteBuffer()
    file.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
      var filled = 0
      while filled < size, let base = target.baseAddress {
        let got = Self.read(descriptor, base + filled, size - filled)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        filled += got
      }
      return filled
    }
    return file
  }

  private static func read(_ descriptor: Int32, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, target, count)
    #elseif canImport(Musl)
      Musl.read(descriptor, target, count)
    #else
      Darwin.read(descriptor, target, count)
    #endif
  }
}

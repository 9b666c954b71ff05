#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The names in one folder, one after the other: a folder of a million files is never a list in memory.
struct FolderReader: ~Copyable {
  /// A name, and whether the folder itself says that it is a folder, a file or a link.
  struct Entry {
    /// nil when the bytes are no UTF-8.
    let name: String?

    /// The name for people, with replacement characters where it is no UTF-8.
    let shownName: String

    /// nil when the file system does not say.
    let kind: FileSystem.Kind?
  }

  #if canImport(Darwin)
    private let directory: UnsafeMutablePointer<DIR>
  #else
    private let directory: OpaquePointer
  #endif

  /// The device and inode of the folder that was opened.
  let identity: FileSystem.Identity

  init(_ path: String) throws(FileSystem.Failure) {
    let status = try FileSystem.status(path)
    guard let directory = opendir(path) else { throw FileSystem.Failure(number: errno) }
    self.directory = directory
    identity = status.identity
  }

  deinit {
    closedir(directory)
  }

  /// The next entry, without `.` and `..`; nil at the end.
  mutating func next() throws(FileSystem.Failure) -> Entry? {
    while true {
      // readdir tells an error from the end only by errno.
      errno = 0
      guard let entry = readdir(directory) else {
        if errno != 0 { throw FileSystem.Failure(number: errno) }
        return nil
      }
      let (name, shown) = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
          (String(validatingCString: $0), String(cString: $0))
        }
      }
      if name == "." || name == ".." { continue }
      return Entry(name: name, shownName: shown, kind: Self.kind(entry.pointee.d_type))
    }
  }

  private static func kind(_ type: UInt8) -> FileSystem.Kind? {
    switch Int(type) {
    case Int(DT_REG): .file
    case Int(DT_DIR): .folder
    case Int(DT_LNK): .link
    case Int(DT_UNKNOWN): nil
    default: .other
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Looks through a store's folder by the system's own calls: Foundation's enumerator takes several times as long, and
/// half a kilobyte a file.
struct StoreWalk {
  /// What there is to know of a file.
  struct File {
    var index: Int
    var bytes: Int
    /// Seconds since 1970 of its last use.
    var used: Int64
  }

  let root: String

  /// - Parameters:
  ///   - row: a folder with segments: its track, its own name and what is in it.
  ///   - stray: path and age in seconds of a file that is no segment.
  func run(row: (String, String, [File]) -> Void, stray: (String, Int64) -> Void) {
    let now = Int64(time(nil))
    var nothing: [File] = []
    func entries(_ path: String, _ files: inout [File]) -> [String] {
      read(path, files: &files) { name, used in stray("\(path)/\(name)", now - used) }
    }
    for group in entries(root, &nothing) {
      for track in entries("\(root)/\(group)", &nothing) {
        for folder in entries("\(root)/\(group)/\(track)", &nothing) {
          var files: [File] = []
          _ = entries("\(root)/\(group)/\(track)/\(folder)", &files)
          if !files.isEmpty { row(track, folder, files) }
        }
        nothing.removeAll()
      }
    }
  }

  /// The folders in a folder; segments are put into `files`. A folder that has gone meanwhile is empty.
  private func read(_ path: String, files: inout [File], stray: (String, Int64) -> Void) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    let descriptor = dirfd(folder)
    var folders: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
          String(cString: $0)
        }
      }
      if name == "." || name == ".." { continue }
      if Int32(entry.pointee.d_type) == Int32(DT_DIR) {
        folders.append(name)
        continue
      }
      var status = stat()
      guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: folders.append(name)
      case S_IFREG:
        #if canImport(Darwin)
          let used = Int64(status.st_mtimespec.tv_sec)
        #else
          let used = Int64(status.st_mtim.tv_sec)
        #endif
        if name.hasSuffix(".seg"), let index = Int(name.dropLast(4)), index >= 0 {
          files.append(File(index: index, bytes: Int(status.st_size), used: used))
        } else {
          stray(name, used)
        }
      default: continue
      }
    }
    return folders
  }
}

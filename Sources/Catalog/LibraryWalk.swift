import Foundation
import Synchronization

/// The sound files below a folder, a few at a time.
///
/// Depth first, one open folder, names as they come. Links are followed, and since a folder is entered once by device
/// and inode, a loop of links ends. Folders behind links wait until all real ones are done, so that a file that can be
/// reached in both ways has its real path in every scan. What stands above the library is never entered: a link to `/`
/// must not turn the whole machine into a library.
final class LibraryWalk: Sendable {
  /// What the walk comes upon; paths are relative to the library.
  enum Item: Sendable, Equatable {
    case file(path: String, stamp: FileStamp)
    /// A name that cannot be used or a file that cannot be looked at.
    case problem(path: String, error: InspectionError)
    /// A folder whose content stays unknown, wholly or in part.
    case unreadableFolder(path: String, error: InspectionError)
  }

  private let state: Mutex<WalkState>

  /// Opens the library's folder.
  /// - Parameter onFolder: is told each folder's path, before the names in it are read.
  /// - Throws: ``FileSystem/Failure``.
  init(root: String, onFolder: @escaping @Sendable (String) -> Void = { _ in }) throws(FileSystem.Failure) {
    let state = try WalkState(root: root, onFolder: onFolder)
    self.state = Mutex(state)
  }

  /// The next items, at most `limit`; an empty array is the end. Blocking.
  func next(_ limit: Int) -> [Item] {
    state.withLock { state in
      var items: [Item] = []
      while items.count < limit, let item = state.next() { items.append(item) }
      return items
    }
  }
}

/// Where a walk stands.
private struct WalkState: ~Copyable {
  private let root: String
  private let onFolder: @Sendable (String) -> Void
  private var folder: FolderReader?
  private var folderPath = ""
  private var pending: [String] = []
  private var pendingLinks: [String] = []
  private var entered: Set<FileSystem.Identity>

  init(root: String, onFolder: @escaping @Sendable (String) -> Void) throws(FileSystem.Failure) {
    self.root = root
    self.onFolder = onFolder
    onFolder(root)
    let reader = try FolderReader(root)
    entered = Self.ancestors(of: root)
    entered.insert(reader.identity)
    folder = consume reader
  }

  mutating func next() -> LibraryWalk.Item? {
    while true {
      if folder == nil {
        if let item = openNextFolder() { return item }
        if folder == nil { return nil }
      }
      do throws(FileSystem.Failure) {
        guard let entry = try folder?.next() else {
          folder = nil
          continue
        }
        if let item = look(at: entry) { return item }
      } catch {
        folder = nil
        return .unreadableFolder(path: folderPath, error: .unreadable(error))
      }
    }
  }

  /// Opens the folder that is next in line; an item when that fails, nil when it did or none is left.
  private mutating func openNextFolder() -> LibraryWalk.Item? {
    while true {
      if pending.isEmpty, !pendingLinks.isEmpty {
        // Sorted, so that of two links to one folder the same one wins in every scan.
        pendingLinks.sort(by: >)
        pending.append(pendingLinks.removeLast())
      }
      guard let path = pending.popLast() else { return nil }
      do throws(FileSystem.Failure) {
        let reader = try FolderReader(root + "/" + path)
        guard entered.insert(reader.identity).inserted else { continue }
        onFolder(root + "/" + path)
        folder = consume reader
        folderPath = path
        return nil
      } catch {
        // A folder that was removed since its name was read is no trouble.
        if error.number == ENOENT { continue }
        return .unreadableFolder(path: path, error: .unreadable(error))
      }
    }
  }

  private mutating func look(at entry: FolderReader.Entry) -> LibraryWalk.Item? {
    guard !entry.shownName.hasPrefix(".") else { return nil }
    let shown = path(of: entry.shownName)
    guard let name = entry.name else {
      guard AudioFileNames.isAudio(entry.shownName) else { return nil }
      return .problem(path: shown, error: .badName("The file's name is not UTF-8"))
    }
    let path = path(of: name)
    guard path.utf8.count <= Limits.pathBytes else {
      return .problem(path: String(path.prefix(200)), error: .badName("The path is too long"))
    }
    let isAudio = AudioFileNames.isAudio(name)
    switch entry.kind {
    case .folder: return enter(path, isLink: false)
    case .file where !isAudio, .other: return nil
    case .file, .link, nil: return resolve(path, isAudio: isAudio)
    }
  }

  /// Looks at what the folder did not tell: a file's stamp, a link's target.
  private mutating func resolve(_ path: String, isAudio: Bool) -> LibraryWalk.Item? {
    let full = root + "/" + path
    do throws(FileSystem.Failure) {
      let status = try FileSystem.status(full)
      switch status.kind {
      case .file: return isAudio ? .file(path: path, stamp: status.stamp) : nil
      case .folder: return enter(path, isLink: try FileSystem.status(full, followLinks: false).kind == .link)
      case .link, .other: return nil
      }
    } catch {
      // Gone since its name was read, or a link to nothing, or something that would not be taken anyway.
      guard isAudio, error.number != ENOENT else { return nil }
      return .problem(path: path, error: .unreadable(error))
    }
  }

  private mutating func enter(_ path: String, isLink: Bool) -> LibraryWalk.Item? {
    guard pending.count + pendingLinks.count < Limits.pendingDirectories else {
      let error = InspectionError(code: "too_many_folders", message: "Too many folders wait", isPassing: true)
      return .unreadableFolder(path: path, error: error)
    }
    if isLink { pendingLinks.append(path) } else { pending.append(path) }
    return nil
  }

  private func path(of name: String) -> String {
    folderPath.isEmpty ? name : folderPath + "/" + name
  }

  private static func ancestors(of root: String) -> Set<FileSystem.Identity> {
    var found: Set<FileSystem.Identity> = []
    var path = root
    // `..` of `/` is `/`, which ends the way up.
    while path.utf8.count < Limits.pathBytes {
      path += "/.."
      do throws(FileSystem.Failure) {
        guard found.insert(try FileSystem.status(path).identity).inserted else { break }
      } catch {
        // What may not be looked at may not be entered either.
        break
      }
    }
    return found
  }
}

extension InspectionError {
  fileprivate static func badName(_ message: String) -> Self {
    Self(code: "bad_name", message: message, isPassing: true)
  }

  fileprivate static func unreadable(_ failure: FileSystem.Failure) -> Self {
    Self(code: "unreadable", message: failure.reason, isPassing: true)
  }
}

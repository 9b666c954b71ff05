import Foundation

extension DataDirectory {
  /// Opens the folder's database, and makes one in a folder that has never had any.
  ///
  /// Blocking; for the start of a process.
  /// - Parameter mayBeginAnew: whether it is also made in a folder that was used before and has lost it.
  /// - Throws: ``DataDirectoryError/databaseLost(reason:)``, and what ``CatalogDatabase/open(path:)`` throws.
  public func openDatabase(mayBeginAnew: Bool = false) throws -> CatalogDatabase {
    if !mayBeginAnew, wasUsed, let loss = databaseLoss { throw DataDirectoryError.databaseLost(reason: loss) }
    let database = try CatalogDatabase.open(path: databasePath)
    do throws(FileSystem.Failure) {
      if !FileManager.default.fileExists(atPath: markPath) {
        try FileSystem.writeAtomically("This folder has a database.\n".utf8, to: markPath, mode: 0o600)
      }
    } catch {
      // On a full disk: the next start tries again.
      return database
    }
    return database
  }

  /// Says that there was a database; a lock alone is left by a start that came to nothing.
  private var markPath: String { path + "/initialised" }

  /// Whether a server has worked with this folder before. A secret says nothing of it: an operator may have put it there.
  private var wasUsed: Bool {
    let files = FileManager.default
    if files.fileExists(atPath: markPath) { return true }
    return [coversPath, segmentsPath].contains { folder in
      do {
        return try !files.contentsOfDirectory(atPath: folder).isEmpty
      } catch {
        // Not there, like in a new folder.
        return false
      }
    }
  }

  /// What the database lacks that was there; nil if it can be opened.
  private var databaseLoss: String? {
    let size: Int64
    do throws(FileSystem.Failure) {
      size = try FileSystem.status(databasePath).stamp.size
    } catch {
      return error.number == ENOENT ? "is not there" : nil
    }
    guard size > 0 else { return "is empty" }
    guard let declared = declaredDatabaseBytes, size < declared else { return nil }
    return "is cut short (\(size) of \(declared) bytes)"
  }

  /// The length that the database's header says (SQLite's file format, 1.3); nil where it can't be told, as with a log
  /// beside it that has not been brought in.
  private var declaredDatabaseBytes: Int64? {
    let header: [UInt8]
    do throws(FileSystem.Failure) {
      // An empty log is no log; anything longer fails.
      _ = try FileSystem.read(databasePath + "-wal", limit: 0)
      header = try FileSystem.beginning(of: databasePath, count: 100)
    } catch {
      return nil
    }
    guard header.count == 100, header.starts(with: "SQLite format 3".utf8) else { return nil }
    func number(_ range: Range<Int>) -> Int64 { header[range].reduce(0) { $0 << 8 | Int64($1) } }
    // The number of pages is good only if whoever changed the file last knew of it.
    guard number(24..<28) == number(92..<96) else { return nil }
    let pageBytes = number(16..<18) == 1 ? 65_536 : number(16..<18)
    return pageBytes * number(28..<32)
  }
}

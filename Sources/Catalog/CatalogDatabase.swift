import Foundation
import GRDB

/// The embedded database: SQLite in WAL mode, readers beside one writer, its work on GRDB's own threads.
public struct CatalogDatabase: Sendable {
  let pool: DatabasePool

  /// Opens the database, makes it when it is not there, and brings its schema up to date.
  ///
  /// Blocking; for the start of a process.
  /// - Throws: ``CatalogError/newerDatabase``, ``CatalogError/unusableDatabase(path:reason:)``.
  public static func open(path: String) throws -> Self {
    var configuration = Configuration()
    configuration.busyMode = .timeout(Limits.busySeconds)
    configuration.maximumReaderCount = Limits.readers
    configuration.foreignKeysEnabled = true
    configuration.label = "dubplate.catalog"
    configuration.prepareDatabase { connection in
      // In WAL mode NORMAL keeps the database consistent through a crash, and saves an fsync with every transaction;
      // what a power cut may take is the last scan batch.
      try connection.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    do {
      let pool = try DatabasePool(path: path, configuration: configuration)
      let migrator = Schema.migrator
      guard try !pool.read(migrator.hasBeenSuperseded) else { throw CatalogError.newerDatabase }
      try migrator.migrate(pool)
      return Self(pool: pool)
    } catch let error as DatabaseError {
      throw CatalogError.unusableDatabase(path: path, reason: error.message ?? "\(error.resultCode)")
    }
  }

  /// Closes all connections; afterwards every call throws. What the log holds is brought into the database.
  public func close() throws {
    do {
      _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      // Another process works with it, and will bring the log in.
    }
    try pool.close()
  }
}

extension StatementArguments {
  /// Values for `$1`, `$2`, … wherever and in whatever order the statement names them.
  static func numbered(_ values: [(any DatabaseValueConvertible)?]) -> Self {
    var named: [String: (any DatabaseValueConvertible)?] = [:]
    for (index, value) in values.enumerated() { named[String(index + 1)] = .some(value) }
    return StatementArguments(named)
  }
}

/// Moments as they stand in the database: milliseconds since 1970, the same in every engine.
enum StoredTime {
  static func milliseconds(_ date: Date) -> Int64 {
    Int64((date.timeIntervalSince1970 * 1000).rounded())
  }

  static func date(_ milliseconds: Int64) -> Date {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000)
  }
}

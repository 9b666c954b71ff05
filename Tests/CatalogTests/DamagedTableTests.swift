import AudioCodec
import Foundation
import GRDB
import Testing

@testable import Catalog

/// Columns of the tables beside tracks and sessions that hold what this code never wrote.
@Suite struct DamagedTableTests {
  /// Two tracks with analyses, two accounts, a file that is none.
  private struct House {
    let library: Library
    let analyses: SQLiteAnalysisRepository
    let users: SQLiteUserRepository
    let good: Track
    let bad: Track

    init() async throws {
      library = try Library()
      for name in ["a.mp3", "b.mp3"] { try library.music.write("\(name)|artist|album", to: name) }
      for name in ["c.mp3", "d.mp3"] { try library.music.write("!no_audio", to: name) }
      try await library.scan()
      let tracks = try await library.all()
      (good, bad) = (try #require(tracks["a.mp3"]), try #require(tracks["b.mp3"]))
      analyses = SQLiteAnalysisRepository(library.database)
      users = SQLiteUserRepository(library.database)
      let analysis = try AnalysisRepositoryTests.analysis(dBFS: -20)
      for track in [good, bad] { try await analyses.store(analysis, of: track.fingerprint, version: "1") }
      for name in ["ada", "bob"] { _ = try await users.add(username: name, plan: .premium, passwordHash: "hash") }
      try await library.database.pool.write { [bad] in
        try $0.execute(sql: "INSERT INTO lyrics (track_id, body) VALUES (?, 'words')", arguments: [bad.id])
      }
    }

    /// Asks all that is asked of these tables. What concerns the damaged row may be refused.
    func askAll(_ damage: String) async throws {
      let loudness = try await analyses.loudness(of: [good.id, bad.id])
      #expect(loudness[good.id] != nil, "\(damage)")
      for level in loudness.values.flatMap({ [$0.track, $0.album] }) {
        for number in [level?.integrated, level?.range, level?.truePeak] {
          #expect(number?.isFinite != false, "\(damage)")
        }
      }
      #expect(try await analyses.outcome(of: good.fingerprint, version: "1") != nil, "\(damage)")
      #expect(try await analyses.segmentSizes(of: good.fingerprint, version: "1") != nil, "\(damage)")
      _ = try await analyses.pending(version: "1", before: .distantPast, limit: 100)
      _ = try await analyses.pendingCount(version: "1", before: .distantPast)
      #expect(try await users.user(username: "ada") != nil, "\(damage)")
      for id in [good.id, bad.id] { _ = try await library.tracks.fileTags(id: id) }
      #expect(try await library.problems().count >= 1, "\(damage)")
      for question in [
        { _ = try await analyses.outcome(of: bad.fingerprint, version: "1") },
        { _ = try await analyses.segmentSizes(of: bad.fingerprint, version: "1") },
        { _ = try await users.user(username: "bob") },
        { _ = try await users.list(limit: 10, offset: 0) },
      ] {
        do {
          try await question()
        } catch let error as CatalogError {
          #expect(error.code == "damaged_row", "\(damage)")
        }
      }
    }
  }

  @Test(arguments: ["analyses", "users", "scan_problems", "scans", "file_tags", "lyrics"])
  func whateverLiesInARowTheOthersAreRead(table: String) async throws {
    let house = try await House()
    let pool = house.library.database.pool
    let columns = try await pool.read { try $0.columns(in: table).map(\.name) }
    #expect(!columns.isEmpty)
    for column in columns {
      for value in DamagedRowTests.values {
        let damage = "\(table).\(column) = \(value)"
        let last = "WHERE rowid = (SELECT MAX(rowid) FROM \(table))"
        let former: [DatabaseValue]
        do {
          former = try await pool.write { connection in
            let row = try Row.fetchOne(connection, sql: "SELECT rowid AS place, \(column) FROM \(table) \(last)")
            try connection.execute(sql: "UPDATE \(table) SET \(column) = \(value) \(last)")
            return row.map { [$0[0], $0[1]] } ?? []
          }
        } catch is DatabaseError {
          // A column that must have a value.
          continue
        }
        try await house.askAll(damage)
        try await house.library.scan()
        #expect(Set(try await house.library.all().keys) == ["a.mp3", "b.mp3"], "\(damage)")
        try #require(former.count == 2)
        try await pool.write { connection in
          try connection.execute(
            sql: "UPDATE OR REPLACE \(table) SET \(column) = ? WHERE rowid = ?",
            arguments: [former[1], former[0]])
        }
      }
    }
  }
}

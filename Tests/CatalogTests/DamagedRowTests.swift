import Foundation
import GRDB
import Testing

@testable import Catalog

/// Rows that this code never wrote: somebody's tool, or a disk's, did.
@Suite struct DamagedRowTests {
  static let values = [
    "-1", "0", "-9223372036854775808", "9223372036854775807", "1e300", "-1e300", "9e999", "0.5", "'text'", "''",
    "x'FF00FF'", "NULL",
  ]

  private static let columns = Track.columns.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }

  @Test(arguments: columns) func aTrackWhoseRowMakesNoSenseIsNotThereAndTakesNoOtherWithIt(column: String) async throws
  {
    let library = try Library()
    for name in ["a.mp3", "b.mp3"] { try library.music.write("\(name)|artist|album", to: name) }
    try await library.scan()
    let all = try await library.all()
    let (good, bad) = (try #require(all["a.mp3"]), try #require(all["b.mp3"]))
    let analyses = SQLiteAnalysisRepository(library.database)
    for value in Self.values {
      do {
        try await library.database.pool.write { connection in
          try connection.execute(
            sql: "UPDATE tracks SET \(column) = \(value) WHERE fingerprint = ? OR id = ?",
            arguments: [bad.fingerprint, bad.id])
        }
      } catch {
        // A column that must have a value, or one that nobody else has.
        continue
      }
      var found = try await library.tracks.search(query: "", limit: 500, offset: 0).rows
      found += try await library.tracks.tracks(ids: [good.id, bad.id])
      found += try await analyses.pending(version: "1", before: .distantPast, limit: 100)
      if let one = try await library.tracks.track(id: bad.id) { found.append(one) }
      #expect(found.count { $0 == good } == 3, "\(column) = \(value)")
      for track in found {
        #expect(track.size >= 0 && track.bitrate >= 0)
        #expect(
          Track.makeSense(
            duration: track.duration, sampleRate: track.sampleRate, channels: track.channels,
            sampleCount: track.sampleCount, gridRate: track.gridRate, gridSampleCount: track.gridSampleCount))
      }
    }
  }

  @Test(arguments: ["user_id", "body", "saved_at", "started_at", "seen_at"])
  func aSessionWhoseRowMakesNoSenseTakesNoOtherWithIt(column: String) async throws {
    let folder = try TemporaryFolder()
    let database = try CatalogDatabase.open(path: folder("d.db"))
    let sessions = SQLiteSessionRepository(database)
    for value in Self.values {
      try await sessions.save(["ada": Data("1".utf8), "bob": Data("2".utf8)])
      try await sessions.leaveSign(since: Date(timeIntervalSince1970: 1), at: Date(timeIntervalSince1970: 2))
      let isOfLives = column == "started_at" || column == "seen_at"
      do {
        try await database.pool.write { connection in
          try connection.execute(
            sql: isOfLives
              ? "UPDATE server_lives SET \(column) = \(value)"
              : "UPDATE playback_sessions SET \(column) = \(value) WHERE user_id = 'bob'")
        }
      } catch {
        continue
      }
      let found = try await sessions.sessions(userIds: ["ada", "bob", "text", ""])
      #expect(found["ada"]?.body == Data("1".utf8), "\(column) = \(value)")
      try await database.pool.write { connection in
        try connection.execute(sql: "DELETE FROM playback_sessions")
        try connection.execute(sql: "DELETE FROM server_lives")
      }
    }
  }
}

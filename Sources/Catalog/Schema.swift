import GRDB

/// The tables, as numbered steps. A step that was released is never changed: a new one follows.
///
/// The statements keep to what SQLite and PostgreSQL both understand.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("0001-library") { try run(library, on: $0) }
    migrator.registerMigration("0002-users") { try run(users, on: $0) }
    migrator.registerMigration("0003-analyses") { try run(analyses, on: $0) }
    migrator.registerMigration("0004-sessions") { try run(sessions, on: $0) }
    migrator.registerMigration("0005-lyrics") { try run(lyrics, on: $0) }
    migrator.registerMigration("0006-server-lives") { try run(serverLives, on: $0) }
    migrator.registerMigration("0007-exact-lengths") { try run(forgottenStamps, on: $0) }
    migrator.registerMigration("0008-file-tags") { try run(fileTags + forgottenStamps, on: $0) }
    migrator.registerMigration("0009-scan-outcomes") { try run(scanOutcomes, on: $0) }
    return migrator
  }

  private static func run(_ statements: [String], on connection: Database) throws {
    for statement in statements { try connection.execute(sql: statement) }
  }

  private static let library = [
    """
    CREATE TABLE tracks (
      id TEXT NOT NULL PRIMARY KEY,
      path TEXT NOT NULL UNIQUE,
      fingerprint TEXT NOT NULL,
      size BIGINT NOT NULL,
      modified BIGINT NOT NULL,
      title TEXT NOT NULL,
      artist TEXT,
      album TEXT,
      album_artist TEXT,
      genre TEXT,
      year INTEGER,
      track_number INTEGER,
      disc_number INTEGER,
      duration DOUBLE PRECISION NOT NULL,
      codec TEXT NOT NULL,
      container TEXT NOT NULL,
      bitrate BIGINT NOT NULL,
      sample_rate INTEGER NOT NULL,
      channels INTEGER NOT NULL,
      bits_per_sample INTEGER,
      sample_count BIGINT NOT NULL,
      grid_rate INTEGER NOT NULL,
      grid_sample_count BIGINT NOT NULL,
      cover_key TEXT,
      source_facts TEXT,
      added_at BIGINT NOT NULL,
      missing_since BIGINT,
      search_text TEXT NOT NULL,
      sort_artist TEXT NOT NULL,
      sort_album TEXT NOT NULL,
      sort_disc INTEGER NOT NULL,
      sort_number INTEGER NOT NULL,
      sort_title TEXT NOT NULL,
      scan_id BIGINT NOT NULL
    )
    """,
    """
    CREATE INDEX tracks_in_order ON tracks
      (sort_artist, sort_album, sort_disc, sort_number, sort_title, id)
    """,
    "CREATE INDEX tracks_by_cover ON tracks (cover_key)",
    """
    CREATE TABLE scan_problems (
      path TEXT NOT NULL PRIMARY KEY,
      size BIGINT NOT NULL,
      modified BIGINT NOT NULL,
      code TEXT NOT NULL,
      message TEXT NOT NULL,
      is_passing INTEGER NOT NULL,
      seen_at BIGINT NOT NULL,
      scan_id BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE scans (
      id BIGINT NOT NULL PRIMARY KEY,
      started_at BIGINT NOT NULL,
      finished_at BIGINT
    )
    """,
  ]

  private static let users = [
    """
    CREATE TABLE users (
      id TEXT NOT NULL PRIMARY KEY,
      username TEXT NOT NULL,
      username_key TEXT NOT NULL UNIQUE,
      plan TEXT NOT NULL,
      password_hash TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      disabled INTEGER NOT NULL DEFAULT 0
    )
    """
  ]

  private static let sessions = [
    """
    CREATE TABLE playback_sessions (
      user_id TEXT NOT NULL PRIMARY KEY,
      body BYTEA NOT NULL,
      saved_at BIGINT NOT NULL
    )
    """
  ]

  /// From when to when servers were alive.
  private static let serverLives = [
    """
    CREATE TABLE server_lives (
      started_at BIGINT NOT NULL PRIMARY KEY,
      seen_at BIGINT NOT NULL
    )
    """
  ]

  /// What came of a scan: a reason why nothing did, or counts of files.
  private static let scanOutcomes = [
    "ALTER TABLE scans ADD COLUMN failure TEXT",
    "ALTER TABLE scans ADD COLUMN found BIGINT",
    "ALTER TABLE scans ADD COLUMN added BIGINT",
    "ALTER TABLE scans ADD COLUMN updated BIGINT",
    "ALTER TABLE scans ADD COLUMN missing BIGINT",
    "ALTER TABLE scans ADD COLUMN failed BIGINT",
  ]

  /// Lengths and places of samples that are found more exactly than before: the next scan looks into every file again.
  private static let forgottenStamps = [
    "UPDATE tracks SET modified = \(forgottenModified)",
    "UPDATE scan_problems SET modified = \(forgottenModified)",
  ]

  /// The date of a file that is to be looked into again, whatever it is.
  static let forgottenModified = -1

  /// What whole files say of their music beside what the library shows of it.
  private static let fileTags = [
    """
    CREATE TABLE file_tags (
      track_id TEXT NOT NULL PRIMARY KEY,
      composer TEXT,
      track_total INTEGER,
      disc_total INTEGER
    )
    """
  ]

  /// Apart from the tracks, which are written with every scan and read by the page.
  private static let lyrics = [
    """
    CREATE TABLE lyrics (
      track_id TEXT NOT NULL PRIMARY KEY,
      body TEXT NOT NULL
    )
    """
  ]

  /// By fingerprint: a replaced file has none yet. What is read with every track stands in front of what is large.
  private static let analyses = [
    """
    CREATE TABLE analyses (
      fingerprint TEXT NOT NULL PRIMARY KEY,
      version TEXT NOT NULL,
      analysed_at BIGINT NOT NULL,
      failure_code TEXT,
      failure_message TEXT,
      is_passing INTEGER NOT NULL,
      integrated DOUBLE PRECISION,
      loudness_range DOUBLE PRECISION,
      true_peak DOUBLE PRECISION,
      histogram BYTEA,
      segment_sizes BYTEA,
      peaks BYTEA,
      rms BYTEA
    )
    """,
    "CREATE INDEX tracks_by_fingerprint ON tracks (fingerprint)",
    "CREATE INDEX tracks_by_age ON tracks (added_at)",
  ]
}

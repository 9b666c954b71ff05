import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The server's own folder, held by one process at a time.
///
/// The lock is the kernel's (`flock`): it ends with the process however that ends, and a left-over file locks nobody
/// out.
public final class DataDirectory: Sendable {
  /// The folder.
  public let path: String

  /// The lock's descriptor; nil for one who only works beside the holder.
  private let lock: Int32?

  /// `dubplate.db`.
  public var databasePath: String { path + "/dubplate.db" }

  /// The folder of ``CoverStore``.
  public var coversPath: String { path + "/covers" }

  /// The file of ``InspectionJournal``.
  public var journalPath: String { path + "/inspecting" }

  /// The folder of the segment store.
  public var segmentsPath: String { path + "/segments" }

  private init(path: String, lock: Int32?) {
    self.path = path
    self.lock = lock
  }

  deinit {
    if let lock { close(lock) }
  }

  /// The folder for a command that works beside a running server, on what allows that: the database and the secret.
  /// What it makes is its owner's alone; what is there stays as it is.
  /// - Parameter isMade: whether a folder that isn't there is made: else a name that was mistyped would leave one.
  /// - Throws: ``DataDirectoryError/missing(path:)``, and ``DataDirectoryError/unusable(path:reason:)`` when the system
  ///   refuses it.
  public static func openShared(path: String, isMade: Bool = false) throws(DataDirectoryError) -> DataDirectory {
    umask(0o077)
    do throws(FileSystem.Failure) {
      if isMade {
        try FileSystem.makeFolder(path, mode: 0o700)
      } else {
        guard try FileSystem.status(path).kind == .folder else { throw FileSystem.Failure(number: ENOTDIR) }
      }
    } catch {
      if error.number == ENOENT { throw .missing(path: path) }
      throw .unusable(path: path, reason: error.reason)
    }
    return DataDirectory(path: path, lock: nil)
  }

  /// Makes the folder when it is not there (mode 0700) and takes its lock, for as long as the object lives.
  /// - Parameter takesRequests: whether SIGHUP has this process look through the library, as a server does.
  /// - Throws: ``DataDirectoryError/inUse(pid:)`` while another process has it,
  ///   ``DataDirectoryError/unusable(path:reason:)`` when the system refuses.
  public static func open(path: String, takesRequests: Bool = true) throws(DataDirectoryError) -> DataDirectory {
    umask(0o077)
    do throws(FileSystem.Failure) {
      try FileSystem.makeFolder(path, mode: 0o700)
    } catch {
      throw .unusable(path: path, reason: error.reason)
    }
    let lockPath = path + "/lock"
    let descriptor = systemOpen(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unusable(path: lockPath, reason: FileSystem.Failure(number: errno).reason) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      close(descriptor)
      guard number == EWOULDBLOCK else {
        throw .unusable(path: lockPath, reason: FileSystem.Failure(number: number).reason)
      }
      throw .inUse(pid: holder(lockPath)?.pid)
    }
    writeHolder(descriptor, takesRequests: takesRequests)
    let directory = DataDirectory(path: path, lock: descriptor)
    try directory.checkCovers()
    keepToOwner(path)
    return directory
  }

  /// The signing secret of this server: 32 random bytes, made on first use in `jwt-secret` (mode 0600, hexadecimal).
  /// - Throws: ``DataDirectoryError/badSecret`` when the file holds something else: a new secret would silently end
  ///   every session, so that is for people to decide.
  public func jwtSecret() throws(DataDirectoryError) -> [UInt8] {
    let file = path + "/jwt-secret"
    let text: [UInt8]?
    do throws(FileSystem.Failure) {
      text = try FileSystem.read(file, limit: Limits.secretFileBytes)
    } catch {
      throw .unusable(path: file, reason: error.reason)
    }
    if let text {
      guard let secret = Self.secret(of: text) else { throw .badSecret }
      guard chmod(file, 0o600) == 0 else {
        throw .unusable(path: file, reason: FileSystem.Failure(number: errno).reason)
      }
      return secret
    }
    var generator = SystemRandomNumberGenerator()
    let secret = (0..<Limits.secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    do throws(FileSystem.Failure) {
      try FileSystem.writeAtomically((Identifier.hex(secret) + "\n").utf8, to: file, mode: 0o600)
    } catch {
      throw .unusable(path: file, reason: error.reason)
    }
    return secret
  }

  /// What an earlier process left is its owner's alone, like all that this one makes. A folder in which other things lie as
  /// well stays as it is, and so do the folders in it: somebody may have named the wrong one.
  private static func keepToOwner(_ path: String) {
    if holdsOnlyOurs(path) {
      // What is below them is out of reach with them.
      for folder in [path, path + "/covers", path + "/segments"] { chmod(folder, 0o700) }
    }
    for file in ["dubplate.db", "dubplate.db-wal", "dubplate.db-shm", "lock", "inspecting"] {
      chmod(path + "/" + file, 0o600)
    }
  }

  /// What lies where the folder of covers is to be would fail them one by one. It is made with the first of them: a full
  /// disk is no obstacle to a start.
  private func checkCovers() throws(DataDirectoryError) {
    do throws(FileSystem.Failure) {
      guard try FileSystem.status(coversPath).kind == .folder else { throw FileSystem.Failure(number: ENOTDIR) }
    } catch {
      if error.number != ENOENT { throw .unusable(path: coversPath, reason: error.reason) }
    }
  }

  /// Whether all that lies in a folder has a name that we give, or begins with one, as copies do. `lost+found` is a file
  /// system's own.
  private static func holdsOnlyOurs(_ path: String) -> Bool {
    let ours = ["dubplate.db", "jwt-secret", "initialised", "inspecting", "lock", "covers", "segments", "lost+found"]
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { name in
        ours.contains { name == $0 || name.hasPrefix($0 + ".") || name.hasPrefix($0 + "-") }
      }
    } catch {
      // What can't be read can't be known.
      return false
    }
  }

  private static func writeHolder(_ lock: Int32, takesRequests: Bool) {
    let text = Array("\(getpid())\(takesRequests ? "" : " \(busyMark)")\n".utf8)
    // Who holds the lock is a courtesy, which a full disk may deny.
    guard ftruncate(lock, 0) == 0 else { return }
    _ = pwrite(lock, text, text.count, 0)
  }

  static func holder(_ path: String) -> (pid: Int32, takesRequests: Bool)? {
    do throws(FileSystem.Failure) {
      guard let bytes = try FileSystem.read(path, limit: 32) else { return nil }
      let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      guard let pid = words.first.flatMap({ Int32($0) }) else { return nil }
      return (pid, words.count == 1)
    } catch {
      // Who holds the lock is a courtesy; that it is held is known.
      return nil
    }
  }

  private static func secret(of text: [UInt8]) -> [UInt8]? {
    let digits = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8
    guard digits.count == 2 * Limits.secretBytes else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in digits {
      guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
      if let first = high {
        bytes.append(first << 4 | UInt8(value))
        high = nil
      } else {
        high = UInt8(value)
      }
    }
    return bytes
  }
}

/// `open` by a name that does not collide with ``DataDirectory/open(path:)``.
private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  open(path, flags, mode)
}

/// Why a data directory cannot be used.
public enum DataDirectoryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Another process holds it; its pid when it could be read.
  case inUse(pid: Int32?)
  /// What is in the way, the folder or something in it, and the system's reason.
  case unusable(path: String, reason: String)
  /// There is no such folder.
  case missing(path: String)
  /// The folder was used before, and its database is not there, or is empty or cut short.
  case databaseLost(reason: String)
  /// `jwt-secret` holds something else than 64 hexadecimal digits.
  case badSecret

  /// The stable name.
  public var code: String {
    switch self {
    case .inUse: "data_in_use"
    case .unusable: "data_unusable"
    case .missing: "no_data"
    case .databaseLost: "database_lost"
    case .badSecret: "bad_secret_file"
    }
  }

  public var description: String {
    switch self {
    case .inUse(let pid): "Another server\(pid.map { " (pid \($0))" } ?? "") uses this data directory."
    case .unusable(let path, let reason): "The data directory cannot be used: \(path): \(reason)."
    case .missing(let path):
      "There is no data folder \(path): `dubplate serve` and `dubplate user add` make one."
    case .databaseLost(let reason):
      """
      The data directory was used before, and its database dubplate.db \(reason): accounts and queues are in it. \
      Restore it from a backup, or move what is left of it away and start once with --init to begin anew.
      """
    case .badSecret: "The file jwt-secret in the data directory does not hold 64 hexadecimal digits."
    }
  }
}

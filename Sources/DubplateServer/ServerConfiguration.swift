import Access
import Foundation
import Logging
import SocketIOServer

/// Everything that can be set, with its defaults. Reading it stands apart: ``ConfigurationReader``.
public struct ServerConfiguration: Sendable {
  /// Address to listen on.
  public var host = "127.0.0.1"
  /// Port to listen on; 0 lets the system choose.
  public var port = 3001
  /// Files of the certificate, with those that vouch for it, and of its key, both in PEM; nil: no TLS.
  public var tls: (certificate: String, key: String)?
  /// Folder of the database, secret, covers and segments.
  public var dataDirectory = "./data"
  /// Whether a database is also made in a data folder that was used before and has lost it.
  public var mayBeginAnew = false
  /// Folder of the music.
  public var libraryDirectory = "./library"
  /// Secret that signs tokens, at least 32 bytes; nil: one is made and kept in the data folder.
  public var jwtSecret: String?
  /// Keys that sign audio URLs, newest first; nil: one is derived from the tokens' secret.
  public var audioKeys: [(id: String, secret: [UInt8])]?
  /// Origins (scheme://host:port) of pages that may connect; `*` for any; empty for the server's own pages only.
  public var allowedOrigins: [String] = []
  /// Bytes that finished segments may take on disk.
  public var segmentBudgetBytes = 10 << 30
  /// Bytes that finished segments may take in memory.
  public var memoryBudgetBytes = 256 << 20
  /// Threads that encode; 0: one a core.
  public var encoderThreads = 0
  /// Connections at a time; nil: as many as the open files that the process may have leave room for.
  public var maxConnections: Int?
  /// Connections that one address may have, of IPv6 a /64; 0: any number; nil: ``ServerLimits/connectionsPerAddress``, and
  /// no more than a quarter of all. Those of trusted proxies aren't bounded.
  public var connectionsPerAddress: Int?
  /// Proxies that are believed when they say for whom they ask (`X-Forwarded-For`).
  public var trustedProxies = AddressRange.loopback
  /// Seconds from one look through the library to the next; 0: only at the start, and when there is a reason.
  public var scanIntervalSeconds = 600
  /// Whether the library is looked through when something in its folders changes.
  public var watchesLibrary = true
  /// Tracks that are analysed at a time in the background; 0: only those whose waveform is asked for.
  public var analysisTracks = 1
  /// The official browser client, served at `/socket.io/socket.io.js`; nil: looked for where it is usually put.
  public var socketIOClientPath: String?
  /// Folder of the web player's files, read at each request; nil: those that are part of the program.
  public var playerDirectory: String?
  /// Least severe message that is logged.
  public var logLevel = Logger.Level.info

  public init() {}
}

extension ServerConfiguration {
  /// - Throws: ``ConfigurationError`` when the library can't ever be read there, or would be written into. One that isn't
  ///   there may come: a disk that is mounted later.
  func checkFolders() throws(ConfigurationError) {
    var isFolder: ObjCBool = false
    let files = FileManager.default
    if files.fileExists(atPath: libraryDirectory, isDirectory: &isFolder), !isFolder.boolValue {
      throw ConfigurationError(.library, "is no folder: \(libraryDirectory)")
    }
    func place(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    guard place(libraryDirectory) != place(dataDirectory) else {
      throw ConfigurationError(
        .data, "must be another folder than the library, which is only read; both are \(libraryDirectory)")
    }
  }

  /// The keys of audio URLs; without any of their own, one that is derived from the secret of the tokens.
  func audioURLKeys(_ secret: [UInt8]) throws -> AudioURLKeys {
    if let audioKeys { try AudioURLKeys(audioKeys) } else { AudioURLKeys(derivedFrom: secret) }
  }

  /// Its certificate's and key's files, if it serves over TLS.
  /// - Throws: ``ConfigurationError``, which names the file.
  func certificate() throws(ConfigurationError) -> TLSCertificate? {
    guard let tls else { return nil }
    return try TLSCertificate(certificatePath: tls.certificate, keyPath: tls.key)
  }

  /// Who may connect: pages of the server's own origin, and those of the allowed ones.
  var corsPolicy: CORSPolicy {
    allowedOrigins.contains("*") ? .any(credentials: false) : .origins(Set(allowedOrigins), credentials: true)
  }
}

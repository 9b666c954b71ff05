import Foundation
import NIOCore
import NIOSSL
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The certificate with which connections are served, out of two files, and again when they change: connections that are
/// there go on with the one that they began with.
final class TLSCertificate: Sendable {
  /// By which a change of a file is known; nil for one that isn't there.
  private struct Stamp: Equatable {
    /// Of content and of rights, in nanoseconds: a key that couldn't be read may only be given to another.
    let modified: Int64
    let changed: Int64
    let bytes: Int64
    let number: UInt64

    /// Of what a link leads to: renewed certificates are often put in place by another link.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
      bytes = Int64(status.st_size)
      number = UInt64(status.st_ino)
    }
  }

  private struct State {
    var context: NIOSSLContext
    /// Of the files when they were read last, whatever came of it.
    var stamps: [Stamp?]
  }

  private let certificatePath: String
  private let keyPath: String
  private let state: Mutex<State>

  /// - Throws: ``ConfigurationError``, which names the file.
  init(certificatePath: String, keyPath: String) throws(ConfigurationError) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
    let stamps = Self.stamps(certificatePath, keyPath)
    state = Mutex(State(context: try Self.context(certificatePath, keyPath), stamps: stamps))
  }

  /// Makes a new connection one over TLS.
  func secure(_ channel: any Channel) throws {
    let context = state.withLock { $0.context }
    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
  }

  /// Reads the files again if they have changed. What can't be used is not asked for again until it changes once more: of
  /// two files one is written first.
  /// - Returns: whether there is another certificate now.
  /// - Throws: ``ConfigurationError``; the one before stays.
  func readAgainIfChanged() throws(ConfigurationError) -> Bool {
    let stamps = Self.stamps(certificatePath, keyPath)
    guard state.withLock({ $0.stamps }) != stamps else { return false }
    try readAgain()
    return true
  }

  /// - Throws: ``ConfigurationError``; the one before stays.
  func readAgain() throws(ConfigurationError) {
    // Before they are read: what is written meanwhile is another change.
    let stamps = Self.stamps(certificatePath, keyPath)
    state.withLock { $0.stamps = stamps }
    let context = try Self.context(certificatePath, keyPath)
    state.withLock { $0.context = context }
  }

  private static func stamps(_ paths: String...) -> [Stamp?] { paths.map { Stamp($0) } }

  private static func context(
    _ certificatePath: String, _ keyPath: String
  ) throws(ConfigurationError) -> NIOSSLContext {
    let chain = try read(.tlsCertificate, certificatePath, wanted: "certificates in PEM") { bytes in
      let chain = try NIOSSLCertificate.fromPEMBytes(bytes)
      return chain.isEmpty ? nil : chain
    }
    let key = try read(.tlsKey, keyPath, wanted: "a private key in PEM without a passphrase") { bytes in
      // Without one, BoringSSL would ask for it on the terminal.
      try NIOSSLPrivateKey(bytes: bytes, format: .pem) { $0([UInt8]()) }
    }
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    settings.minimumTLSVersion = .tlsv12
    settings.applicationProtocols = ["http/1.1"]
    do {
      return try NIOSSLContext(configuration: settings)
    } catch {
      throw ConfigurationError(.tlsKey, "isn't the key of the certificate: \(keyPath), \(certificatePath)")
    }
  }

  private static func read<Value>(
    _ setting: ConfigurationKey, _ path: String, wanted: String, _ parse: ([UInt8]) throws -> Value?
  ) throws(ConfigurationError) -> Value {
    guard let bytes = bytes(ofFile: path) else {
      throw ConfigurationError(setting, "can't be read: \(path): \(String(cString: strerror(errno)))")
    }
    guard let value = try? parse(bytes) else {
      throw ConfigurationError(setting, "must name a file of \(wanted), which \(path) is not")
    }
    return value
  }

  /// The beginning of a file, at most ``ServerLimits/certificateBytes``; nil, and `errno`, where it can't be read.
  private static func bytes(ofFile path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: ServerLimits.certificateBytes) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    let (failed, number) = (ferror(file) != 0, errno)
    fclose(file)
    errno = number
    return failed ? nil : bytes
  }
}

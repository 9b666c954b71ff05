import Catalog
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Error {
  /// The error as an operator is told of it. Foundation's own text of a file's error is a dump of its insides: here it is
  /// the file, and the system's reason.
  public var plainWords: String {
    if let error = self as? DataDirectoryError { return error.plainWords }
    if case .libraryUnavailable(let path, let reason)? = self as? ScanError {
      return "the library of '\(ConfigurationKey.library.names)' can't be read: \(path): \(reason); "
        + "mount the disk, or name the folder of the music"
    }
    guard let error = self as? CocoaError else {
      return (self as? any LocalizedError)?.errorDescription ?? "\(self)"
    }
    let path = (error.userInfo[NSFilePathErrorKey] as? String).map { "\($0): " } ?? ""
    guard let cause = error.userInfo[NSUnderlyingErrorKey] as? POSIXError else {
      return path + error.localizedDescription
    }
    return path + String(cString: strerror(cause.code.rawValue))
  }
}

extension DataDirectoryError {
  /// With the setting, and what is to be done.
  fileprivate var plainWords: String {
    let setting = "'\(ConfigurationKey.data.names)'"
    return switch self {
    case .unusable(let path, let reason):
      "the data folder of \(setting) can't be used: \(path): \(reason); name a folder that this user may write to"
    case .inUse(let pid):
      "another server\(pid.map { " (pid \($0))" } ?? "") uses the data folder: end it, or name another by \(setting)"
    case .missing(let path):
      "there is no data folder \(path) (\(setting)): `dubplate serve` and `dubplate user add` make one"
    case .databaseLost, .badSecret: description
    }
  }
}

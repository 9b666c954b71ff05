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

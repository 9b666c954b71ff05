import Logging
import ServiceLifecycle

/// Takes a renewed certificate into use when its files change.
struct CertificateService: Service {
  let certificate: TLSCertificate
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: ServerLimits.certificateInterval)) != nil {
        report { () throws(ConfigurationError) in try certificate.readAgainIfChanged() }
      }
    }
    try await gracefulShutdown()
  }

  /// At a reload, whether or not the files look changed.
  func reload() {
    report { () throws(ConfigurationError) in
      try certificate.readAgain()
      return true
    }
  }

  private func report(_ reading: () throws(ConfigurationError) -> Bool) {
    do throws(ConfigurationError) {
      if try reading() { logger.notice("the certificate was read again; new connections have it") }
    } catch {
      logger.error("the certificate can't be read again; the one before stays", metadata: ["error": "\(error)"])
    }
  }
}

import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

/// Turns every error into `{"error": {"code", "message"}}` with the status of the catalogue.
struct ErrorMiddleware: RouterMiddleware {
  private struct Body: Encodable {
    struct Fault: Encodable {
      let code: String
      let message: String
      let retryAfterMs: Int?
    }
    let error: Fault
  }

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPParserError {
      // The request broke off: the connection has said so, and nobody waits for another answer.
      throw error
    } catch {
      return try Self.response(to: Self.translate(error, context: context))
    }
  }

  private static func translate(_ error: any Error, context: APIContext) -> DubplateError {
    switch error {
    case let error as DubplateError: return error
    case let error as HTTPError where error.status == .notFound:
      return DubplateError(.notFound, "there is nothing here")
    case let error as any HTTPResponseError where error.status == .contentTooLarge:
      return DubplateError(.bodyTooLarge, "the body has more than \(context.maxUploadSize) bytes")
    case is DecodingError: return DubplateError(.badRequest, "the body is not the JSON that is wanted here")
    case let error as any HTTPResponseError where error.status.kind == .clientError:
      return DubplateError(.badRequest, "the request can't be understood")
    default:
      context.logger.error("a request has failed", metadata: ["error": "\(error)"])
      return DubplateError(.internalFault, "something is broken here; the log has it")
    }
  }

  static func response(to error: DubplateError) throws -> Response {
    let fault = Body.Fault(code: error.code.name, message: error.message, retryAfterMs: error.retryAfterMilliseconds)
    var headers: HTTPFields = [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"]
    if let milliseconds = error.retryAfterMilliseconds { headers[.retryAfter] = String((milliseconds + 999) / 1_000) }
    // RFC 9110 section 15.5.2: a 401 says how; RFC 6750 has the scheme.
    if error.code.httpStatus == 401 { headers[.wwwAuthenticate] = "Bearer realm=\"dubplate\"" }
    return Response(
      status: .init(code: error.code.httpStatus), headers: headers,
      body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(Body(error: fault)))))
  }
}

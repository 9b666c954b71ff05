import Access
import AudioCodec
import Catalog
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Packaging
import Segments

/// The sound over plain HTTP: HLS and whole files, `/audio/{track}/…`.
///
/// Every URL carries a token, in its query or in a cookie. It may be checked at an edge instead
/// (`GET /api/v1/audio/authorize`): bodies depend on the path and `v` alone, so a cache keeps them without it.
struct AudioController: Sendable {
  let library: SegmentLibrary
  let tracks: TrackDirectory
  let analyses: any AnalysisRepository
  let keys: AudioURLKeys
  let logger: Logger
  private let grants = GrantCache()

  init(
    library: SegmentLibrary, tracks: TrackDirectory, analyses: any AnalysisRepository, keys: AudioURLKeys,
    logger: Logger
  ) {
    self.library = library
    self.tracks = tracks
    self.analyses = analyses
    self.keys = keys
    self.logger = logger
  }

  func addRoutes(to router: Router<APIContext>) {
    let group = router.group("audio/:track")
    group.get("master.m3u8", use: master)
    group.get(":name", use: wholeFile)
    // The router's own HEAD of a GET takes an unknown length for none at all.
    group.head(":name", use: wholeFile)
    group.get(":name/index.m3u8", use: playlist)
    group.get(":name/init.mp4", use: header)
    group.get(":name/:segment", use: segment)
    router.get("api/v1/audio/authorize", use: authorize)
  }

  // MARK: Who may

  /// The token of a request, as it stands in its query or cookie.
  private static func token(of request: Request) -> String? {
    request.uri.queryParameters["token"].map(String.init) ?? request.cookies[AudioLinks.cookie]?.value
  }

  func grant(_ token: String?, track: String) throws(DubplateError) -> AudioGrant {
    let now = Int64(Date().timeIntervalSince1970)
    if let token, let known = grants.grant(token, trackID: track, now: now) { return known }
    do throws(AccessError) {
      let grant = try keys.verify(token, trackID: track, now: now)
      if let token { grants.keep(grant, of: token) }
      return grant
    } catch {
      throw error == .expired
        ? DubplateError(.urlExpired, "the URL has expired") : DubplateError(.urlInvalid, "the URL is not valid")
    }
  }

  /// What a request is about, after its token was checked.
  private func open(
    _ request: Request, _ context: APIContext, rendition name: String
  ) async throws -> (grant: AudioGrant, track: PlayableTrack, rendition: Rendition) {
    let id = try context.parameters.require("track")
    let grant = try grant(Self.token(of: request), track: id)
    guard let rendition = Rendition(name: name) else { throw DubplateError(.notFound, "there is nothing here") }
    guard grant.renditions.contains(name) else {
      throw DubplateError(.urlInvalid, "the URL is not valid")
    }
    return (grant, try await tracks.track(id), rendition)
  }

  /// For nginx's `auth_request`: 204 or 403, for the URI in `X-Original-URI`.
  private func authorize(_ request: Request, _ context: APIContext) async throws -> Response {
    let uri = URI(HTTPField.Name("X-Original-URI").flatMap { request.headers[$0] } ?? "")
    let parts = uri.path.split(separator: "/")
    guard parts.count >= 3, parts[0] == "audio" else { throw DubplateError(.urlInvalid, "the URL is not valid") }
    let token = uri.queryParameters["token"].map(String.init) ?? request.cookies[AudioLinks.cookie]?.value
    let grant = try grant(token, track: String(parts[1]))
    // A name of dots alone has no first part.
    let rendition = parts[2].split(separator: ".").first.map(String.init) ?? ""
    guard rendition == "master" || grant.renditions.contains(rendition) else {
      throw DubplateError(.urlInvalid, "the URL is not valid")
    }
    return Response(status: .noContent, headers: [.cacheControl: "no-store"])
  }

  // MARK: HLS

  /// `?v=…&token=…`, or without a token where a cookie carries it.
  private static func query(_ request: Request, _ track: PlayableTrack) -> String {
    let version = "?v=\(track.segments.fingerprint.prefix(WebLimits.versionDigits))"
    return request.uri.queryParameters["token"].map { version + "&token=\($0)" } ?? version
  }

  private static func text(_ playlist: String) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "application/vnd.apple.mpegurl", .cacheControl: "private, max-age=60"],
      body: .init(byteBuffer: ByteBuffer(string: playlist)))
  }

  private func master(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try context.parameters.require("track")
    let grant = try grant(Self.token(of: request), track: id)
    let track = try await tracks.track(id)
    // One codec unless more are asked for: Chromium's own HLS can't change it in the middle, nor read packed MP3.
    let wanted = request.uri.queryParameters["codecs"]?.split(separator: ",").map(String.init) ?? ["aac"]
    let packaged = grant.renditions.compactMap(Rendition.init(name:)).filter {
      $0.isInHLS && wanted.contains($0.codecName)
    }.map {
      PackagedTrack(track.segments, rendition: $0)
    }
    guard !packaged.isEmpty else { throw DubplateError(.notFound, "there is no rendition of these codecs") }
    let query = Self.query(request, track)
    return Self.text(Playlists.master(packaged) { "\($0)/index.m3u8\(query)" })
  }

  private func playlist(_ request: Request, _ context: APIContext) async throws -> Response {
    let (_, track, rendition) = try await open(request, context, rendition: try context.parameters.require("name"))
    guard rendition.isInHLS else { throw DubplateError(.notFound, "there is nothing here") }
    let query = Self.query(request, track)
    let packaged = PackagedTrack(track.segments, rendition: rendition)
    let header = FragmentedMP4(packaged).map { _ in "init.mp4\(query)" }
    return Self.text(
      Playlists.media(packaged, header: header) { "\($0).\(rendition.segmentExtension)\(query)" })
  }

  private static let forEver: HTTPFields = [.cacheControl: "public, max-age=31536000, immutable"]

  private func header(_ request: Request, _ context: APIContext) async throws -> Response {
    let (_, track, rendition) = try await open(request, context, rendition: try context.parameters.require("name"))
    guard let mp4 = FragmentedMP4(PackagedTrack(track.segments, rendition: rendition)) else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    var headers = Self.forEver
    headers[.contentType] = rendition.segmentMediaType
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: mp4.header()))
  }

  private func segment(_ request: Request, _ context: APIContext) async throws -> Response {
    let (grant, track, rendition) = try await open(
      request, context, rendition: try context.parameters.require("name"))
    let name = try context.parameters.require("segment").split(separator: ".", omittingEmptySubsequences: false)
    let packaged = PackagedTrack(track.segments, rendition: rendition)
    guard rendition.isInHLS, name.count == 2, name[1] == rendition.segmentExtension, let index = Int(name[0]),
      String(index) == name[0],
      (0..<packaged.segmentCount).contains(index)
    else { throw DubplateError(.notFound, "there is nothing here") }
    let segment: Segment
    do throws(SegmentError) {
      let lease = try library.lease(
        track.segments, rendition: rendition, index: index, deadline: Self.now, owner: grant.owner)
      segment = try await lease.feed.whole()
    } catch {
      throw DubplateError(error)
    }
    var headers = Self.forEver
    headers[.contentType] = rendition.segmentMediaType
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: Self.body(segment, packaged)))
  }

  static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  // MARK: Whole files

  private func wholeFile(_ request: Request, _ context: APIContext) async throws -> Response {
    let parts = try context.parameters.require("name").split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let container = ProgressiveFile.Container(rawValue: String(parts[1])) else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    let (grant, track, rendition) = try await open(request, context, rendition: String(parts[0]))
    let packaged = PackagedTrack(track.segments, rendition: rendition)
    let sizes = container == .flac ? try await losslessSizes(of: track.segments, rendition) : nil
    guard
      let file = ProgressiveFile(
        packaged, container: container,
        tags: FileTags(title: track.track.title, artist: track.track.artist, album: track.track.album),
        losslessSizes: sizes?.bytes)
    else { throw DubplateError(.notFound, "there is nothing here") }

    var headers: HTTPFields = [.contentType: container.mediaType, .cacheControl: "private, max-age=86400"]
    var transfer = FileTransfer(
      library: library, track: track.segments, rendition: rendition, file: file, owner: grant.owner,
      logger: logger)
    if sizes?.isForetold == true {
      transfer.onMisfit = { [analyses] in try await analyses.forgetSegmentSizes(of: track.segments.fingerprint) }
    }
    guard let length = file.byteCount else {
      // Nobody knows how long it'll be: it can be heard, and seeking comes when all of it has been made.
      headers[.acceptRanges] = "none"
      let beginning = try await transfer.begin(from: 0)
      // A HEAD says what a GET would: here, nothing of a length.
      let body = request.method == .head ? Self.noBody(nil) : transfer.everything(beginning)
      return Response(status: .ok, headers: headers, body: body)
    }
    let tag = EntityTag(
      "\(track.segments.fingerprint.prefix(24))-\(rendition)\(sizes?.tag ?? "")", isStrong: rendition.isReproducible)
    headers[.eTag] = tag.text
    headers[.acceptRanges] = "bytes"
    if request.headers[.ifNoneMatch].map(tag.matches(anyOf:)) == true {
      return Response(status: .notModified, headers: headers)
    }
    let isCurrent = request.headers[.ifRange].map(tag.isStronglyEqual(to:)) ?? true
    switch ByteRange(isCurrent ? request.headers[.range] : nil, length: length) {
    case .whole:
      return Response(status: .ok, headers: headers, body: try await body(transfer, 0..<length, request))
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
      return Response(status: .partialContent, headers: headers, body: try await body(transfer, range, request))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(length)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
  }

  /// Bytes of a lossless rendition's segments: those that are kept, or those that the analysis foretells.
  private func losslessSizes(of track: SegmentTrack, _ rendition: Rendition) async throws -> LosslessSizes? {
    if let kept = await library.losslessSizes(of: track, rendition: rendition) {
      return LosslessSizes(bytes: kept, isForetold: false)
    }
    let foretold = try await analyses.segmentSizes(of: track.fingerprint, version: TrackAnalysis.storedVersion)
    return foretold.map { LosslessSizes(bytes: $0, isForetold: true) }
  }

  /// What is sent of a file; nothing for a HEAD, which is answered as its GET would be.
  private func body(_ transfer: FileTransfer, _ range: Range<Int>, _ request: Request) async throws -> ResponseBody {
    let beginning = try await transfer.begin(from: range.lowerBound)
    return request.method == .head ? Self.noBody(range.count) : transfer.part(range, beginning)
  }

  private static func noBody(_ length: Int?) -> ResponseBody {
    ResponseBody(contentLength: length) { try await $0.finish(nil) }
  }
}

/// Bytes of each segment of a lossless rendition.
private struct LosslessSizes {
  let bytes: [Int]
  /// Nothing of it may have been made yet.
  let isForetold: Bool

  /// Part of the file's tag: should sizes ever differ from those that a client has seen, it's another file. FNV-1a.
  var tag: String {
    let hash = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64(max($1, 0))) &* 0x100_0000_01B3 }
    return "-" + String(hash, radix: 36)
  }
}

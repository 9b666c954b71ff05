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
import NIOPosix
import Packaging
import Segments
import SocketIOServer

/// The sound over plain HTTP: HLS and whole files, `/audio/{track}/…`.
///
/// Every URL carries a token, in its query or in a cookie. It may be checked at an edge instead
/// (`GET /api/v1/audio/authorize`): bodies depend on the path and `v` alone, so a cache keeps them without it.
struct AudioController: Sendable {
  let library: SegmentLibrary
  let tracks: TrackDirectory
  let analyses: any AnalysisRepository
  let keys: AudioKeyring
  let origins: @Sendable () -> CORSPolicy
  let logger: Logger
  private let gateway: StreamGateway
  private let files: WholeFiles

  init(
    library: SegmentLibrary, tracks: TrackDirectory, analyses: any AnalysisRepository, files: WholeFiles,
    gateway: StreamGateway, keys: AudioKeyring, origins: @escaping @Sendable () -> CORSPolicy, logger: Logger
  ) {
    self.files = files
    self.gateway = gateway
    self.library = library
    self.tracks = tracks
    self.analyses = analyses
    self.keys = keys
    self.origins = origins
    self.logger = logger
  }

  func addRoutes(to router: Router<APIContext>) {
    // Which of them it is says the address, and nothing that has been decoded on the way to here.
    router.get("audio/**", use: answer)
    // The router's own HEAD of a GET takes an unknown length for none at all.
    router.head("audio/**", use: answer)
    router.get("api/v1/audio/authorize", use: authorize)
  }

  private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
    guard let address = AudioAddress(request.head.path ?? "") else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    let (grant, rendition) = try admit(address, request)
    let track = try await tracks.track(address.track)
    guard address.isCurrent(of: track) else { throw DubplateError(.urlExpired, "the track's file has changed") }
    if case .file(Rendition.originalName, let ending) = address.resource {
      return try await original(ending, request, grant, track)
    }
    let response: Response
    switch (address.resource, rendition) {
    case (.master, _), (_, nil): response = try await master(address, request, grant, track)
    case (.playlist, let rendition?): response = try await playlist(address, request, grant, track, rendition)
    case (.header, let rendition?): response = try header(address, track, rendition)
    case (.segment(_, let index, let ending), let rendition?):
      guard ending == rendition.segmentExtension else { throw DubplateError(.notFound, "there is nothing here") }
      response = try await segment(index, address, grant, track, rendition)
    case (.file(_, let ending), let rendition?):
      return try await wholeFile(ending, request, grant, track, rendition)
    }
    return request.method == .head ? response.createHeadResponse() : response
  }

  // MARK: Who may

  func grant(_ token: String?, track: String) throws(DubplateError) -> AudioGrant {
    let now = Int64(Date().timeIntervalSince1970)
    do throws(AccessError) {
      return try keys.grant(token, trackID: track, now: now)
    } catch {
      throw error == .expired
        ? DubplateError(.urlExpired, "the URL has expired") : DubplateError(.urlInvalid, "the URL is not valid")
    }
  }

  /// What a URL's token grants, and the rendition that the URL is of; nil for a master playlist.
  private func admit(
    _ address: AudioAddress, _ request: Request
  ) throws(DubplateError) -> (grant: AudioGrant, rendition: Rendition?) {
    let grant = try grant(address.token ?? request.cookies[AudioLinks.cookie]?.value, track: address.track)
    guard let name = address.rendition else { return (grant, nil) }
    if case .file(Rendition.originalName, _) = address.resource {
      guard grant.renditions.contains(name) else { throw DubplateError(.urlInvalid, "the URL is not valid") }
      return (grant, nil)
    }
    guard let rendition = Rendition(name: name) else { throw DubplateError(.notFound, "there is nothing here") }
    guard grant.renditions.contains(name) else { throw DubplateError(.urlInvalid, "the URL is not valid") }
    return (grant, rendition)
  }

  /// For an edge that asks before each request (nginx's `auth_request`), about the target in `X-Original-URI`: 204, and
  /// in `X-Audio-Key` what its cache may call the answer; or 403. Why it is refused, the request itself is told.
  private func authorize(_ request: Request, _ context: APIContext) async throws -> Response {
    let target = Self.originalTarget.flatMap { request.headers[$0] } ?? ""
    do throws(DubplateError) {
      guard let address = AudioAddress(target) else { throw DubplateError(.urlInvalid, "the URL is not valid") }
      _ = try admit(address, request)
      let track = try await tracks.track(address.track)
      guard address.isCurrent(of: track) else { throw DubplateError(.urlExpired, "the track's file has changed") }
      var headers: HTTPFields = [.cacheControl: "no-store"]
      if let name = Self.audioKey { headers[name] = "\(target.prefix { $0 != "?" })?v=\(track.urlVersion)" }
      return Response(status: .noContent, headers: headers)
    } catch {
      // An edge understands nothing else.
      guard error.code.httpStatus < 500, error.code.httpStatus != 403 else { throw error }
      throw DubplateError(.urlInvalid, "the URL is not valid")
    }
  }

  private static let originalTarget = HTTPField.Name("X-Original-URI")
  private static let audioKey = HTTPField.Name("X-Audio-Key")

  // MARK: HLS

  /// `?v=…&token=…`, or without a token where a cookie carries it.
  private static func query(_ address: AudioAddress, _ track: PlayableTrack) -> String {
    let version = "?v=\(track.urlVersion)"
    return address.token.map { version + "&token=\($0)" } ?? version
  }

  /// Compressed where that is asked for: each line carries the token, so a tenth is left.
  private static func text(_ playlist: String, _ request: Request) -> Response {
    var headers: HTTPFields = [
      .contentType: "application/vnd.apple.mpegurl", .cacheControl: "private, max-age=60", .vary: "Accept-Encoding",
    ]
    var playlist = playlist
    if AcceptField(request.headers[.acceptEncoding]).weight(of: "gzip") > 0,
      let packed = playlist.withUTF8({ Gzip.compressed($0, .least) })
    {
      headers[.contentEncoding] = "gzip"
      return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: packed)))
    }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: playlist)))
  }

  private func master(
    _ address: AudioAddress, _ request: Request, _ grant: AudioGrant, _ track: PlayableTrack
  ) async throws -> Response {
    // One codec unless more are asked for: Chromium's own HLS can't change it in the middle, nor read packed MP3.
    let wanted = request.uri.queryParameters["codecs"]?.split(separator: ",").map(String.init) ?? ["aac"]
    let packaged = grant.renditions.compactMap(Rendition.init(name:)).filter {
      $0.isInHLS && wanted.contains($0.codecName)
    }.map {
      PackagedTrack(track.segments, rendition: $0)
    }
    try spend(packaged, grant)
    guard !packaged.isEmpty else { throw DubplateError(.notFound, "there is no rendition of these codecs") }
    var rated: [(track: PackagedTrack, bandwidth: Bandwidth)] = []
    for track in packaged { rated.append((track, try await bandwidth(track))) }
    let query = Self.query(address, track)
    return Self.text(Playlists.master(rated) { "\($0)/index.m3u8\(query)" }, request)
  }

  /// Makes an answer; one that is as long as a record's, where nobody else waits for a thread.
  private static func made<Answer: Sendable>(
    _ segments: Int, _ make: @escaping @Sendable () -> Answer
  ) async throws -> Answer {
    guard segments > WebLimits.longPlaylistSegments else { return make() }
    return try await NIOThreadPool.singleton.runIfActive(make)
  }

  /// Has an answer paid for, by who was given the URL, for which each segment of the track is looked at.
  private func spend(_ packaged: [PackagedTrack], _ grant: AudioGrant) throws(DubplateError) {
    let segments = packaged.reduce(0) { $0 + $1.segmentCount }
    try gateway.spendRequest(userId: grant.owner, cost: 1 + Double(segments) / WebLimits.segmentsPerRequest)
  }

  /// By what has been made, what the analysis foretells, and what the encoder does as a rule.
  private func bandwidth(_ packaged: PackagedTrack) async throws -> Bandwidth {
    let known = try await Self.made(packaged.segmentCount) { [library] in
      library.knownSizes(of: packaged.track, rendition: packaged.rendition)
    }
    guard packaged.rendition.isReproducible, known.contains(nil),
      let foretold = try await analyses.segmentSizes(
        of: packaged.track.fingerprint, version: TrackAnalysis.storedVersion)
    else { return packaged.bandwidth(known) }
    return packaged.bandwidth(foretold)
  }

  private func playlist(
    _ address: AudioAddress, _ request: Request, _ grant: AudioGrant, _ track: PlayableTrack, _ rendition: Rendition
  ) async throws -> Response {
    guard rendition.isInHLS else { throw DubplateError(.notFound, "there is nothing here") }
    let query = Self.query(address, track)
    let packaged = PackagedTrack(track.segments, rendition: rendition)
    try spend([packaged], grant)
    let header = FragmentedMP4(packaged, for: .playlist).map { _ in "init.mp4\(query)" }
    return try await Self.made(packaged.segmentCount) {
      Self.text(
        Playlists.media(packaged, header: header) { "\($0).\(rendition.segmentExtension)\(query)" }, request)
    }
  }

  private func header(_ address: AudioAddress, _ track: PlayableTrack, _ rendition: Rendition) throws -> Response {
    guard let mp4 = FragmentedMP4(PackagedTrack(track.segments, rendition: rendition), for: .playlist) else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    let headers: HTTPFields = [.contentType: rendition.segmentMediaType, .cacheControl: address.cacheControl]
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: mp4.header()))
  }

  private func segment(
    _ index: Int, _ address: AudioAddress, _ grant: AudioGrant, _ track: PlayableTrack, _ rendition: Rendition
  ) async throws -> Response {
    let packaged = PackagedTrack(track.segments, rendition: rendition)
    guard rendition.isInHLS, (0..<packaged.segmentCount).contains(index) else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    let segment: Segment
    do throws(SegmentError) {
      let lease = try library.lease(
        track.segments, rendition: rendition, index: index, deadline: Self.now, owner: grant.owner)
      segment = try await lease.feed.whole()
    } catch {
      throw DubplateError(error)
    }
    let headers: HTTPFields = [.contentType: rendition.segmentMediaType, .cacheControl: address.cacheControl]
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: packaged.segmentForm(segment)))
  }

  static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  // MARK: Whole files

  private func wholeFile(
    _ ending: String, _ request: Request, _ grant: AudioGrant, _ track: PlayableTrack, _ rendition: Rendition
  ) async throws -> Response {
    guard let container = ProgressiveFile.Container(rawValue: ending) else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    try spend(container == .flac ? [PackagedTrack(track.segments, rendition: rendition)] : [], grant)
    let sizes = container == .flac ? try await losslessSizes(of: track.segments, rendition) : nil
    guard
      let file = try await files.file(track, rendition, container, sizes: sizes.map { ($0.bytes, $0.tag) })
    else { throw DubplateError(.notFound, "there is nothing here") }

    let modified = FileNaming.modifiedSeconds(of: track.track)
    var headers: HTTPFields = [
      .contentType: container.mediaType, .cacheControl: "private, max-age=86400",
      .lastModified: FileNaming.date(modified),
      .contentDisposition: FileNaming.disposition(of: track.track, ending: container.rawValue),
    ]
    var transfer = FileTransfer(
      library: library, track: track.segments, rendition: rendition, file: file, owner: grant.owner,
      logger: logger)
    if sizes?.isForetold == true {
      transfer.onMisfit = { [analyses] in try await analyses.forgetSegmentSizes(of: track.segments.fingerprint) }
    }
    let conditions = FileConditions(request.headers, now: Int64(Date().timeIntervalSince1970))
    guard let length = file.byteCount else {
      if let status = conditions.refusal(tag: nil, modified: modified) {
        return Response(status: status, headers: headers)
      }
      // Nobody knows how long it'll be: it can be heard, and seeking comes when all of it has been made.
      headers[.acceptRanges] = "none"
      let beginning = try await transfer.begin(from: 0)
      // A HEAD says what a GET would: here, nothing of a length.
      let body = request.method == .head ? Self.noBody(nil) : transfer.everything(beginning)
      return Response(status: .ok, headers: headers, body: body)
    }
    let tag = EntityTag(
      "\(track.segments.fingerprint.prefix(24))-\(rendition)-\(TrackAnalysis.storedVersion)-\(length)"
        + (sizes?.tag ?? ""),
      isStrong: rendition.isReproducible)
    headers[.eTag] = tag.text
    headers[.acceptRanges] = "bytes"
    if let status = conditions.refusal(tag: tag, modified: modified) {
      return Response(status: status, headers: headers)
    }
    return try await Self.part(of: length, tag, request, headers) { try await body(transfer, $0, request) }
  }

  /// What a request wants of a file of known length.
  private static func part(
    of length: Int, _ tag: EntityTag, _ request: Request, _ headers: HTTPFields,
    _ body: (Range<Int>) async throws -> ResponseBody
  ) async throws -> Response {
    var headers = headers
    let isCurrent = request.headers[.ifRange].map(tag.isStronglyEqual(to:)) ?? true
    switch ByteRange(isCurrent && request.method == .get ? request.headers[.range] : nil, length: length) {
    case .whole: return Response(status: .ok, headers: headers, body: try await body(0..<length))
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
      return Response(status: .partialContent, headers: headers, body: try await body(range))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(length)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
  }

  /// The track's own file.
  private func original(
    _ ending: String, _ request: Request, _ grant: AudioGrant, _ track: PlayableTrack
  ) async throws -> Response {
    try gateway.spendRequest(userId: grant.owner)
    guard ending == OriginalFile.ending(of: track.track), let file = try await OriginalFile.open(track) else {
      throw DubplateError(.notFound, "there is nothing here")
    }
    let modified = FileNaming.modifiedSeconds(of: track.track)
    let headers: HTTPFields = [
      .contentType: file.mediaType, .cacheControl: "private, max-age=86400", .lastModified: FileNaming.date(modified),
      .contentDisposition: FileNaming.disposition(of: track.track, ending: ending), .eTag: file.tag.text,
      .acceptRanges: "bytes",
    ]
    let conditions = FileConditions(request.headers, now: Int64(Date().timeIntervalSince1970))
    if let status = conditions.refusal(tag: file.tag, modified: modified) {
      return Response(status: status, headers: headers)
    }
    return try await Self.part(of: file.length, file.tag, request, headers) { range in
      request.method == .head ? Self.noBody(range.count) : file.body(range)
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

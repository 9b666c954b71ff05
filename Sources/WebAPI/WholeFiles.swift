import AudioCodec
import Catalog
import Gateway
import NIOCore
import NIOPosix
import Packaging
import Segments
import Synchronization

/// Whole files with their tags and covers, kept for a while: a player asks for many parts of one, and all who are sent it
/// share what it begins with.
final class WholeFiles: Sendable {
  /// What a file is of.
  private struct Key: Hashable {
    let track: String
    let fingerprint: String
    let rendition: Rendition
    let sizes: String
  }

  private struct State {
    var files: [Key: ProgressiveFile] = [:]
    var bytes = 0
  }

  private let tracks: any TrackRepository
  private let covers: CoverStore
  private let scaler: CoverScaler
  private let state = Mutex(State())

  init(tracks: any TrackRepository, covers: CoverStore, scaler: CoverScaler) {
    self.tracks = tracks
    self.covers = covers
    self.scaler = scaler
  }

  /// A track as a file; nil where the rendition doesn't go into this container.
  /// - Parameter sizes: bytes of a lossless rendition's segments, with a text that names them.
  /// - Throws: what reading the cover throws; `busy` when too many covers are being scaled.
  func file(
    _ track: PlayableTrack, _ rendition: Rendition, _ container: ProgressiveFile.Container,
    sizes: (bytes: [Int], tag: String)?
  ) async throws -> ProgressiveFile? {
    guard rendition.container == container else { return nil }
    let key = Key(
      track: track.id, fingerprint: track.segments.fingerprint, rendition: rendition, sizes: sizes?.tag ?? "")
    if let known = state.withLock({ $0.files[key] }) { return known }
    guard
      let file = ProgressiveFile(
        PackagedTrack(track.segments, rendition: rendition), container: container,
        tags: try await tags(of: track.track),
        losslessSizes: sizes?.bytes)
    else { return nil }
    let bytes = file.head.readableBytes + WebLimits.fileBytes(segments: track.segments.timeline(rendition).segmentCount)
    guard bytes <= WebLimits.fileHeadBytes else { return file }
    state.withLock { state in
      // Bounded by forgetting everything: what is forgotten is made again, alike.
      if state.bytes + bytes > WebLimits.fileHeadBytes { state = State() }
      if state.files.updateValue(file, forKey: key) == nil { state.bytes += bytes }
    }
    return file
  }

  private func tags(of track: Track) async throws -> FileTags {
    var words = AudioTags()
    words.title = track.title
    words.artist = track.artist
    words.album = track.album
    words.albumArtist = track.albumArtist
    words.genre = track.genre
    words.year = track.year
    words.trackNumber = track.trackNumber
    words.discNumber = track.discNumber
    let more = try await tracks.fileTags(id: track.id)
    words.lyrics = more.lyrics
    words.composer = more.composer
    words.trackTotal = more.trackTotal
    words.discTotal = more.discTotal
    return FileTags(words, cover: try await cover(track.coverKey))
  }

  /// The cover, scaled down where it is large, since it stands in front of the first sound, and made a JPEG where it is
  /// neither that nor a PNG: MP4 has no name for the others, and few players show them. What is embedded must not depend
  /// on the moment, since every byte behind it has its place by its size.
  private func cover(_ key: String?) async throws -> FilePicture? {
    guard let key, let whole = try await NIOThreadPool.singleton.runIfActive({ [covers] in try covers.cover(key: key) })
    else { return nil }
    let isCommon = ["image/jpeg", "image/png"].contains(whole.mime)
    let cover =
      isCommon && whole.data.count <= WebLimits.embeddedCoverBytes
      ? whole : try await scaler.cover(key: key, size: WebLimits.embeddedCoverSize, isConverted: !isCommon)
    guard let cover, cover.data.count <= WebLimits.embeddedCoverBytes else { return nil }
    return FilePicture(bytes: ByteBuffer(bytes: cover.data), mediaType: cover.mime)
  }
}

import NIOCore

/// What a file says of its music.
public struct FileTags: Sendable {
  public var title: String
  public var artist: String?
  public var album: String?
  public var albumArtist: String?
  public var genre: String?
  public var year: Int?
  public var trackNumber: Int?
  public var discNumber: Int?
  /// Lines apart by `\n`.
  public var lyrics: String?
  public var cover: FilePicture?

  public init(
    title: String, artist: String? = nil, album: String? = nil, albumArtist: String? = nil, genre: String? = nil,
    year: Int? = nil, trackNumber: Int? = nil, discNumber: Int? = nil, lyrics: String? = nil, cover: FilePicture? = nil
  ) {
    self.title = title
    self.artist = artist
    self.album = album
    self.albumArtist = albumArtist
    self.genre = genre
    self.year = year
    self.trackNumber = trackNumber
    self.discNumber = discNumber
    self.lyrics = lyrics
    self.cover = cover
  }

  /// What every kind of tag has, under its own name.
  enum Field: CaseIterable {
    case title, artist, album, albumArtist, genre, date, track, disc, lyrics
  }

  /// Nil for what the file doesn't say.
  func text(_ field: Field) -> String? {
    let text =
      switch field {
      case .title: title
      case .artist: artist
      case .album: album
      case .albumArtist: albumArtist
      case .genre: genre
      case .date: year.map { String(repeating: "0", count: max(0, 4 - "\($0)".count)) + "\($0)" }
      case .track: trackNumber.map(String.init)
      case .disc: discNumber.map(String.init)
      case .lyrics: lyrics
      }
    return text.flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// The front cover.
public struct FilePicture: Sendable {
  public var bytes: ByteBuffer
  /// Such as `image/jpeg`.
  public var mediaType: String

  public init(bytes: ByteBuffer, mediaType: String) {
    self.bytes = bytes
    self.mediaType = mediaType
  }

  /// What ID3 and FLAC call the front cover (id3.org/id3v2.4.0-frames, 4.14).
  static let frontCover: UInt8 = 3
}

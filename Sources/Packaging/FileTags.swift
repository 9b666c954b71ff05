import AudioCodec
import NIOCore

/// What a file says of its music.
public struct FileTags: Sendable {
  public var words: AudioTags
  public var cover: FilePicture?

  public init(_ words: AudioTags, cover: FilePicture? = nil) {
    self.words = words
    self.cover = cover
  }

  /// What every kind of tag has, under its own name.
  enum Field: CaseIterable {
    case title, artist, album, albumArtist, composer, genre, date, track, disc, lyrics
  }

  /// Of how many a track or a disc is one.
  func total(of field: Field) -> Int? {
    switch field {
    case .track: words.trackTotal
    case .disc: words.discTotal
    default: nil
    }
  }

  /// Nil for what the file doesn't say.
  func text(_ field: Field) -> String? {
    let text =
      switch field {
      case .title: words.title
      case .artist: words.artist
      case .album: words.album
      case .albumArtist: words.albumArtist
      case .composer: words.composer
      case .genre: words.genre
      case .date: words.year.map { String(repeating: "0", count: max(0, 4 - "\($0)".count)) + "\($0)" }
      case .track: words.trackNumber.map(String.init)
      case .disc: words.discNumber.map(String.init)
      case .lyrics: words.lyrics
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

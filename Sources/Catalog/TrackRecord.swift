import AudioCodec
import Foundation

/// A file's facts and tags, brought within bounds, as they are written.
public struct TrackRecord: Sendable, Equatable {
  public let path: String
  public let stamp: FileStamp
  public let title: String
  public let artist: String?
  public let album: String?
  public let albumArtist: String?
  public let genre: String?
  public let year: Int?
  public let trackNumber: Int?
  public let discNumber: Int?
  public let lyrics: String?
  public let composer: String?
  public let trackTotal: Int?
  public let discTotal: Int?
  public let audio: InspectedAudio
  public let coverKey: String?

  /// Checks the facts and cleans the tags.
  /// - Throws: ``InspectionError`` with the code `damaged` when the facts cannot be those of a sound, `too_many_parts` when
  ///   the codec's own are too many.
  init(path: String, stamp: FileStamp, audio: InspectedAudio, coverKey: String?) throws(InspectionError) {
    guard
      Track.makeSense(
        duration: audio.duration, sampleRate: audio.sampleRate, channels: audio.channels,
        sampleCount: audio.sampleCount, gridRate: audio.gridRate, gridSampleCount: audio.gridSampleCount)
    else {
      throw InspectionError(code: "damaged", message: "The file's length or format makes no sense", isPassing: false)
    }
    self.path = path
    self.stamp = stamp
    self.coverKey = coverKey
    title = Self.clean(audio.tags.title) ?? Self.name(of: path)
    artist = Self.clean(audio.tags.artist)
    album = Self.clean(audio.tags.album)
    albumArtist = Self.clean(audio.tags.albumArtist)
    genre = Self.clean(audio.tags.genre)
    year = audio.tags.year.flatMap { Limits.years.contains($0) ? $0 : nil }
    trackNumber = Self.ordinal(audio.tags.trackNumber)
    trackTotal = Self.ordinal(audio.tags.trackTotal)
    discNumber = Self.ordinal(audio.tags.discNumber)
    discTotal = Self.ordinal(audio.tags.discTotal)
    composer = Self.clean(audio.tags.composer)
    lyrics = Self.cleanLyrics(audio.tags.lyrics)
    var audio = audio
    // Stored in places of their own; here the cover and lyrics would keep megabytes for each row of a batch.
    audio.cover = nil
    audio.tags = AudioTags()
    audio.bitrate = max(audio.bitrate, 0)
    guard audio.sourceFacts?.utf8.count ?? 0 <= Limits.sourceFactsBytes else {
      throw InspectionError(
        code: "too_many_parts", message: "The file is made of more parts than can be kept in mind", isPassing: false)
    }
    self.audio = audio
  }

  /// What a search looks through.
  var searchText: String {
    FoldedText.fold([title, artist, album, albumArtist].compactMap { $0 }.joined(separator: "\n"))
  }

  /// The keys of the library's order; what has no tag comes first.
  var sortArtist: String { FoldedText.fold(albumArtist ?? artist ?? "") }
  var sortAlbum: String { FoldedText.fold(album ?? "") }
  var sortTitle: String { FoldedText.fold(title) }

  private static func ordinal(_ number: Int?) -> Int? {
    number.flatMap { Limits.ordinals.contains($0) ? $0 : nil }
  }

  /// Lyrics with `\n` between lines and no other control character, cut to length; nil when nothing remains.
  private static func cleanLyrics(_ lyrics: String?) -> String? {
    guard let lyrics else { return nil }
    let lines = String(lyrics.unicodeScalars.prefix(Limits.lyricsScalars)).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    )
    .map { line in String(line.unicodeScalars.filter { $0 == "\t" || $0.properties.generalCategory != .control }) }
    let text = lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? nil : text
  }

  /// A tag without control characters and blanks around it, cut to length; nil when nothing remains.
  private static func clean(_ tag: String?) -> String? {
    guard let tag else { return nil }
    var kept = String.UnicodeScalarView()
    // Cut before anything else: a tag may be megabytes long.
    for scalar in tag.unicodeScalars.prefix(4 * Limits.tagCharacters) {
      let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
      // Zero-width joiners belong to the spelling of some scripts and of emoji.
      kept.append(isControl && scalar != "\u{200C}" && scalar != "\u{200D}" ? " " : scalar)
    }
    let text = String(String(kept).trimmingCharacters(in: .whitespacesAndNewlines).prefix(Limits.tagCharacters))
    return text.isEmpty ? nil : text
  }

  /// The file's name without its extension.
  private static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return file }
    return clean(String(file[..<dot])) ?? file
  }
}

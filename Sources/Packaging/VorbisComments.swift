import NIOCore
import Segments

/// Tags as Ogg and FLAC have them: names and values (xiph.org/vorbis/doc/v-comment.html), and the picture block of FLAC
/// (RFC 9639, 8.8), which Ogg carries as the base64 text of one more comment.
enum VorbisComments {
  private static func name(_ field: FileTags.Field) -> StaticString {
    switch field {
    case .title: "TITLE"
    case .artist: "ARTIST"
    case .album: "ALBUM"
    case .albumArtist: "ALBUMARTIST"
    case .composer: "COMPOSER"
    case .genre: "GENRE"
    case .date: "DATE"
    case .track: "TRACKNUMBER"
    case .disc: "DISCNUMBER"
    case .lyrics: "LYRICS"
    }
  }

  /// Vendor and comments.
  /// - Parameter withPicture: the cover as a comment, where the container has no better place for it.
  static func block(_ tags: FileTags, withPicture: Bool) -> ByteBuffer {
    var comments = FileTags.Field.allCases.compactMap { field in
      tags.text(field).map { ByteBuffer(string: "\(name(field))=\($0)") }
    }
    for (name, field) in [("TRACKTOTAL", FileTags.Field.track), ("DISCTOTAL", .disc)] {
      if let total = tags.total(of: field) { comments.append(ByteBuffer(string: "\(name)=\(total)")) }
    }
    if withPicture, let cover = tags.cover {
      var comment = ByteBuffer(string: "METADATA_BLOCK_PICTURE=")
      comment.writeImmutableBuffer(Base64Text.encode(picture(cover)))
      comments.append(comment)
    }
    var block = ByteBuffer()
    write(ByteBuffer(string: "Dubplate"), to: &block)
    block.writeInteger(UInt32(comments.count), endianness: .little)
    for comment in comments { write(comment, to: &block) }
    return block
  }

  /// The body of FLAC's picture block; its sizes in pixels are not known.
  static func picture(_ cover: FilePicture) -> ByteBuffer {
    var block = ByteBuffer()
    block.writeInteger(UInt32(FilePicture.frontCover))
    block.writeInteger(UInt32(cover.mediaType.utf8.count))
    block.writeString(cover.mediaType)
    block.writeZeros(4 + 4 * 4)  // no description; width, height, depth, colours
    block.writeInteger(UInt32(cover.bytes.readableBytes))
    block.writeImmutableBuffer(cover.bytes)
    return block
  }

  private static func write(_ text: ByteBuffer, to block: inout ByteBuffer) {
    block.writeInteger(UInt32(text.readableBytes), endianness: .little)
    block.writeImmutableBuffer(text)
  }
}

import AudioCodec
import NIOCore

/// iTunes' metadata in `moov`: tags, the cover, and what a decoder's output has too much at both ends, for players that
/// don't look at edit lists in fragmented files.
enum MP4Tags {
  /// What a `data` box holds («QuickTime File Format», well-known types).
  private enum Kind: UInt32 {
    case binary = 0
    case text = 1
    case jpeg = 13
    case png = 14
    case bmp = 27
  }

  private static let copyright: UInt8 = 0xA9

  private static func name(_ field: FileTags.Field) -> [UInt8] {
    switch field {
    case .title: [copyright] + "nam".utf8
    case .artist: [copyright] + "ART".utf8
    case .album: [copyright] + "alb".utf8
    case .albumArtist: Array("aART".utf8)
    case .composer: [copyright] + "wrt".utf8
    case .genre: [copyright] + "gen".utf8
    case .date: [copyright] + "day".utf8
    case .track: Array("trkn".utf8)
    case .disc: Array("disk".utf8)
    case .lyrics: [copyright] + "lyr".utf8
    }
  }

  /// Writes `udta`.
  /// - Parameter gapless: the text of `iTunSMPB`; nil where a decoder's output has nothing too much in front.
  static func write(_ tags: FileTags, gapless: String?, to moov: inout ByteBuffer) {
    moov.writeBox("udta") { udta in
      udta.writeFullBox("meta") { meta in
        meta.writeFullBox("hdlr") { box in
          box.writeZeros(4)
          box.writeStaticString("mdirappl")
          box.writeZeros(9)
        }
        meta.writeBox("ilst") { list in
          for field in FileTags.Field.allCases { write(field, of: tags, to: &list) }
          if let cover = tags.cover, let kind = kind(cover) {
            list.writeBox("covr") { item in
              write(kind, to: &item) { $0.writeImmutableBuffer(cover.bytes) }
            }
          }
          guard let gapless else { return }
          list.writeBox("----") { item in
            item.writeFullBox("mean") { $0.writeStaticString("com.apple.iTunes") }
            item.writeFullBox("name") { $0.writeStaticString("iTunSMPB") }
            write(.text, to: &item) { $0.writeString(gapless) }
          }
        }
      }
    }
  }

  private static func write(_ field: FileTags.Field, of tags: FileTags, to list: inout ByteBuffer) {
    guard let text = tags.text(field) else { return }
    var item = ByteBuffer(bytes: name(field))
    switch field {
    case .track, .disc:
      // Its number, and of how many, 0 where that isn't known; a track's has two bytes more.
      let (number, total) = (UInt16(text) ?? 0, UInt16(clamping: tags.total(of: field) ?? 0))
      write(.binary, to: &item) { data in
        data.writeMultipleIntegers(UInt16(0), number, total)
        if field == .track { data.writeInteger(UInt16(0)) }
      }
    default: write(.text, to: &item) { $0.writeString(text) }
    }
    list.writeInteger(UInt32(4 + item.readableBytes))
    list.writeImmutableBuffer(item)
  }

  private static func write(_ kind: Kind, to item: inout ByteBuffer, _ body: (inout ByteBuffer) -> Void) {
    item.writeBox("data") { data in
      data.writeInteger(kind.rawValue)
      data.writeZeros(4)
      body(&data)
    }
  }

  /// Nil for pictures that have no kind of their own here.
  private static func kind(_ cover: FilePicture) -> Kind? {
    switch cover.mediaType {
    case "image/jpeg": .jpeg
    case "image/png": .png
    case "image/bmp": .bmp
    default: nil
    }
  }
}

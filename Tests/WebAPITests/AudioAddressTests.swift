import Testing

@testable import WebAPI

@Suite struct AudioAddressTests {
  private static let addresses: [(String, AudioAddress.Resource)] = [
    ("/audio/abc234/master.m3u8", .master),
    ("/audio/abc234/aac-192/index.m3u8", .playlist(rendition: "aac-192")),
    ("/audio/abc234/aac-192/init.mp4", .header(rendition: "aac-192")),
    ("/audio/abc234/aac-192/0.m4s", .segment(rendition: "aac-192", index: 0, ending: "m4s")),
    ("/audio/abc234/mp3-128/4294967296.mp3", .segment(rendition: "mp3-128", index: 4_294_967_296, ending: "mp3")),
    ("/audio/abc234/flac.flac", .file(rendition: "flac", ending: "flac")),
  ]

  @Test func eachFormIsReadAsItStands() throws {
    for (path, resource) in Self.addresses {
      for (query, version, token) in [
        ("", nil, nil), ("?", nil, nil), ("?v=1&token=a.b~c", "1", "a.b~c"), ("?token=a%00&v=", "", "a%00"),
        ("?CMCD=br%3D192%2Csid&codecs=aac,flac&token=t", nil, "t"), ("?&&x", nil, nil),
      ] as [(String, String?, String?)] {
        let address = try #require(AudioAddress(path + query), "\(path)\(query)")
        #expect(address.track == "abc234" && address.resource == resource)
        #expect(address.version == version && address.token == token, "\(path)\(query)")
      }
    }
  }

  /// Every byte, put in at and instead of every place of every form, names nothing, or something whose path it is.
  @Test func noByteMakesTwoPathsOneAddress() {
    var seen: [String: String] = [:]
    for (path, _) in Self.addresses {
      let bytes = Array(path.utf8)
      for place in bytes.indices {
        for byte in UInt8.min...UInt8.max {
          for replaced in [0, 1] {
            var other = bytes
            other.replaceSubrange(place..<(place + replaced), with: [byte])
            let text = String(decoding: other, as: UTF8.self)
            guard let address = AudioAddress(text) else { continue }
            let key = "\(address.track) \(address.resource)"
            let before = seen.updateValue(String(text.prefix { $0 != "?" }), forKey: key)
            #expect(before == nil || before == seen[key], "\(text) and \(before ?? "")")
          }
        }
      }
    }
    #expect(seen.count > 1_000)
  }

  @Test(arguments: [
    "", "/", "/audio", "/audio/", "/audio//master.m3u8", "/audio/a/b/c/0.m4s", "/audio/a/./0.m4s",
    "/audio/a/../b/0.m4s",
    "/audio/a/flac/00.m4s", "/audio/a/flac/-1.m4s", "/audio/a/flac/+1.m4s", "/audio/a/flac/9223372036854775808.m4s",
    "/audio/a/flac/0.m4s/", "/audio/a/flac/0", "/audio/a/flac/0.m4s.m4s", "/audio/a/FLAC/0.m4s", "/Audio/a/flac/0.m4s",
    "//audio/a/flac/0.m4s", "http://x/audio/a/flac/0.m4s", "/audio/a/flac/0.m4s#x", "/audio/a/flac/0.m4s?v=1&v=1",
    "/audio/a/flac/0.m4s?token=a&token=a", "/audio/a/flac/0.m4s?V=1", "/audio/a/flac/0.m4s?%76=1",
    "/audio/a/flac/0.m4s?Token=1", "/audio/a/flac/0.m4s?x+y=1", "/audio/a/flac/0.m4s?/../x=1", "/audio/a/flac",
  ])
  func whatCouldBeReadInTwoWaysIsNoAddress(target: String) {
    #expect(AudioAddress(target) == nil)
  }

  @Test func aPathIsBounded() {
    #expect(AudioAddress("/audio/\(String(repeating: "a", count: 200))/master.m3u8") == nil)
  }
}

import AudioCodec
import NIOCore
import Segments

/// Segments as fragmented MP4 (ISO/IEC 14496-12, 8.8; CMAF, ISO/IEC 23000-19): AAC, Opus and FLAC.
///
/// The media time line begins with the priming frame, which an edit list takes off again; so a decoder that begins at
/// the beginning has the state that the encoder meant it to have, and the music begins at 0. Times are counted in
/// samples.
public struct FragmentedMP4: Sendable {
  let track: PackagedTrack

  /// Nil for a rendition that doesn't go into MP4.
  public init?(_ track: PackagedTrack) {
    guard track.rendition.codec != .mp3, track.rendition.codec != .vorbis else { return nil }
    self.track = track
  }

  // MARK: The header

  /// `ftyp` and `moov`: what stands in front of all fragments.
  /// - Parameter tags: title, artist and album, for a file that people keep.
  public func header(tags: FileTags? = nil) -> ByteBuffer {
    var file = ByteBuffer()
    file.writeBox("ftyp") { box in
      box.writeStaticString("iso6")
      box.writeInteger(UInt32(0))
      for brand in ["iso6", "cmfc", "mp41"] as [StaticString] { box.writeStaticString(brand) }
    }
    file.writeBox("moov") { moov in
      moov.writeFullBox("mvhd", version: 1) { box in
        box.writeZeros(16)
        box.writeInteger(UInt32(track.sampleRate))
        box.writeInteger(UInt64(track.sampleCount))
        box.writeInteger(UInt32(0x0001_0000))
        box.writeInteger(UInt16(0x0100))
        box.writeZeros(10)
        Self.writeUnityMatrix(&box)
        box.writeZeros(24)
        box.writeInteger(UInt32(2))
      }
      writeTrack(&moov)
      moov.writeBox("mvex") { box in
        box.writeFullBox("mehd", version: 1) { $0.writeInteger(UInt64(track.sampleCount)) }
        box.writeFullBox("trex") { box in
          for value in [1, 1, UInt32(packetSamples), 0, 0] { box.writeInteger(value) }
        }
      }
      if let tags { writeMetadata(tags, to: &moov) }
    }
    return file
  }

  private static func writeUnityMatrix(_ box: inout ByteBuffer) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] as [UInt32] { box.writeInteger(value) }
  }

  private func writeTrack(_ moov: inout ByteBuffer) {
    moov.writeBox("trak") { trak in
      trak.writeFullBox("tkhd", version: 1, flags: 7) { box in
        box.writeZeros(16)
        box.writeInteger(UInt32(1))
        box.writeZeros(4)
        box.writeInteger(UInt64(track.sampleCount))
        box.writeZeros(12)
        box.writeInteger(UInt16(0x0100))
        box.writeZeros(2)
        Self.writeUnityMatrix(&box)
        box.writeZeros(8)
      }
      trak.writeBox("edts") { box in
        box.writeFullBox("elst", version: 1) { box in
          box.writeInteger(UInt32(1))
          box.writeInteger(UInt64(track.sampleCount))
          box.writeInteger(Int64(track.primingSamples))
          box.writeInteger(UInt32(0x0001_0000))
        }
      }
      trak.writeBox("mdia") { mdia in
        mdia.writeFullBox("mdhd", version: 1) { box in
          box.writeZeros(16)
          box.writeInteger(UInt32(track.sampleRate))
          box.writeInteger(UInt64(0))
          box.writeInteger(UInt16(0x55C4))  // «und»
          box.writeZeros(2)
        }
        mdia.writeFullBox("hdlr") { box in
          box.writeZeros(4)
          box.writeStaticString("soun")
          box.writeZeros(12)
          box.writeStaticString("Music\0")
        }
        mdia.writeBox("minf") { minf in
          minf.writeFullBox("smhd") { $0.writeZeros(4) }
          minf.writeBox("dinf") { dinf in
            dinf.writeFullBox("dref") { dref in
              dref.writeInteger(UInt32(1))
              dref.writeFullBox("url ", flags: 1) { _ in }
            }
          }
          minf.writeBox("stbl") { stbl in
            stbl.writeFullBox("stsd") { stsd in
              stsd.writeInteger(UInt32(1))
              writeSampleEntry(&stsd)
            }
            for table in ["stts", "stsc", "stco"] as [StaticString] {
              stbl.writeFullBox(table) { $0.writeInteger(UInt32(0)) }
            }
            stbl.writeFullBox("stsz") { $0.writeZeros(8) }
          }
        }
      }
    }
  }

  private func writeSampleEntry(_ stsd: inout ByteBuffer) {
    let name: StaticString =
      switch track.rendition.codec {
      case .mp3, .aac, .vorbis: "mp4a"
      case .opus: "Opus"
      case .flac: "fLaC"
      }
    stsd.writeBox(name) { entry in
      entry.writeZeros(6)
      entry.writeInteger(UInt16(1))
      entry.writeZeros(8)
      entry.writeInteger(UInt16(track.settings.channels))
      entry.writeInteger(UInt16(track.rendition.codec == .flac ? track.settings.bitDepth : 16))
      entry.writeZeros(4)
      entry.writeInteger(UInt32(track.sampleRate) << 16)
      switch track.rendition.codec {
      case .mp3, .aac, .vorbis: entry.writeFullBox("esds") { writeElementaryStreamDescriptor(&$0) }
      case .opus:
        // Opus in ISOBMFF, 4.3.2: the identification header with its numbers the other way round.
        entry.writeBox("dOps") { box in
          box.writeBytes([0, UInt8(track.settings.channels)])
          box.writeInteger(UInt16(track.primingSamples))
          box.writeInteger(UInt32(track.sampleRate))
          box.writeZeros(3)
        }
      case .flac:
        // The STREAMINFO block behind the marker (FLAC in ISOBMFF, section 3.3.2).
        entry.writeFullBox("dfLa") {
          $0.writeBytes(track.settings.streamHeader(totalSamples: track.sampleCount).dropFirst(4))
        }
      }
    }
  }

  /// ISO/IEC 14496-1, 7.2.6: what the decoder is, with the AudioSpecificConfig of AAC-LC.
  private func writeElementaryStreamDescriptor(_ box: inout ByteBuffer) {
    let config = track.settings.audioSpecificConfig
    let decoderBytes = 13 + 2 + config.count
    box.writeBytes([0x03, UInt8(3 + 2 + decoderBytes + 3), 0, 1, 0])
    box.writeBytes([0x04, UInt8(decoderBytes), 0x40, 0x15, 0, 0, 0])
    box.writeInteger(UInt32(track.bandwidth.peak))
    box.writeInteger(UInt32(track.rendition.bitrate))
    box.writeBytes([0x05, UInt8(config.count)])
    box.writeBytes(config)
    box.writeBytes([0x06, 1, 0x02])
  }

  /// iTunes' metadata: names, and what a decoder's output has too much at both ends, for players that don't look at
  /// edit lists in fragmented files.
  private func writeMetadata(_ tags: FileTags, to moov: inout ByteBuffer) {
    moov.writeBox("udta") { udta in
      udta.writeFullBox("meta") { meta in
        meta.writeFullBox("hdlr") { box in
          box.writeZeros(4)
          box.writeStaticString("mdirappl")
          box.writeZeros(9)
        }
        meta.writeBox("ilst") { list in
          for (name, value) in [
            ([0xA9, 0x6E, 0x61, 0x6D], tags.title), ([0xA9, 0x41, 0x52, 0x54], tags.artist),
            ([0xA9, 0x61, 0x6C, 0x62], tags.album),
          ] as [([UInt8], String?)] {
            guard let value else { continue }
            var item = ByteBuffer(bytes: name)
            item.writeBox("data") { Self.writeText(value, to: &$0) }
            list.writeInteger(UInt32(4 + item.readableBytes))
            list.writeImmutableBuffer(item)
          }
          guard track.primingSamples > 0 else { return }
          list.writeBox("----") { item in
            item.writeFullBox("mean") { $0.writeStaticString("com.apple.iTunes") }
            item.writeFullBox("name") { $0.writeStaticString("iTunSMPB") }
            item.writeBox("data") { Self.writeText(gaplessInformation, to: &$0) }
          }
        }
      }
    }
  }

  private static func writeText(_ text: String, to data: inout ByteBuffer) {
    data.writeInteger(UInt32(1))  // UTF-8
    data.writeZeros(4)
    data.writeString(text)
  }

  /// Samples in front and behind, and of music, in hexadecimal digits.
  private var gaplessInformation: String {
    func hex(_ value: Int64, _ digits: Int) -> String {
      let text = String(value, radix: 16, uppercase: true)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    let frames = Int64(track.settings.frameCount(totalSamples: track.sampleCount) * track.settings.frameSamples)
    let fields = [hex(0, 8), hex(Int64(track.primingSamples), 8), hex(frames - track.sampleCount, 8)]
    return ([""] + fields + [hex(track.sampleCount, 16)] + (0..<8).map { _ in hex(0, 8) }).joined(separator: " ")
  }

  // MARK: Fragments

  /// Samples of one of MP4's samples: of a packet.
  private var packetSamples: Int { track.settings.frameSamples / track.settings.packetsPerFrame }

  /// A frame's packets: where the first begins in it, and their sizes.
  private func layout(of frame: ByteBuffer) -> (start: Int, sizes: [Int]) {
    switch track.rendition.codec {
    case .aac: (EncoderSettings.adtsHeaderBytes, [frame.readableBytes - EncoderSettings.adtsHeaderBytes])
    case .opus:
      EncoderSettings.opusPackets(inPage: frame.readableBytesView).map { ($0.start, $0.sizes) } ?? (0, [])
    case .mp3, .flac, .vorbis: (0, [frame.readableBytes])
    }
  }

  /// Segment `segment.key.index` as `moof` and `mdat`. The first brings the priming along.
  public func fragment(_ segment: Segment) -> ByteBuffer {
    let index = segment.key.index
    let isFirst = index == 0
    var frames = (0..<segment.frameCount).map { segment.bytes(of: $0..<$0 + 1) }
    if isFirst, segment.primingFrames > 0 { frames.insert(segment.priming, at: 0) }
    // The last packet may hold more than is left of the music; those behind it hold nothing of it.
    var left = segment.sampleCount + (isFirst ? segment.primingFrames * segment.frameSamples : 0)
    let count = (left + packetSamples - 1) / packetSamples
    let isShort = count * packetSamples > left
    var taken = 0
    let packets = frames.map { frame in
      var packets = layout(of: frame)
      packets.sizes = Array(packets.sizes.prefix(count - taken))
      taken += packets.sizes.count
      return packets
    }
    let sizes = packets.flatMap(\.sizes)
    let payload = sizes.reduce(0, +)
    var file = ByteBufferAllocator().buffer(capacity: payload + 128 + 8 * sizes.count)
    let trackStart = file.writerIndex
    var dataOffset = 0
    file.writeBox("moof") { moof in
      moof.writeFullBox("mfhd") { $0.writeInteger(UInt32(index + 1)) }
      moof.writeBox("traf") { traf in
        traf.writeFullBox("tfhd", flags: 0x02_0000) { $0.writeInteger(UInt32(1)) }
        let time = Int64(index) * Int64(SampleGrid.segmentSamples) + Int64(isFirst ? 0 : track.primingSamples)
        traf.writeFullBox("tfdt", version: 1) { $0.writeInteger(UInt64(time)) }
        traf.writeFullBox("trun", flags: isShort ? 0x301 : 0x201) { trun in
          trun.writeInteger(UInt32(sizes.count))
          dataOffset = trun.writerIndex
          trun.writeInteger(UInt32(0))
          for size in sizes {
            if isShort { trun.writeInteger(UInt32(min(packetSamples, left))) }
            left -= packetSamples
            trun.writeInteger(UInt32(size))
          }
        }
      }
    }
    file.setInteger(UInt32(file.writerIndex - trackStart + 8), at: dataOffset)
    file.writeBox("mdat") { mdat in
      // MP4 says with its tables what ADTS and Ogg say with their headers.
      for (frame, packets) in zip(frames, packets) {
        mdat.writeBytes(frame.readableBytesView.dropFirst(packets.start).prefix(packets.sizes.reduce(0, +)))
      }
    }
    return file
  }
}

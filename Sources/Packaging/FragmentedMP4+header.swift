import AudioCodec
import NIOCore
import Segments

extension FragmentedMP4 {
  /// `ftyp` and `moov`: what stands in front of all fragments.
  /// - Parameter tags: for a file that people keep.
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
      if let tags { MP4Tags.write(tags, gapless: primingSamples > 0 ? gaplessInformation : nil, to: &moov) }
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
      if primingSamples > 0 { writeEdit(&trak) }
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

  /// Takes the priming off.
  private func writeEdit(_ trak: inout ByteBuffer) {
    trak.writeBox("edts") { box in
      box.writeFullBox("elst", version: 1) { box in
        box.writeInteger(UInt32(1))
        box.writeInteger(UInt64(track.sampleCount))
        box.writeInteger(Int64(primingSamples))
        box.writeInteger(UInt32(0x0001_0000))
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
        // Opus in ISOBMFF, 4.3.2: the identification header with its numbers the other way round, and nothing to skip.
        entry.writeBox("dOps") { box in
          box.writeBytes([0, UInt8(track.settings.channels)])
          box.writeInteger(UInt16(0))
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
    box.writeInteger(UInt32(track.bandwidth().peak))
    box.writeInteger(UInt32(track.rendition.bitrate))
    box.writeBytes([0x05, UInt8(config.count)])
    box.writeBytes(config)
    box.writeBytes([0x06, 1, 0x02])
  }

  /// Samples in front and behind, and of music, in hexadecimal digits.
  private var gaplessInformation: String {
    func hex(_ value: Int64, _ digits: Int) -> String {
      let text = String(value, radix: 16, uppercase: true)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    let frames = Int64(track.settings.frameCount(totalSamples: track.sampleCount) * track.settings.frameSamples)
    let fields = [hex(0, 8), hex(Int64(primingSamples), 8), hex(frames - track.sampleCount, 8)]
    return ([""] + fields + [hex(track.sampleCount, 16)] + (0..<8).map { _ in hex(0, 8) }).joined(separator: " ")
  }
}

import AudioCodec
import Foundation

/// Music to test with: real pieces from the folder `DUBPLATE_TEST_MUSIC` (.ogg files), or else synthesised ones.
///
/// Everything is made once per test run in a temporary folder, which goes with the process.
enum TestAudio {
  struct Piece: Sendable, CustomStringConvertible {
    var name: String
    /// A 44.1 kHz, 16-bit stereo WAV.
    var path: String
    var description: String { name }
  }

  /// How the ffmpeg program makes a file of one kind.
  struct Recipe: Sendable, CustomStringConvertible {
    var ending: String
    var arguments: [String]
    var description: String { arguments.joined(separator: " ") + " " + ending }
  }

  static let folder: String = {
    let path = NSTemporaryDirectory() + "dubplate-audio-\(getpid())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: TestAudio.folder) }
    return path
  }()

  /// Pieces of 24.3 s: long enough for eleven joints, not a whole number of frames of any codec.
  static let pieces: [Piece] = {
    let seconds = 24.3
    if let music = ProcessInfo.processInfo.environment["DUBPLATE_TEST_MUSIC"],
      let names = try? FileManager.default.contentsOfDirectory(atPath: music)
    {
      let files = names.filter { $0.hasSuffix(".ogg") }.map { "\(music)/\($0)" }
        .filter { ((try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int) ?? 0) > 900_000 }.sorted()
      // A few from all over the folder, always the same.
      let chosen = stride(from: 0, to: files.count, by: max(1, files.count / 3)).prefix(3).map { files[$0] }
      let pieces = chosen.enumerated().compactMap { index, file -> Piece? in
        let path = "\(folder)/piece-\(index).wav"
        let made = ffmpeg(
          ["-ss", "12", "-t", "\(seconds)", "-i", file, "-ac", "2", "-ar", "44100", "-c:a", "pcm_s16le", path])
        return made.status == 0 ? Piece(name: (file as NSString).lastPathComponent, path: path) : nil
      }
      if !pieces.isEmpty { return pieces }
    }
    let path = "\(folder)/synthesised.wav"
    let samples = Synthesis.music(seconds: seconds, rate: 44_100)
    try? WAVFile.write(samples, rate: 44_100, to: path)
    return [Piece(name: "synthesised", path: path)]
  }()

  static var piece: Piece { pieces[0] }

  struct Outcome {
    var status: Int32
    var output: Data
    var errors: String
  }

  /// Runs the ffmpeg program, the judge of what is made here.
  static func ffmpeg(_ arguments: [String]) -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ffmpeg", "-nostdin", "-v", "error", "-y"] + arguments
    let errorFile = "\(folder)/\(UUID().uuidString).log"
    _ = FileManager.default.createFile(atPath: errorFile, contents: nil)
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    do { try process.run() } catch { return Outcome(status: -1, output: Data(), errors: "\(error)") }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let errors = (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? ""
    try? FileManager.default.removeItem(atPath: errorFile)
    return Outcome(status: process.terminationStatus, output: data, errors: errors)
  }

  /// A new file made of another one by the ffmpeg program.
  static func convert(_ source: String, _ arguments: [String], to ending: String) throws -> String {
    let path = "\(folder)/\(UUID().uuidString).\(ending)"
    let outcome = ffmpeg(["-i", source] + arguments + [path])
    guard outcome.status == 0 else { throw TestFailure("ffmpeg: \(outcome.errors)") }
    return path
  }

  static func write(_ bytes: [UInt8], ending: String) throws -> String {
    let path = "\(folder)/\(UUID().uuidString).\(ending)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  /// What the ffmpeg program decodes from a file; anything that it complains of is a failure, unless it may.
  static func decode(
    _ path: String, format: String? = nil, decoder: String? = nil, rate: Int? = nil, mayComplain: Bool = false
  ) throws -> StereoSamples {
    let input = (format.map { ["-f", $0] } ?? []) + (decoder.map { ["-c:a", $0] } ?? []) + ["-i", path]
    let outcome = ffmpeg(input + ["-f", "f32le", "-ac", "2"] + (rate.map { ["-ar", String($0)] } ?? []) + ["-"])
    guard outcome.status == 0, mayComplain || outcome.errors.isEmpty else {
      throw TestFailure("ffmpeg: \(outcome.errors)")
    }
    let count = outcome.output.count / 8
    var samples = StereoSamples(
      left: [Float](repeating: 0, count: count), right: [Float](repeating: 0, count: count))
    outcome.output.withUnsafeBytes { bytes in
      let floats = bytes.bindMemory(to: Float.self)
      for index in 0..<count {
        samples.left[index] = floats[2 * index]
        samples.right[index] = floats[2 * index + 1]
      }
    }
    return samples
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

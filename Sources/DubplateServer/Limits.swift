/// Every bound of this module, and why it is what it is.
enum ServerLimits {
  /// Tracks that are analysed or wait for it: somebody who scrolls through waveforms asks for a page of them, and each
  /// keeps a file and a decoder open once its turn has come.
  static let analysesAtOnce = 128
  /// How long the background rests after a piece (two seconds of music) while encoders are at work. It goes on at eight
  /// times real time at least, on a server that never rests.
  static let analysisRest = Duration.milliseconds(250)
  /// Tracks that are read from the catalogue at a time.
  static let analysisBatch = 100
  /// How long a server that goes down waits for the analysis, which runs at the lowest rank: half of what it has.
  static let analysisFarewell = Duration.seconds(5)
  /// Time between two lines about a long analysis in the log.
  static let analysisReport = Duration.seconds(60)
}

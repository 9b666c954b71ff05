extension AdaptiveBitrate {
  /// All that one decision rests on.
  struct Outlook {
    let bitsPerSecond: Double
    /// The device says so too, of what has arrived there: it isn't the memory of something on the way.
    let isConfirmed: Bool
    let variability: Double
    let roundTripSeconds: Double
    let bufferSeconds: Double
    let fullSeconds: Double
    let isFull: Bool
    let tuning: Tuning

    /// For how many segments' time the buffer must be able to pay; see ``AdaptiveBitrate``.
    private var horizon: Double {
      let saved =
        isFull
        ? tuning.fullHorizon * fullSeconds : min(tuning.fillingHorizon * fullSeconds, tuning.mostFillingHorizon)
      return tuning.leastHorizon + saved
    }

    /// Whether a segment of that bitrate may be sent if it can count on `share` of the throughput.
    ///
    /// Where both ends say that the link carries several times as much, little in the buffer is no reason for less: a
    /// link of 1.6 Mbit/s would begin each track with eight seconds of the rescue rung.
    func allows(_ bitrate: Double, share: Double) -> Bool {
      guard bitrate <= bitsPerSecond * (tuning.steadyShare + tuning.overdraft * variability) else { return false }
      let arrival = roundTripSeconds + bitrate * tuning.segmentSeconds / (bitsPerSecond * share)
      if isConfirmed, bitrate <= bitsPerSecond * tuning.ampleShare, arrival * tuning.ampleArrivals <= bufferSeconds {
        return true
      }
      return arrival * horizon <= tuning.segmentSeconds * bufferSeconds
    }

    /// What the rung at `index` was decided by.
    func reason(for index: Int, on ladder: BitrateLadder) -> Reason {
      let rungs = ladder.rungs
      let isRescue = index == 0 && rungs.count > 1 && rungs[0].bitsPerSecond <= PlaybackLimits.rescueBitsPerSecond
      if isRescue { return .rescue }
      if rungs[index].bitsPerSecond > bitsPerSecond { return .buffer }
      let above = index + 1 < rungs.count ? rungs[index + 1].bitsPerSecond : .infinity
      return above <= bitsPerSecond * tuning.steadyShare ? .buffer : .bandwidth
    }
  }
}

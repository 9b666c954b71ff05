extension SegmentLibrary {
  /// What an operator wants to know.
  public struct Statistics: Sendable {
    public var memoryBytes = 0
    public var memorySegments = 0
    public var diskBytes = 0
    public var diskSegments = 0
    public var failedWrites = 0
    /// Whether the files on disk have all been counted since the start.
    public var isDiskCounted = false
    /// Segments that are kept because somebody plays them.
    public var pinned = 0
    /// Files that are refused for a while, because they could not be decoded.
    public var refusedFiles = 0
    public var inTheMaking = 0
    public var encoded = 0
    public var memoryHits = 0
    public var diskHits = 0
  }
}

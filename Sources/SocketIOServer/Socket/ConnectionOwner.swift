public import NIOCore

/// Whose a connection is, where a program shares the server out among those who use it.
public struct ConnectionOwner: Sendable {
  /// Does a part of the work for a connection, measures it, and says for how long nothing more is to be taken of what
  /// the client sends; nil for going on. It must call what it is given, once and before it returns.
  public typealias Meter = @Sendable (_ work: () -> Void) -> TimeAmount?

  /// What all connections of one owner have in common, as the id of an account. When more is kept of messages that
  /// aren't whole than there is room for, those of the owner go who keeps most.
  public var id: String
  /// Is given the reading and handling of every packet, of whatever kind and for whichever namespace, on the event
  /// loop; nil measures nothing. What handlers begin elsewhere isn't in it.
  public var meter: Meter?

  public init(id: String, meter: Meter? = nil) {
    self.id = id
    self.meter = meter
  }
}

extension Socket {
  /// Says whose the client's connection is. The last word holds for all of the connection, until its end, also once the
  /// socket has left. Any thread.
  public func setOwner(_ owner: ConnectionOwner) {
    onLoop { [self] in client.engine.setOwner(owner) }
  }
}

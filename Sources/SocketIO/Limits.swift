/// Every number that bounds this module, and why it is what it is.
public enum SocketIOLimits {
  /// Attachments of one packet; socket.io-parser 4.2.6 refuses more by default.
  public static let defaultMaxAttachments = 10

  /// Arrays and objects inside each other: far beyond any real payload, and a parser's recursion stays below 64 kB of
  /// stack.
  public static let maxDepth = 128

  /// The deepest nesting that can be allowed: what reads, writes, compares and frees a value goes down with it, within
  /// half a megabyte of stack.
  public static let greatestDepth = 512

  /// Values in one packet: a payload of 1 MB holds half a million; this keeps a hostile one below 16 MB of memory.
  public static let maxValues = 262_144

  /// Bytes of a namespace's name; it is looked up and echoed.
  public static let maxNamespaceBytes = 255

  /// Bytes of a CONNECT packet, whose `auth` is kept as long as the socket is: a token has less than two thousand, and
  /// nobody has been asked for it yet.
  public static let maxConnectBytes = 16 * 1024

  /// Digits of an ack id: what certainly fits 64 bits.
  public static let maxAckDigits = 18

  /// The greatest ack id: of so many digits.
  static let maxAckID: UInt64 = 999_999_999_999_999_999

  /// Namespaces that one connection may join, or be joining; and attempts to join that may run at once, those counted
  /// that a later one has overtaken.
  public static let maxNamespacesPerConnection = 64

  /// Packets that may come for a socket which has ended, or for the one that is about to replace it: what a client sent
  /// before it heard of it.
  public static let maxLatePackets = 1_024

  /// Strings that a client may take for an offset and that are kept of one socket, 32 bytes each: those of a connection's
  /// last seconds. Who comes back with an older one is not recovered.
  static let misleadingTexts = 64

  /// Acks that one socket may owe the server at once; an `emitWithAck` beyond it fails at once.
  public static let maxPendingAcks = 4_096

  /// Rooms that one socket may be in.
  public static let maxRoomsPerSocket = 1_024

  /// Elements of an array of MessagePack for which there is room before they have been read.
  static let reservedElements = 64

  /// Entries above which an object keeps an index beside its list.
  static let indexedObjectSize = 12
}

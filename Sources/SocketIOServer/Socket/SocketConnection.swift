public import SocketIO
import Synchronization

/// A socket that wants to connect, as middlewares see it.
public final class SocketConnection: Sendable {
  /// The id that the socket will have.
  public let id: String
  /// The request that opened the session, and the `auth` that came with CONNECT.
  public let handshake: Handshake
  /// The namespace that it wants to join.
  public let namespace: Namespace

  private let stored = Mutex<(any Sendable)?>(nil)
  private let storedData = Mutex(SocketValue.null)

  init(id: String, handshake: Handshake, namespace: Namespace) {
    self.id = id
    self.handshake = handshake
    self.namespace = namespace
  }

  /// Anything of yours; the socket has it as ``Socket/context``.
  public var context: (any Sendable)? {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }

  /// What other processes of the cluster may know of the socket, which has it as ``Socket/data``.
  public var data: SocketValue {
    get { storedData.withLock { $0 } }
    set { storedData.withLock { $0 = newValue } }
  }
}

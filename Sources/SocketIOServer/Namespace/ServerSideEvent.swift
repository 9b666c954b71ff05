public import SocketIO
import Synchronization

/// An event of another process of the cluster.
public struct ServerSideEvent: Sendable {
  /// The event's name.
  public let name: String
  /// What came with it.
  public let arguments: SocketArguments
  private let answer: Answer?

  init(name: String, arguments: SocketArguments, reply: (@Sendable (SocketArguments) -> Void)?) {
    self.name = name
    self.arguments = arguments
    answer = reply.map { Answer(reply: $0) }
  }

  /// Whether the sender waits for an answer.
  public var expectsAcknowledgement: Bool { answer != nil }

  /// Answers the event. Any thread, any time; only the first answer counts.
  ///
  /// - Returns: whether this was the first, and one was asked for.
  @discardableResult
  public func acknowledge(_ arguments: SocketValue...) -> Bool { acknowledge(arguments: arguments) }

  /// Answers the event with arguments in an array.
  @discardableResult
  public func acknowledge(arguments: some Sequence<SocketValue>) -> Bool {
    answer?.give(SocketArguments(arguments)) ?? false
  }

  /// An answer that is owed, once.
  private final class Answer: Sendable {
    private let reply: @Sendable (SocketArguments) -> Void
    private let given = Atomic<Bool>(false)

    init(reply: @escaping @Sendable (SocketArguments) -> Void) { self.reply = reply }

    func give(_ arguments: SocketArguments) -> Bool {
      guard !given.exchange(true, ordering: .relaxed) else { return false }
      reply(arguments)
      return true
    }
  }
}

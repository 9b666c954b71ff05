import Logging
import NIOCore
import SocketIO

/// What becomes of an event. All on the event loop, except where said.
extension Socket {
  /// An event came.
  func received(id: UInt64?, elements: [SocketValue]) {
    guard let name = elements.first?.string else { return }
    let event = SocketEvent(name: name, arguments: SocketArguments(elements.dropFirst()), socket: self, id: id)
    let middlewares = namespace.setup.eventMiddlewares + (extras?.extras.events.middlewares ?? [])
    if middlewares.contains(where: \.isQueued) {
      enqueue(event) { [self] in await pass(event, through: middlewares) }
      return
    }
    var passed = event
    do {
      for case .immediate(let middleware) in middlewares { try middleware(&passed) }
    } catch {
      refuse(event, error)
      return
    }
    let queued = callImmediate(passed)
    guard !queued.isEmpty else { return }
    enqueue(passed) { [passed] in await Self.run(queued, passed) }
  }

  /// Off the event loop: middlewares of which some wait, and then the handlers.
  private func pass(_ event: SocketEvent, through middlewares: [EventHandlers.Middleware]) async {
    var passed = event
    let queued: [QueuedHandler]
    do {
      for middleware in middlewares {
        switch middleware {
        case .queued(let middleware): try await middleware(&passed)
        case .immediate(let middleware):
          passed = try await eventLoop.submit { [passed] in
            var changed = passed
            try middleware(&changed)
            return changed
          }.get()
        }
      }
      queued = try await eventLoop.submit { [self, passed] in callImmediate(passed) }.get()
    } catch {
      onLoop { [self] in refuse(event, error) }
      return
    }
    await Self.run(queued, passed)
  }

  typealias QueuedHandler = @Sendable (SocketEvent) async throws -> Void

  /// Calls the handlers that don't wait; those that do are returned.
  private func callImmediate(_ event: SocketEvent) -> [QueuedHandler] {
    var queued: [QueuedHandler] = []
    func call(_ entries: [EventHandlers.List.Entry]) {
      for entry in entries {
        switch entry.body {
        case .immediate(let handler): handler(event)
        case .queued(let handler): queued.append(handler)
        }
      }
    }
    let shared = namespace.setup.takeHandlers(for: event.name)
    if let extras { call(extras.extras.events.any.take()) }
    call(shared.any)
    // Asked again: a handler may just have added others, or taken them away.
    if let extras { call(extras.extras.events.take(for: event.name)) }
    call(shared.named)
    return queued
  }

  private static func run(_ handlers: [QueuedHandler], _ event: SocketEvent) async {
    for handler in handlers {
      do {
        try await handler(event)
      } catch {
        event.refuse(error)
      }
    }
  }

  private func enqueue(_ event: SocketEvent, _ step: @escaping EventQueue.Step) {
    let queue = queue ?? EventQueue(budget: client.eventBudget)
    self.queue = queue
    let bytes = event.arguments.reduce(event.name.utf8.count) { $0 + $1.approximateBytes }
    if !queue.add(bytes: bytes, step) { refuse(event, EventError.tooManyWaiting) }
  }

  /// An event won't be handled: whoever listens for that is told, and the client if it asked.
  private func refuse(_ event: SocketEvent, _ error: any Error) {
    extras?.extras.onError.forEach { $0(event, error) }
    event.refuse(error)
  }
}

import DequeModule
import Logging
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// One listener's session while it is in memory: a home for the state machine on one event loop, from which it tells the
/// devices, each on its own loop, what to do.
///
/// Everything goes through ``enter(from:canWait:refused:_:)`` and comes back through a device's loop, never at once: two devices that command
/// at the same moment are served one after the other, and what a device hears is in the order in which it happened.
final class UserSession: Sendable {
  let userId: String
  let eventLoop: any EventLoop
  private let core: NIOLoopBound<Core>
  private let coreId: ObjectIdentifier

  /// What was kept of it, or nil; from any thread, once.
  /// - Parameter end: the last sign of life of the server that kept it, if it was another; Unix time in milliseconds.
  func load(_ kept: KeptSession?, end: Double? = nil) {
    eventLoop.execute { [core] in core.value.loaded(kept, end: end) }
  }

  /// What was kept of it can't be read for now: nothing is changed until it can.
  func cannotBeRead() { eventLoop.execute { [core] in core.value.cannotBeRead() } }

  /// On the event loop that becomes its home.
  init(userId: String, services: StreamGateway.Services, eventLoop: any EventLoop) {
    self.userId = userId
    self.eventLoop = eventLoop
    let core = Core(userId: userId, services: services, eventLoop: eventLoop)
    coreId = ObjectIdentifier(core)
    self.core = NIOLoopBound(core, eventLoop: eventLoop)
  }

  func isHome(of core: Core) -> Bool { coreId == ObjectIdentifier(core) }

  /// Runs `body` with the session's state as soon as that is loaded; always later, also on the home loop.
  /// - Parameters:
  ///   - socketId: of the device from which it comes.
  ///   - canWait: whether it waits as well for a state that can't be read for now.
  ///   - refused: called in place of `body`, on the home loop.
  func enter(
    from socketId: String, canWait: Bool, refused: @escaping @Sendable (DubplateError) -> Void,
    _ body: @escaping @Sendable (Core) -> Void
  ) {
    let call = Core.Call(socketId: socketId, canWait: canWait, refused: refused, body: body)
    eventLoop.execute { [core] in core.value.take(call) }
  }

  /// A device has gone from a connection.
  func leave(_ deviceId: String, socketId: String) {
    eventLoop.execute { [core] in core.value.hasLeft(deviceId, socketId: socketId) }
  }

  /// Runs `body` behind everything that was asked for; at once, and without the state, if that isn't loaded.
  func whenSettled(_ body: @escaping @Sendable (Core?) -> Void) {
    eventLoop.execute { [core] in core.value.whenSettled(body) }
  }

  /// The state and the devices. Lives on the home loop and is touched nowhere else.
  final class Core {
    struct Member {
      let socketId: String
      let device: NIOLoopBound<DeviceSession>
      let eventLoop: any EventLoop
      /// Whether its id is its own, by which it's known again.
      let isKept: Bool
      /// Its id ends with it.
      let isTemporary: Bool
      let since = DeviceSession.now
    }

    /// What is to be done with the state.
    struct Call: Sendable {
      let socketId: String
      var canWait = true
      var refused: @Sendable (DubplateError) -> Void = { _ in }
      let body: @Sendable (Core) -> Void
    }

    let userId: String
    let services: StreamGateway.Services
    let eventLoop: any EventLoop
    private let allowance: UserAllowance
    var state = ListeningSession()
    var members: [String: Member] = [:]
    /// What a device said last of what it hears.
    private var lastHeard: (deviceId: String, anchor: TimelineAnchor, since: Int64)?
    private var isLoaded = false
    /// What was kept can't be read, and is tried again.
    private var isUnreadable = false
    private var waiting = Deque<Call>()
    /// Until when the loop's others have been given as much time as this has taken; set while they are.
    private var paidUntil: Int64 = 0
    private var resting: Scheduled<Void>?
    private var saving: Scheduled<Void>?
    private var news = SessionNews()
    /// Set while something waits to be told.
    private var telling: Scheduled<Void>?

    init(userId: String, services: StreamGateway.Services, eventLoop: any EventLoop) {
      self.userId = userId
      self.services = services
      self.eventLoop = eventLoop
      allowance = services.allowances.allowance(of: userId, now: DeviceSession.now)
    }

    var now: Int64 { DeviceSession.now }

    private var unixMilliseconds: Int64 { Int64(services.clock.unixMilliseconds(at: now)) }

    /// Does something with the state, in the order in which it was asked for, as soon as that is loaded.
    func take(_ call: Call) {
      if isUnreadable, !call.canWait || waiting.count >= GatewayLimits.waitingForSession {
        return call.refused(Self.unreadable)
      }
      // As many as there are commands in the user's budget while it's read, and devices that he may have.
      waiting.append(call)
      if isLoaded { runWaiting() }
    }

    private static let unreadable = DubplateError(
      .busy, "the session can't be read for now", retryAfterMilliseconds: GatewayLimits.unreadRetryMilliseconds)

    func cannotBeRead() {
      isUnreadable = true
      let refused = waiting.filter { !$0.canWait }
      waiting.removeAll { !$0.canWait }
      for call in refused { call.refused(Self.unreadable) }
    }

    func hasLeft(_ deviceId: String, socketId: String) {
      guard isUnreadable else {
        return take(Call(socketId: socketId, body: { $0.leave(deviceId, socketId: socketId) }))
      }
      // It has not been here yet.
      waiting.removeAll { $0.socketId == socketId }
      services.sessions.isEmpty(self)
    }

    func whenSettled(_ body: @escaping @Sendable (Core?) -> Void) {
      if isLoaded { take(Call(socketId: "", body: body)) } else { body(nil) }
    }

    /// Does what waits, and leaves at least half of the loop's time to others: NIO reads no socket while tasks are ready.
    private func runWaiting() {
      guard resting == nil else { return }
      while let call = waiting.popFirst() {
        let began = now
        allowance.charging { call.body(self) }
        let ended = now
        paidUntil = max(paidUntil, ended) + (ended - began)
        guard paidUntil - ended > GatewayLimits.sessionTurnNanoseconds, !waiting.isEmpty else { continue }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        resting = eventLoop.scheduleTask(in: .nanoseconds(paidUntil - ended)) {
          bound.value.resting = nil
          bound.value.runWaiting()
        }
        return
      }
    }

    /// What was kept is here, or nothing was.
    func loaded(_ kept: KeptSession?, end: Double?) {
      if let kept { state.restore(kept, end: end) }
      isUnreadable = false
      isLoaded = true
      runWaiting()
    }

    // MARK: - Devices

    func join(_ deviceId: String, _ announcement: PlaybackDevice.Announcement, _ member: Member) {
      if let former = members.updateValue(member, forKey: deviceId) {
        // The same device on a new connection; the old one has not noticed yet.
        former.eventLoop.execute { former.device.value.isReplaced() }
        state.disconnect(deviceId, isKept: true, now: now, unixMilliseconds: unixMilliseconds)
      }
      do {
        try state.connect(deviceId, as: announcement, unixMilliseconds: unixMilliseconds)
      } catch {
        services.logger.error("a device can't join its session", metadata: ["error": "\(error)"])
      }
      carryOut()
      applySettings(of: deviceId)
      // All that a connect brings, and in its order, also when the others have to wait for their news.
      if news.isWaiting(.devices) { tell(deviceId, "device_update", devicesFields()) }
      tell(deviceId, "queue_update", queueFields(reason: "hello", by: nil))
      tell(deviceId, "sync_state", stateFields(.hello, by: deviceId))
    }

    /// What is set for a device and concerns the server.
    func applySettings(of deviceId: String) {
      guard let savesData = state.devices[deviceId]?.dataSaver else { return }
      on(deviceId) { $0.automatic?.savesData = savesData }
    }

    func leave(_ deviceId: String, socketId: String) {
      // Nobody else who comes under that id is sent away.
      if let member = members[deviceId], member.socketId == socketId {
        members[deviceId] = nil
        state.disconnect(deviceId, isKept: member.isKept, now: now, unixMilliseconds: unixMilliseconds)
        state.forgetGone(unixMilliseconds: unixMilliseconds)
        carryOut()
        let wasVisit = now - member.since >= GatewayLimits.leastVisitNanoseconds
        if !member.isTemporary, wasVisit { scheduleSave() }
      }
      if members.isEmpty { services.sessions.isEmpty(self) }
    }

    /// Calls a device on its own loop.
    func on(_ deviceId: String, _ body: @escaping @Sendable (DeviceSession) -> Void) {
      guard let member = members[deviceId] else { return }
      member.eventLoop.execute { body(member.device.value) }
    }

    func tell(_ deviceId: String, _ event: String, _ payload: SocketObject) {
      on(deviceId) { $0.hear(event, payload) }
    }

    /// Tells all devices but one, in bytes that are made once, with one hop for each event loop.
    private func tellAll(except: String?, _ event: String, _ payload: SocketObject) {
      let event = SharedEvent(event, payload)
      let listening = members.filter { $0.key != except }.values
      for (_, members) in Dictionary(grouping: listening, by: { ObjectIdentifier($0.eventLoop) }) {
        members[0].eventLoop.execute {
          for member in members { member.device.value.hear(event) }
        }
      }
    }

    func hears(_ deviceId: String, _ anchor: TimelineAnchor) { lastHeard = (deviceId, anchor, now) }

    /// What the active device hears, as it said itself within the last seconds; so a group gathers around it, and it
    /// need not move.
    var heard: TimelineAnchor? {
      guard let lastHeard, let playing = state.playing, lastHeard.deviceId == playing.deviceId,
        now - lastHeard.since < GatewayLimits.heardLifetime.nanoseconds,
        // A report of what was heard before a jump, or made up, would tear the others along.
        abs(extrapolated(lastHeard.anchor) - playing.position(at: now)) < GatewayLimits.heardTolerance
      else { return nil }
      return lastHeard.anchor
    }

    private func extrapolated(_ anchor: TimelineAnchor) -> Double {
      anchor.position + Double(now - anchor.nanoseconds) / 1e9
    }

    // MARK: - Effects

    /// Carries out what the state machine wants done.
    func carryOut() {
      for effect in state.takeEffects() {
        switch effect {
        case .play(let deviceId, let order): on(deviceId) { device in device.obey { device.play(order) } }
        case .stop(let deviceId, let reason): on(deviceId) { device in device.obey { device.stop(reason) } }
        case .move(let deviceId, let move): on(deviceId) { device in device.obey { device.move(move) } }
        case .follow(let deviceId, let following): on(deviceId) { $0.follow(following) }
        case .queueChanged(let reason, let except):
          news.add(.queue(reason: reason, by: except, except: except))
        case .devicesChanged: news.add(.devices)
        case .stateChanged(let action, let by, let except):
          news.add(.state(action, by: by, except: except))
          if case .seek = action { news.add(.position(by: by, except: except)) }
        case .save: scheduleSave()
        }
        tellNews()
      }
    }

    /// Tells all devices what is due, and comes back for the rest.
    private func tellNews() {
      guard !news.isEmpty else { return }
      let began = ProcessorTime.nanoseconds
      for item in news.take(now: now) {
        switch item {
        case .queue(let reason, let by, let except):
          tellAll(except: except, "queue_update", queueFields(reason: reason, by: by))
        case .devices: tellAll(except: nil, "device_update", devicesFields())
        case .state(let action, let by, let except):
          tellAll(except: except, "sync_state", stateFields(action, by: by))
        case .position(let by, let except):
          guard let playing = state.playing else { continue }
          tellAll(
            except: except, "seek_update",
            ["position": .double(playing.anchor.position), "deviceId": .string(by)])
        }
      }
      news.told(in: ProcessorTime.nanoseconds - began, now: now)
      guard telling == nil, let due = news.nextDue(now: now) else { return }
      let bound = NIOLoopBound(self, eventLoop: eventLoop)
      telling = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(0, due)))) {
        bound.value.telling = nil
        bound.value.tellNews()
      }
    }

    /// Has it written down soon.
    func scheduleSave() {
      guard saving == nil else { return }
      let bound = NIOLoopBound(self, eventLoop: eventLoop)
      saving = eventLoop.scheduleTask(in: GatewayLimits.saveDelay) { bound.value.save() }
    }

    /// Writes down what survives; nothing if nothing has changed.
    func save() {
      guard let saving else { return }
      saving.cancel()
      self.saving = nil
      let now = now
      services.sessions.save(
        userId, state.kept(now: now, unixMilliseconds: services.clock.unixMilliseconds(at: now)))
    }
  }
}

import NIOCore
import NIOPosix

/// The listeners of one event loop: starts and stops them by the schedule, lets them seek, holds their tally.
///
/// `@unchecked Sendable`: everything but `loop` and `plan` is touched on `loop` only.
final class ListenerGroup: @unchecked Sendable {
  let loop: any EventLoop
  let plan: LoadPlan
  let readBuffer = ReadBuffer()
  var tally = Tally()
  var random: RandomNumbers
  private let number: Int
  private let gate: StartGate?
  private var tokens: [String]
  private(set) var active: [Listener] = []
  private var connecting = 0
  private var nextIndex = 0
  private var freeIndices: [Int] = []
  private var startedAt: Int64 = 0
  private var holdUntil: Int64 = 0
  private var gateOpenedAt: Int64?
  private var ticks: RepeatedTask?
  private var isStopping = false
  /// Who seeks when; in order of time, since the interval is the same for everyone.
  private var seeks = DueQueue<Listener>()

  /// Nanoseconds of a monotonic clock.
  let now: @Sendable () -> Int64

  init(
    loop: any EventLoop, number: Int, plan: LoadPlan, tokens: [String], gate: StartGate?,
    now: @escaping @Sendable () -> Int64 = { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
  ) {
    self.loop = loop
    self.now = now
    self.number = number
    self.plan = plan
    self.tokens = tokens
    self.gate = gate
    random = RandomNumbers(seed: plan.seed &* 1_000_003 &+ UInt64(number))
  }

  func start() {
    loop.assertInEventLoop()
    startedAt = now()
    ticks = loop.scheduleRepeatedTask(initialDelay: .zero, delay: Limits.tick) { [weak self] _ in self?.tick() }
  }

  /// Closes everyone, after counting who is waiting or has run dry.
  func finish() -> Tally {
    loop.assertInEventLoop()
    ticks?.cancel()
    isStopping = true
    let end = now()
    for listener in active { listener.countUnfinished(at: end) }
    let result = tally
    for listener in Array(active) { listener.end(error: nil, isWanted: true) }
    return result
  }

  func replaceTokens(_ fresh: [String]) {
    loop.assertInEventLoop()
    tokens = fresh
  }

  private func tick() {
    let moment = now()
    let elapsed = Double(moment - startedAt) / 1e9
    let total = plan.schedule.target(at: elapsed)
    let wanted = total / plan.threads + (number < total % plan.threads ? 1 : 0)
    while active.count > wanted, let last = active.last { last.end(error: nil, isWanted: true) }
    while active.count < wanted, connecting < Limits.connectsInFlight, moment >= holdUntil { connect(at: moment) }
    while let listener = seeks.popDue(at: moment) {
      guard listener.phase != .closed else { continue }
      listener.seek(at: moment)
      scheduleSeek(of: listener, after: moment)
    }
  }

  private func connect(at moment: Int64) {
    var index = nextIndex * plan.threads + number
    if let free = freeIndices.popLast() { index = free } else { nextIndex += 1 }
    let listener = add(index: index, at: moment)
    let bound = NIOLoopBound(listener, eventLoop: loop)
    var bootstrap = ClientBootstrap(group: loop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.recvAllocator, value: SharedReadAllocator(shared: readBuffer))
      .connectTimeout(Limits.connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
      }
    if let source = plan.sourceAddress(ofListener: index) { bootstrap = bootstrap.bind(to: source) }
    bootstrap.connect(to: plan.target.address).assumeIsolated().whenFailure { _ in
      listener.end(error: "connect_failed")
    }
  }

  /// A listener that is about to connect.
  func add(index: Int, at moment: Int64) -> Listener {
    let listener = Listener(index: index, group: self, at: moment)
    listener.slot = active.count
    active.append(listener)
    connecting += 1
    return listener
  }

  func connectPacket(forListener index: Int) -> String {
    let token = tokens[index % tokens.count]
    let buffer = plan.bufferSeconds.map { ",\"bufferSeconds\":\($0)" } ?? ""
    return "40{\"token\":\(token.quotedJSON),\"format\":\"\(plan.format.rawValue)\","
      + "\"deviceName\":\"dubplate-load\",\"standalone\":true\(buffer)}"
  }

  /// A listener is in the namespace: it plays, at once or when everyone is there.
  func isReady(_ listener: Listener) {
    connecting -= 1
    tally.connects += 1
    tally.listeners += 1
    guard let gate, gateOpenedAt == nil else { return listener.play(at: now()) }
    gate.arrive()
  }

  /// Everyone is there (or has had the time to be).
  func openGate() {
    loop.assertInEventLoop()
    guard gateOpenedAt == nil else { return }
    gateOpenedAt = now()
    for listener in active where listener.phase == .ready { listener.play(at: now()) }
  }

  /// A listener heard the beginning of a track.
  func hasSound(_ listener: Listener, at moment: Int64) {
    guard plan.seekEvery != nil, !listener.seeksAlready else { return }
    listener.seeksAlready = true
    scheduleSeek(of: listener, after: moment)
  }

  private func scheduleSeek(of listener: Listener, after moment: Int64) {
    guard let seconds = plan.seekEvery else { return }
    let step = max(Int64(seconds * 1e9), 1)
    var due = moment + step
    if let gateOpenedAt {
      // Those who started together also seek together.
      due = gateOpenedAt + ((moment - gateOpenedAt) / step + 1) * step
    }
    seeks.append(listener, due: due)
  }

  /// Runs `body` after `delay` unless the run is over by then.
  func later(_ delay: TimeAmount, _ listener: Listener, _ body: @escaping (Listener) -> Void) {
    loop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      guard let self, !self.isStopping else { return }
      body(listener)
    }
  }

  func remove(_ listener: Listener, isWanted: Bool) {
    let wasReady = listener.phase.rawValue >= Listener.Phase.ready.rawValue
    if wasReady { tally.listeners -= 1 } else { connecting -= 1 }
    if listener.phase == .playing { tally.playing -= 1 }
    if !isWanted { holdUntil = now() + Limits.retryDelay.nanoseconds }
    freeIndices.append(listener.index)
    let last = active.removeLast()
    if last !== listener {
      active[listener.slot] = last
      last.slot = listener.slot
    }
  }
}

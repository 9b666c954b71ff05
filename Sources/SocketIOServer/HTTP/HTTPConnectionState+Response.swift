import NIOCore

/// How answers are framed (RFC 9112 section 6), whoever gives them.
extension HTTPConnectionState {
  /// What is said of a body in front of it.
  enum BodyFraming: Equatable {
    case length(Int)
    case chunked
    /// The connection's end is the body's.
    case untilClose
    /// Nothing: there is no body, and nobody knows which length it would have.
    case silent
  }

  /// What becomes of an answer's head.
  struct HeadPlan: Equatable {
    var framing: BodyFraming
    var closes: Bool
  }

  /// What becomes of a part of an answer's body: so many of its bytes go out.
  enum BodyPlan: Equatable {
    case drop
    case asIs(Int)
    case chunk
  }

  /// What becomes of an answer's end.
  enum EndPlan: Equatable {
    case drop
    /// The connection goes on.
    case goOn(isChunked: Bool)
    /// It ends when everything has left.
    case finish(isChunked: Bool)
    /// The body is shorter than was said.
    case abort
  }

  /// An answer begins. Nil when nobody waits for one.
  /// - Parameters:
  ///   - length: what the answer says of its body; nil when it says nothing, or what can't be.
  ///   - closes: whether the connection is to end with it.
  mutating func begin(_ answerer: Answerer, status: Int, length: Int?, closes: Bool) -> HeadPlan? {
    guard var exchange = exchange(of: answerer), exchange.response == .none else { return nil }
    exchange.closes = exchange.closes || closes || hasTooMuchBody(exchange)
    let plan: BodyFraming
    if status == 204 || status == 304 || status < 200 {
      plan = .silent
      exchange.response = .bodiless
    } else if exchange.isHead {
      plan = length.map(BodyFraming.length) ?? .silent
      exchange.response = .bodiless
    } else if let length {
      plan = .length(length)
      exchange.response = .begun(left: length, isChunked: false)
    } else {
      plan = exchange.isOld ? .untilClose : .chunked
      exchange.response = .begun(left: nil, isChunked: !exchange.isOld)
    }
    phase = .exchange(exchange)
    return HeadPlan(framing: plan, closes: exchange.closes)
  }

  /// Whether something may be said in front of the answer (a status below 200): nothing that HTTP/1.0 knows.
  func mayInform(_ answerer: Answerer) -> Bool {
    guard let exchange = exchange(of: answerer) else { return false }
    return exchange.response == .none && !exchange.isOld
  }

  /// A part of the answer's body.
  mutating func send(_ answerer: Answerer, bytes: Int) -> BodyPlan {
    guard var exchange = exchange(of: answerer), bytes > 0 else { return .drop }
    switch exchange.response {
    case .none, .bodiless, .ended: return .drop
    case .begun(nil, let isChunked): return isChunked ? .chunk : .asIs(bytes)
    case .begun(let left?, _):
      let count = min(left, bytes)
      // What is too much would be the beginning of the next answer.
      if count < bytes { exchange.closes = true }
      exchange.response = .begun(left: left - count, isChunked: false)
      phase = .exchange(exchange)
      return count > 0 ? .asIs(count) : .drop
    }
  }

  /// The answer's end.
  mutating func end(_ answerer: Answerer, now: NIODeadline) -> EndPlan {
    guard var exchange = exchange(of: answerer) else { return .drop }
    var isChunkedNow = false
    switch exchange.response {
    case .none, .ended: return .drop
    case .bodiless: break
    case .begun(let left, let isChunked):
      guard left ?? 0 == 0 else { return .abort }
      isChunkedNow = isChunked
    }
    guard !exchange.closes else {
      (phase, checkedAt) = (.ending, now)
      return .finish(isChunked: isChunkedNow)
    }
    exchange.response = .ended
    phase = exchange.isRequestWhole ? .waiting(since: now) : .exchange(exchange)
    return .goOn(isChunked: isChunkedNow)
  }

  /// More of the request's body is to come than is read over for a connection that goes on.
  private func hasTooMuchBody(_ exchange: Exchange) -> Bool {
    guard !exchange.isRequestWhole else { return false }
    return switch exchange.framing {
    case .none: false
    case .length(let length): length - exchange.bodyBytes > HTTPLimits.unwantedBodyBytes
    case .chunked: true
    }
  }

  private func exchange(of answerer: Answerer) -> Exchange? {
    guard case .exchange(let exchange) = phase, exchange.answerer == answerer else { return nil }
    return exchange
  }
}

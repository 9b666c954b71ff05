import NIOCore

/// One read buffer for all listeners of an event loop, instead of one each.
///
/// A listener looks at what was read and is done with it before the next socket is read, so nobody needs a buffer of
/// their own; with 10,000 listeners that is half a gigabyte saved. Whoever takes the buffer gives it back after use; if
/// it was not given back, the next one gets a new one.
///
/// `@unchecked Sendable`: an instance belongs to one event loop, and only channels of that loop are given it.
final class ReadBuffer: @unchecked Sendable {
  private var buffer: ByteBuffer?

  func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
    guard var taken = buffer.take() else { return allocator.buffer(capacity: Limits.readBufferBytes) }
    taken.clear()
    return taken
  }

  func giveBack(_ used: consuming ByteBuffer) {
    // Not the small buffer of a connection's first read.
    if used.storageCapacity >= Limits.readBufferBytes { buffer = used }
  }
}

/// Gives a channel the loop's shared buffer for every read but its first.
///
/// A NIO channel holds on to the first buffer it was given, and with one message per read to no other (as long as
/// `record` says that the next may be greater): so the first is a small one of its own.
struct SharedReadAllocator: RecvByteBufferAllocator {
  let shared: ReadBuffer
  private var hasRead = false

  init(shared: ReadBuffer) { self.shared = shared }

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    hasRead ? shared.take(allocator) : allocator.buffer(capacity: Limits.firstReadBytes)
  }

  mutating func record(actualReadBytes: Int) -> Bool {
    hasRead = true
    return true
  }
}

#if os(Linux)
  import Dispatch
  import Glibc
  import Logging
  import Synchronization

  /// Notices what changes in the library's folders (Linux' inotify(7)), so that it's looked through soon and not only from
  /// time to time.
  ///
  /// The scan itself names the folders, each before it reads the names in it: nothing that comes later is missed, and a new
  /// folder is watched by the scan that it causes. The kernel forgets folders that are removed. Of a file system of another
  /// machine it sees only what is done here.
  ///
  /// Invariant of `@unchecked Sendable`: `source` is set once, in `init`; `pause` is touched on `queue` only.
  final class FolderWatch: @unchecked Sendable {
    private struct Watches {
      /// The kernel's numbers of the folders that are watched.
      var folders: Set<CInt> = []
      /// Somebody has been told that not all of them are.
      var isIncomplete = false
    }

    private static let settled = UInt32(IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE)
    private static let wanted = settled | UInt32(IN_CREATE) | UInt32(IN_ONLYDIR)

    /// Of inotify; what it watches is in proc(5), under `fdinfo`.
    let descriptor: CInt
    private let most: Int
    private let queue = DispatchQueue(label: "dubplate.watch", qos: .utility)
    private let source: any DispatchSourceRead
    private let watches = Mutex(Watches())
    private var pause = ChangePause()
    private let logger: Logger
    private let onChange: @Sendable () -> Void

    /// Nil where the kernel gives nothing to watch with; the log says so.
    /// - Parameters:
    ///   - most: how many folders are watched.
    ///   - onChange: called when something has changed, on a queue of its own.
    init?(most: Int = ServerLimits.watchedFolders, logger: Logger, onChange: @escaping @Sendable () -> Void) {
      descriptor = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
      self.most = most
      self.logger = logger
      self.onChange = onChange
      source = DispatchSource.makeReadSource(fileDescriptor: max(descriptor, 0), queue: queue)
      guard descriptor >= 0 else {
        logger.notice(
          "the library's folders can't be watched; changes are found by scans from time to time",
          metadata: ["reason": "\(String(cString: strerror(errno)))"])
        source.activate()
        source.cancel()
        return nil
      }
      source.setEventHandler { [weak self] in self?.read() }
      source.setCancelHandler { [descriptor] in close(descriptor) }
      source.activate()
    }

    deinit { source.cancel() }

    /// Watches a folder from now on, if it isn't watched and there is room. Any thread.
    func add(_ path: String) {
      let failure = watches.withLock { watches -> CInt? in
        let number = inotify_add_watch(descriptor, path, Self.wanted)
        guard number >= 0 else { return errno }
        // One that is watched already has the number that it had.
        if watches.folders.count < most || watches.folders.contains(number) {
          watches.folders.insert(number)
          return nil
        }
        inotify_rm_watch(descriptor, number)
        return ENOSPC
      }
      // What can't be entered, or has gone, is the scan's to report.
      guard let failure, failure == ENOSPC || failure == ENOMEM else { return }
      tellOfBound(failure)
    }

    private func tellOfBound(_ failure: CInt) {
      let (isNews, count) = watches.withLock { watches in
        defer { watches.isIncomplete = true }
        return (!watches.isIncomplete, watches.folders.count)
      }
      guard isNews else { return }
      logger.notice(
        "not all of the library's folders can be watched; changes in the others are found by scans from time to time",
        metadata: ["watched": "\(count)", "setting": "fs.inotify.max_user_watches"])
    }

    private func read() {
      withUnsafeTemporaryAllocation(byteCount: ServerLimits.watchReadBytes, alignment: 8) { buffer in
        while true {
          let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
          guard count > 0 else { return }
          take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
      }
      schedule()
    }

    /// Events as inotify(7) has them: the folder's number, what happened, a cookie and the name's length, 32 bits each, and
    /// the name.
    private func take(_ events: UnsafeRawBufferPointer) {
      var at = 0
      while at + 16 <= events.count {
        let number = events.loadUnaligned(fromByteOffset: at, as: CInt.self)
        let what = events.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
        at += 16 + Int(events.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
        if what & UInt32(IN_IGNORED) != 0 {
          // It was removed, or its disk was; or it wasn't to be watched any more, which is no news.
          guard watches.withLock({ $0.folders.remove(number) != nil }) else { continue }
        }
        // The library itself, perhaps, which no other folder tells of.
        if what & UInt32(IN_MOVE_SELF) != 0 { forgetAll() }
        let isSettled = what & (Self.settled | UInt32(IN_ISDIR | IN_IGNORED | IN_Q_OVERFLOW)) != 0
        pause.noticed(isSettled ? .settled : .created, now: .now)
      }
    }

    /// Watches nothing until the scan to come has named the folders that there are: one that was moved away takes all that
    /// are in it with it, which the kernel goes on watching, and doesn't say which they are.
    private func forgetAll() {
      watches.withLock { watches in
        for number in watches.folders { inotify_rm_watch(descriptor, number) }
        watches.folders = []
      }
    }

    /// Looks when it's due; what has changed meanwhile may have put that off.
    private func schedule() {
      guard let due = pause.due else { return }
      let wait = max(.zero, due - .now)
      queue.asyncAfter(deadline: .now() + .nanoseconds(Int(wait / .nanoseconds(1)))) { [weak self] in
        guard let self, let due = pause.due, due <= .now else { return }
        pause.looked()
        onChange()
      }
    }
  }
#endif

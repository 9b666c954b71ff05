import OrderedCollections
import Playback
import Synchronization

/// Who is here, with how many devices, and the version of what they agree on.
final class UserRoster: Sendable {
  private struct Entry {
    var state = SharedState()
    var devices = 0
  }

  private struct State {
    var present: [String: Entry] = [:]
    /// Users without a device, the longest absent first: their version goes on from where it was.
    var absent: OrderedDictionary<String, SharedState> = [:]
  }

  private let state = Mutex(State())

  /// A device has come. Returns whether it takes part in the user's shared state: the first 64 do, which bounds what
  /// one command costs.
  func join(user: String) -> Bool {
    state.withLock { state in
      var entry = state.present[user] ?? Entry(state: state.absent.removeValue(forKey: user) ?? SharedState())
      guard entry.devices < PlaybackLimits.devicesPerUser else { return false }
      entry.devices += 1
      state.present[user] = entry
      return true
    }
  }

  /// A device that took part has gone.
  func leave(user: String) {
    state.withLock { state in
      guard var entry = state.present[user] else { return }
      entry.devices -= 1
      if entry.devices > 0 {
        state.present[user] = entry
      } else {
        state.present[user] = nil
        state.absent[user] = entry.state
        if state.absent.count > GatewayLimits.absentUsers { state.absent.removeFirst(GatewayLimits.absentUsers / 4) }
      }
    }
  }

  /// Notes a change and returns its version; nil when the user isn't here.
  func change(user: String, device: String) -> UInt64? {
    state.withLock { $0.present[user]?.state.change(by: device) }
  }
}

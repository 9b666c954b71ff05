import Hummingbird
import Logging
import SocketIO
import SocketIOServer

/// A chat room: names, messages, who is typing, who came and went. Connect to http://127.0.0.1:8080 with any Socket.IO 4
/// client.
@main
struct Chat {
  static func main() async throws {
    let logger = Logger(label: "chat")
    var configuration = SocketIOServer.Configuration()
    configuration.cors = .any()
    let io = SocketIOServer(configuration: configuration, logger: logger)
    let room = io.of("/")

    // The client says who it is: io({ auth: { name: "Ada" } }).
    room.use { connection in
      guard let name = connection.handshake.auth["name"]?.string, (1...32).contains(name.count) else {
        throw ConnectError("a name, please", data: ["code": "name_missing"])
      }
      connection.context = name
    }

    room.onConnection { socket in
      guard let name = socket.context as? String else { return }
      socket.broadcast.emit("joined", .string(name))

      socket.on("message") { event in
        guard let text = event.arguments[0].string, text.count <= 2_000 else {
          event.acknowledge(["ok": false])
          return
        }
        socket.broadcast.emit("message", ["from": .string(name), "text": .string(text)])
        event.acknowledge(["ok": true])
      }

      socket.on("typing") { _ in socket.broadcast.volatile.emit("typing", .string(name)) }
      socket.onDisconnect { _ in room.emit("left", .string(name)) }
    }

    let router = Router()
    router.get("/") { _, _ in "A Socket.IO server lives at /socket.io/\n" }
    let app = Application(router: router, server: .socketIO(io), logger: logger)
    try await app.runService()
  }
}

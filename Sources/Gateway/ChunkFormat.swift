/// How `audio_chunk` is encoded for a connection; chosen in the CONNECT packet's `auth`.
enum ChunkFormat: String, Sendable {
  case binary, protobuf, base64
}

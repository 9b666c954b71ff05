import Foundation
import NIOCore

/// Base64 (RFC 4648, section 4) of a buffer's readable bytes.
public enum Base64Text {
  public static func encode(_ bytes: ByteBuffer) -> ByteBuffer {
    ByteBuffer(bytes: Data(bytes.readableBytesView).base64EncodedData())
  }
}

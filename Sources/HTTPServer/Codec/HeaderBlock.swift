// Turns header values into complete lines. The one gate through which header text from the control
// plane reaches the wire, so nothing with a control character passes it.

package enum HeaderBlock {
  /// Lines of `headers`, each ending in CR LF. Left out: names that are no token, values with
  /// control characters, and the fields that only the engine writes.
  package static func bytes(_ headers: [ResponseHeader]) -> [UInt8] {
    var block: [UInt8] = []
    block.reserveCapacity(headers.count * 48)
    for header in headers where isSound(header) {
      block.append(contentsOf: header.name.utf8)
      block.append(Byte.colon)
      block.append(Byte.space)
      block.append(contentsOf: header.value.utf8)
      block.append(Byte.carriageReturn)
      block.append(Byte.lineFeed)
    }
    return block
  }

  private static let engineFields = [
    "date", "connection", "content-length", "transfer-encoding",
  ]

  private static func isSound(_ header: ResponseHeader) -> Bool {
    guard !header.name.isEmpty, header.name.utf8.allSatisfy(Byte.isToken),
      header.value.utf8.allSatisfy(Byte.isText)
    else { return false }
    return !engineFields.contains {
      $0.utf8.count == header.name.utf8.count && $0 == header.name.lowercased()
    }
  }
}

// What was gathered, as values: off the worker's thread, since it makes texts of bytes.
import KeyModel

extension CallerLedger {
  /// - Parameter address: the text of an address, from its high and low eight bytes.
  package func sightings(address: (UInt64, UInt64) -> String) -> [CallerSighting] {
    var seen = rows.map { row in
      CallerSighting(
        keyID: KeyID(bits: row.key), versionID: VersionID(bits: row.version),
        caller: caller(row, address), lastSeenAt: Timestamp(microseconds: row.lastSeen),
        calls: row.calls)
    }
    for head in heads where head.otherCalls > 0 {
      seen.append(
        CallerSighting(
          keyID: KeyID(bits: head.key), versionID: VersionID(bits: head.version),
          caller: .others, lastSeenAt: Timestamp(microseconds: head.othersLastSeen),
          calls: head.otherCalls))
    }
    return seen
  }

  private func caller(_ row: Row, _ address: (UInt64, UInt64) -> String) -> KeyCaller {
    let start = Int(row.text)
    let route = text[start + Int(row.agentCount), Int(row.routeCount)]
    return KeyCaller(
      address: row.addressHigh == 0 && row.addressLow == 0
        ? "" : address(row.addressHigh, row.addressLow),
      userAgent: CallerText.clean(text[start, Int(row.agentCount)]),
      route: String(decoding: route, as: UTF8.self))
  }
}

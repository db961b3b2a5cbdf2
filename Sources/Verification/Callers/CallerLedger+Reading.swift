// What was gathered, as values: off the worker's thread, since it makes texts of bytes.
import KeyModel

extension CallerLedger {
  /// - Parameter address: the text of an address, from its high and low eight bytes.
  package func sightings(address: (UInt64, UInt64) -> String) -> [CallerSighting] {
    var texts = CallerTexts()
    var seen = rows.map { row in
      CallerSighting(
        keyID: KeyID(bits: row.key), versionID: VersionID(bits: row.version),
        caller: texts.caller(row, text, address),
        lastSeenAt: Timestamp(microseconds: row.lastSeen),
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

}

/// Makes the texts of callers, those of the caller before only once more where they differ.
private struct CallerTexts {
  private var latest: CallerLedger.Row?
  private var caller = KeyCaller(address: "", userAgent: "", route: "")

  mutating func caller(
    _ row: CallerLedger.Row, _ text: ByteArena, _ address: (UInt64, UInt64) -> String
  ) -> KeyCaller {
    if latest?.addressHigh != row.addressHigh || latest?.addressLow != row.addressLow {
      caller.address =
        row.addressHigh == 0 && row.addressLow == 0 ? "" : address(row.addressHigh, row.addressLow)
    }
    if latest?.text != row.text || latest?.agentCount != row.agentCount
      || latest?.routeCount != row.routeCount
    {
      let start = Int(row.text)
      caller.userAgent = CallerText.clean(text[start, Int(row.agentCount)])
      let route = text[start + Int(row.agentCount), Int(row.routeCount)]
      caller.route = String(decoding: route, as: UTF8.self)
    }
    latest = row
    return caller
  }
}

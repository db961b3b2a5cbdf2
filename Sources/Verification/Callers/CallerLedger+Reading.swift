// What was gathered, as values: off the worker's thread, since it makes texts of bytes.
import KeyModel

extension CallerLedger {
  /// - Parameter address: the text of an address, from its high and low eight bytes.
  func sightings(address: (UInt64, UInt64) -> String) -> [CallerSighting] {
    var texts = CallerTexts()
    var seen = rows.map { row in
      CallerSighting(
        keyID: KeyID(bits: row.key), versionID: VersionID(bits: row.version),
        caller: texts.caller(row.name, forms, address),
        lastSeenAt: Timestamp(microseconds: row.lastSeen), calls: row.calls)
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
  private var latest: CallerLedger.Name?
  private var caller = KeyCaller(address: "", userAgent: "", route: "")

  mutating func caller(
    _ name: CallerLedger.Name, _ forms: CallerForms, _ address: (UInt64, UInt64) -> String
  ) -> KeyCaller {
    if latest?.addressHigh != name.addressHigh || latest?.addressLow != name.addressLow {
      let isKnown = name.addressHigh != 0 || name.addressLow != 0
      caller.address = isKnown ? address(name.addressHigh, name.addressLow) : ""
    }
    if latest?.form != name.form {
      caller.userAgent = forms.userAgent(name.form)
      caller.route = forms.route(name.form)
    }
    latest = name
    return caller
  }
}

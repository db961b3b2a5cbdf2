// What calls look like but for their key and address: user agent and route, each pair kept once and
// named by a number. Few clients and routes make most of the calls, so the bytes as they came are
// remembered: only a call unlike those before it is looked at more closely.
import KeyModel

final class CallerForms {
  /// Named by no number of its own: there were too many.
  static let others = UInt32.max
  static let limit = 16_384

  struct Form {
    var hash: UInt64
    /// Where the two texts begin, one behind the other.
    var start: Int
    var agentCount: Int
    var routeCount: Int
  }

  private var forms: [Form] = []
  private var text = ByteArena()
  private var index = PlaceTable(places: 256)
  private let memo = CallerMemo()
  private let shape = UnsafeMutableRawBufferPointer.allocate(
    byteCount: RouteShape.byteLimit, alignment: 8)

  deinit { shape.deallocate() }

  @inline(__always)
  func number(of seen: Presentation) -> UInt32 {
    var agent = seen.userAgent
    if agent.count > CallerText.byteLimit {
      agent = UnsafeRawBufferPointer(rebasing: agent[..<CallerText.byteLimit])
    }
    var hash: UInt64 = 0
    ByteHash.mix(&hash, agent)
    ByteHash.mix(&hash, seen.method)
    ByteHash.mix(&hash, seen.path)
    if let number = memo.number(hash, seen.method, seen.path), hasAgent(number, agent) {
      return number
    }
    return search(agent, seen, hash)
  }

  @inline(__always)
  private func hasAgent(_ number: UInt32, _ agent: UnsafeRawBufferPointer) -> Bool {
    forms.withUnsafeBufferPointer { forms in
      let form = forms.baseAddress.unsafelyUnwrapped + Int(number)
      return text.equals(form.pointee.start, form.pointee.agentCount, agent)
    }
  }

  @inline(never)
  private func search(
    _ agent: UnsafeRawBufferPointer, _ seen: Presentation, _ memoHash: UInt64
  ) -> UInt32 {
    let length = RouteShape.write(method: seen.method, path: seen.path, to: shape)
    let route = UnsafeRawBufferPointer(rebasing: shape[..<length])
    var hash: UInt64 = 0
    ByteHash.mix(&hash, agent)
    ByteHash.mix(&hash, route)
    let found = index.find(hash) { number in
      forms[number].hash == hash && hasAgent(UInt32(number), agent)
        && text.equals(
          forms[number].start + agent.count, forms[number].routeCount, route)
    }
    let number: UInt32
    switch found {
    case .number(let known): number = UInt32(known)
    case .free:
      guard forms.count < Self.limit else { return Self.others }
      number = UInt32(forms.count)
      index.insert(hash, forms.count) { forms[$0].hash }
      let start = text.append(agent)
      _ = text.append(route)
      forms.append(
        Form(hash: hash, start: start, agentCount: agent.count, routeCount: route.count))
    }
    memo.remember(memoHash, number, seen.method, seen.path)
    return number
  }

  func userAgent(_ number: UInt32) -> String {
    let form = forms[Int(number)]
    return CallerText.clean(text[form.start, form.agentCount])
  }

  func route(_ number: UInt32) -> String {
    let form = forms[Int(number)]
    return String(decoding: text[form.start + form.agentCount, form.routeCount], as: UTF8.self)
  }
}

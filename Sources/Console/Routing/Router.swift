// Finds the route of a method and path. It must know no route by name.
internal import KeyModel
internal import Management

struct Router: Sendable {
  enum Match: Sendable {
    case route(Route, parameters: [String: String])
    /// The path exists, with other methods.
    case methods([String])
    case nothing
  }

  /// An object, because a route is too large to be copied for every one that is looked at.
  private final class Entry: Sendable {
    enum Segment {
      case literal(String)
      case parameter(String)
    }
    let route: Route
    let segments: [Segment]

    init(_ route: Route) {
      self.route = route
      segments = route.segments.map { text in
        text.hasPrefix("{")
          ? .parameter(String(text.dropFirst().dropLast())) : .literal(String(text))
      }
    }

    func fits(_ texts: [String]) -> Bool {
      for (segment, text) in zip(segments, texts) {
        if case .literal(let literal) = segment, literal != text { return false }
      }
      return true
    }

    func parameters(_ texts: [String]) -> [String: String] {
      var parameters: [String: String] = [:]
      for (segment, text) in zip(segments, texts) {
        if case .parameter(let name) = segment { parameters[name] = text }
      }
      return parameters
    }
  }

  /// By the number of their segments.
  private let entries: [Int: [Entry]]

  init(_ routes: [Route]) {
    let entries = routes.filter { $0.handler != nil }.map { Entry($0) }
    self.entries = Dictionary(grouping: entries) { $0.segments.count }
  }

  /// HEAD is served wherever GET is.
  func match(method: String, path: String) -> Match {
    guard let segments = Self.segments(of: path) else { return .nothing }
    let fitting = (entries[segments.count] ?? []).filter { $0.fits(segments) }
    guard !fitting.isEmpty else { return .nothing }
    let wanted = method == "HEAD" ? "GET" : method
    guard let entry = fitting.first(where: { $0.route.method.rawValue == wanted }) else {
      return .methods(Self.allow(fitting.map(\.route.method)))
    }
    return .route(entry.route, parameters: entry.parameters(segments))
  }

  static func allow(_ methods: [Method]) -> [String] {
    var names = Set(methods.map(\.rawValue))
    if names.contains("GET") { names.insert("HEAD") }
    return names.sorted()
  }

  /// Percent-decoded; nil where the path does not begin with a slash or an escape is not one.
  private static func segments(of path: String) -> [String]? {
    var path = path
    return path.withUTF8 { bytes in
      guard bytes.first == UInt8(ascii: "/") else { return nil }
      var result: [String] = []
      let parts = bytes.dropFirst().split(
        separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      for part in parts {
        guard let text = PercentDecoding.decode(UnsafeBufferPointer(rebasing: part)) else {
          return nil
        }
        result.append(text)
      }
      return result
    }
  }
}

enum PercentDecoding {
  /// Nil for broken escapes, control characters and what is not UTF-8.
  static func decode(_ text: UnsafeBufferPointer<UInt8>, plusIsSpace: Bool = false) -> String? {
    guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return text.allSatisfy(isNoControl) ? String(validating: text, as: UTF8.self) : nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(Hex.value),
          let low = rest.popFirst().flatMap(Hex.value)
        else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard bytes.allSatisfy(isNoControl) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
    var text = text
    return text.withUTF8 { decode($0, plusIsSpace: plusIsSpace) }
  }

  private static func isNoControl(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F }
}

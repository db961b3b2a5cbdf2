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

  private struct Entry: Sendable {
    var route: Route
    /// Nil stands for a parameter.
    var literals: [String?]
  }

  private let entries: [Int: [Entry]]

  init(_ routes: [Route]) {
    let entries = routes.filter { $0.handler != nil }.map { route in
      Entry(route: route, literals: route.segments.map { $0.hasPrefix("{") ? nil : String($0) })
    }
    self.entries = Dictionary(grouping: entries) { $0.literals.count }
  }

  /// HEAD is served wherever GET is.
  func match(method: String, path: String) -> Match {
    guard let segments = Self.segments(of: path) else { return .nothing }
    let fitting = (entries[segments.count] ?? []).filter { entry in
      zip(entry.literals, segments).allSatisfy { $0 == nil || $0 == $1 }
    }
    guard !fitting.isEmpty else { return .nothing }
    let wanted = method == "HEAD" ? "GET" : method
    guard let entry = fitting.first(where: { $0.route.method.rawValue == wanted }) else {
      return .methods(Self.allow(fitting.map(\.route.method)))
    }
    var parameters: [String: String] = [:]
    for (name, segment) in zip(entry.route.segments, segments) where name.hasPrefix("{") {
      parameters[String(name.dropFirst().dropLast())] = segment
    }
    return .route(entry.route, parameters: parameters)
  }

  static func allow(_ methods: [Method]) -> [String] {
    var names = Set(methods.map(\.rawValue))
    if names.contains("GET") { names.insert("HEAD") }
    return names.sorted()
  }

  /// Percent-decoded; nil where the path does not begin with a slash or an escape is not one.
  private static func segments(of path: String) -> [String]? {
    guard path.utf8.first == UInt8(ascii: "/") else { return nil }
    var result: [String] = []
    let parts = path.utf8.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for part in parts {
      guard let text = PercentDecoding.decode(part) else { return nil }
      result.append(text)
    }
    return result
  }
}

enum PercentDecoding {
  /// Nil for broken escapes, control characters and what is not UTF-8.
  static func decode(_ text: Substring.UTF8View, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(Hex.value),
          let low = rest.popFirst()
            .flatMap(Hex.value)
        else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}

// How a call fits a list of routes, and whether its method was part of that. Allocates nothing.
import KeyModel

/// A route as bytes that belong to one worker alone.
struct CompiledRoute {
  let method: [UInt8]
  let path: [UInt8]

  init(_ route: RoutePattern) {
    method = Array(route.method.utf8)
    path = Array(route.path.utf8)
  }
}

struct RouteFit {
  enum Result {
    case nothing
    /// Only because the call has the method it has.
    case thisMethod
    case anyMethod
  }

  private(set) var result = Result.nothing
  private let call: Call
  private let isUnambiguous: Bool

  /// Where the path is unknown, no rule about routes applies.
  init(_ call: Call, _ routes: (inout RouteFit) -> Void) {
    self.call = call
    isUnambiguous = PathGuard.isUnambiguous(call.path)
    if call.path.isEmpty { result = .anyMethod } else if isUnambiguous { routes(&self) }
  }

  mutating func ask(_ route: CompiledRoute) {
    route.method.withUnsafeBytes { method in
      route.path.withUnsafeBytes { path in ask(method: method, path: path) }
    }
  }

  mutating func ask(method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer) {
    guard result != .anyMethod,
      RoutePattern.matches(
        method: call.method, path: call.path, patternMethod: method, patternPath: path)
    else { return }
    let isAny = method.count == 1 && method[0] == UInt8(ascii: "*")
    result = isAny ? .anyMethod : .thisMethod
  }
}

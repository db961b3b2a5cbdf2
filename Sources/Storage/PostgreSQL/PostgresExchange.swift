// One command and its answer, without waiting for ever. libpq's own calls block while the server is
// silent, and a server that stands still, or a path that swallows packets, is silent for good.
import CPostgreSQL
import Glibc

struct PostgresExchange {
  let handle: OpaquePointer
  /// Of the server, to ask whether it is there for anybody.
  let url: String
  /// Milliseconds without a byte after which the server is asked so.
  let patience: Int32

  /// As often a server that answers others may be silent: long deletions take their time.
  private static let rounds = 30
  /// What the URL may say otherwise.
  private static let defaults = [
    ("connect_timeout", "3"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
    ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
  ]

  /// The last result of what `send` sends; nil where the connection is of no more use.
  func result(_ send: () -> Int32) -> OpaquePointer? {
    guard send() == 1, flush() else { return nil }
    var last: OpaquePointer?
    while arrive() {
      guard let next = PQgetResult(handle) else { return last }
      PQclear(last)
      last = next
    }
    PQclear(last)
    return nil
  }

  private func flush() -> Bool {
    while true {
      switch PQflush(handle) {
      case 0: return true
      // The server may want to be read from before it reads.
      case 1: guard wait(POLLIN | POLLOUT), PQconsumeInput(handle) == 1 else { return false }
      default: return false
      }
    }
  }

  /// Once it returns true, the next result is there whole.
  private func arrive() -> Bool {
    while PQisBusy(handle) == 1 {
      guard wait(POLLIN), PQconsumeInput(handle) == 1 else { return false }
    }
    return true
  }

  private func wait(_ events: Int32) -> Bool {
    var round = 0
    while true {
      var descriptor = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
      let ready = poll(&descriptor, 1, patience)
      if ready > 0 { return true }
      if ready < 0 {
        guard errno == EINTR else { return false }
        continue
      }
      round += 1
      guard round < Self.rounds, answersOthers else { return false }
    }
  }

  private var answersOthers: Bool {
    let answer = Self.withParameters(url) { PQpingParams($0, $1, 1) }
    return answer == PQPING_OK || answer == PQPING_REJECT
  }

  static func connect(_ url: String) -> OpaquePointer? {
    withParameters(url) { PQconnectdbParams($0, $1, 1) }
  }

  /// As `connect`, without waiting.
  static func begin(_ url: String) -> OpaquePointer? {
    withParameters(url) { PQconnectStartParams($0, $1, 1) }
  }

  private typealias Texts = UnsafePointer<UnsafePointer<CChar>?>

  private static func withParameters<R>(_ url: String, _ body: (Texts, Texts) -> R) -> R {
    // What comes later wins, and the URL is last.
    let all = defaults + [("dbname", url)]
    return withTexts(all.map(\.0)) { names in withTexts(all.map(\.1)) { body(names, $0) } }
  }

  private static func withTexts<R>(_ texts: [String], _ body: (Texts) -> R) -> R {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { UnsafePointer($0) } + [nil]
    return pointers.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("an array with a last nil") }
      return body(start)
    }
  }
}

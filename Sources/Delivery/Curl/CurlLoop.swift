// One libcurl multi handle and the one thread that drives it. Knows when transfers begin and end,
// not what they carry. Must not call a transfer from any other thread.
internal import CCurl
internal import Synchronization

/// What travels over one easy handle. Every method is called on the loop's thread.
protocol CurlTransfer: AnyObject, Sendable {
  /// Sets the options of a fresh handle; the transfer begins where this is CURLE_OK.
  func prepare(_ handle: CurlHandle) -> CURLcode
  /// Once, at the end; afterwards the handle is reset. `code` is nil where it was cut off.
  func finish(_ code: CURLcode?, _ handle: CurlHandle)
}

/// Sendable: `multi` is driven by `run` alone, and waking it is safe from every thread.
final class CurlLoop: @unchecked Sendable {
  private struct Inbox {
    var transfers: [any CurlTransfer] = []
    var isDraining = false
    var isCut = false
  }

  private let multi: UnsafeMutableRawPointer
  let sockets = CurlSockets()
  private let inbox = Mutex(Inbox())
  /// How many transfers are under way at once; the others wait in their order.
  private let capacity: Int

  private static let libraryCode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  init(capacity: Int, keptConnections: Int) throws(CurlFault) {
    guard Self.libraryCode == CURLE_OK, let multi = curl_multi_init() else {
      throw CurlFault("libcurl cannot be used")
    }
    self.multi = multi
    self.capacity = capacity
    let code = latchkey_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, keptConnections)
    guard code == CURLM_OK else {
      throw CurlFault(String(cString: curl_multi_strerror(code)))
    }
  }

  deinit {
    // Connections that were kept are taken leave of here; nobody waits for the answer.
    sockets.hearNothing()
    curl_multi_cleanup(multi)
  }

  /// From any thread. False where the loop takes nothing more; the transfer was not begun then.
  func submit(_ transfer: any CurlTransfer) -> Bool {
    let wasEmpty: Bool? = inbox.withLock {
      if $0.isDraining { return nil }
      $0.transfers.append(transfer)
      return $0.transfers.count == 1
    }
    guard let wasEmpty else { return false }
    if wasEmpty { wake() }
    return true
  }

  /// Nothing more is taken; `run` returns when what is under way has ended.
  func drain() {
    inbox.withLock { $0.isDraining = true }
    wake()
  }

  /// As `drain`, and what is under way is cut off.
  func cut() {
    inbox.withLock {
      $0.isDraining = true
      $0.isCut = true
    }
    wake()
  }

  /// libcurl's words for a code.
  static func words(_ code: CURLcode) -> String {
    curl_easy_strerror(code).map { String(cString: $0) } ?? "not known"
  }

  private func wake() {
    // A failure means that the loop looks into its inbox a moment later.
    _ = curl_multi_wakeup(multi)
  }

  /// Blocks its thread until the loop has been drained or cut.
  func run() {
    var driver = CurlDriver(multi: multi, sockets: sockets, capacity: capacity)
    while true {
      let (taken, isDraining, isCut) = inbox.withLock {
        let taken = $0.transfers
        $0.transfers.removeAll(keepingCapacity: true)
        return (taken, $0.isDraining, $0.isCut)
      }
      driver.take(taken)
      if isCut { return driver.cutOff() }
      if isDraining && driver.isIdle { return driver.close() }
      driver.turn()
    }
  }
}

/// The handles of a running loop; on its thread.
private struct CurlDriver {
  let multi: UnsafeMutableRawPointer
  let sockets: CurlSockets
  let capacity: Int
  private var waiting: [any CurlTransfer] = []
  private var waitingFrom = 0
  private var running: [UnsafeMutableRawPointer: any CurlTransfer] = [:]
  private var spare: [CurlHandle] = []

  init(multi: UnsafeMutableRawPointer, sockets: CurlSockets, capacity: Int) {
    self.multi = multi
    self.sockets = sockets
    self.capacity = capacity
  }

  var isIdle: Bool { running.isEmpty && waitingFrom == waiting.count }

  mutating func take(_ transfers: [any CurlTransfer]) {
    waiting += transfers
    while running.count < capacity, waitingFrom < waiting.count {
      begin(waiting[waitingFrom])
      waitingFrom += 1
    }
    if waitingFrom == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      waitingFrom = 0
    }
  }

  /// Moves every transfer on, reports those that ended, and waits for something to happen.
  mutating func turn() {
    var active: Int32 = 0
    var code = curl_multi_perform(multi, &active)
    var ended = 0
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let raw = message.pointee.easy_handle else {
        continue
      }
      end(raw, message.pointee.data.result)
      ended += 1
    }
    if ended > 0, waitingFrom < waiting.count { return }
    if code == CURLM_OK { code = curl_multi_poll(multi, nil, 0, 1000, nil) }
    // Neither fails but for want of memory, or by our own mistake.
    if code != CURLM_OK { endAll(CURLE_OUT_OF_MEMORY) }
  }

  private mutating func begin(_ transfer: any CurlTransfer) {
    guard let handle = spare.popLast() ?? CurlHandle() else {
      return transfer.finish(CURLE_OUT_OF_MEMORY, CurlHandle.none)
    }
    let code = transfer.prepare(handle)
    guard code == CURLE_OK, let raw = handle.raw, curl_multi_add_handle(multi, raw) == CURLM_OK
    else {
      transfer.finish(code == CURLE_OK ? CURLE_OUT_OF_MEMORY : code, handle)
      return keep(handle)
    }
    running[raw] = transfer
  }

  private mutating func end(_ raw: UnsafeMutableRawPointer, _ code: CURLcode?) {
    let handle = CurlHandle(raw: raw)
    let transfer = running.removeValue(forKey: raw)
    transfer?.finish(code, handle)
    // The handle still points into the transfer until it is reset.
    withExtendedLifetime(transfer) {
      guard curl_multi_remove_handle(multi, raw) == CURLM_OK else { return }
      keep(handle)
    }
  }

  private mutating func keep(_ handle: CurlHandle) {
    handle.reset()
    if spare.count < 64 { spare.append(handle) } else { handle.free() }
  }

  private mutating func endAll(_ code: CURLcode?) {
    // A mail that is taken from libcurl before its end counts as whole: it would be given its last
    // line, and that line's answer would be waited for.
    sockets.cut()
    for raw in Array(running.keys) { end(raw, code) }
  }

  mutating func cutOff() {
    endAll(nil)
    for transfer in waiting[waitingFrom...] { transfer.finish(nil, .none) }
    waiting.removeAll()
    waitingFrom = 0
    close()
  }

  mutating func close() {
    for handle in spare { handle.free() }
    spare.removeAll()
  }
}

/// Why libcurl cannot be set up, in a few words.
package struct CurlFault: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

// Whether this server should get traffic, and why not. Calls are decided from memory all the while:
// this is for whoever chooses between several servers, and for alarms.
internal import Storage
internal import Synchronization

final class Health: Sendable {
  private let draining = Atomic<Bool>(false)
  private let fault = Mutex<String?>(nil)
  private let store: Store
  private let journal: RevocationJournal
  let storeFailures = Atomic<Int64>(0)

  init(_ control: ControlPlane) {
    store = control.store
    journal = control.journal
  }

  func beginDraining() { draining.store(true, ordering: .releasing) }

  /// What the last look at store and folder found; nil: nothing wrong.
  func found(_ fault: String?) {
    if fault != nil { storeFailures.add(1, ordering: .relaxed) }
    self.fault.withLock { $0 = fault }
  }

  /// Why changes cannot be made safe at this moment, as the last of them told.
  var writeFault: String? {
    if let failure = store.writeFailure { return Failure.line(failure) }
    return journal.failure.map { "the \($0)" }
  }

  /// A sentence where it is not ready; nil where it is.
  var complaint: String? {
    if draining.load(ordering: .acquiring) { return "The server is stopping." }
    let reason = fault.withLock { $0 } ?? writeFault
    return reason.map { "No change can be stored: \($0)." }
  }
}

// Says that there is something new to deliver, from whoever committed it to whoever delivers. A
// hint only: what is due stands in the store.
package import KeyModel
internal import Storage

package final class DeliverySignal: Sendable {
  private struct State {
    var webhooks: Set<WebhookID> = []
    var isRaised = false
    var waiter: CheckedContinuation<Void, Never>?
  }
  private let state = Locked(State())

  package init() {}

  package func wake(_ webhooks: [WebhookID] = []) {
    let waiter = state.withLock { state in
      state.webhooks.formUnion(webhooks)
      state.isRaised = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Somebody has called `wake` whom `wait` has not told yet.
  package var isRaised: Bool { state.withLock { $0.isRaised } }

  /// Until `wake` is called, or was since the last time. Gives the webhooks that were named. For
  /// one task.
  package func wait() async -> Set<WebhookID> {
    await withCheckedContinuation { continuation in
      let isRaised = state.withLock { state in
        if !state.isRaised { state.waiter = continuation }
        return state.isRaised
      }
      if isRaised { continuation.resume() }
    }
    return state.withLock { state in
      state.isRaised = false
      defer { state.webhooks = [] }
      return state.webhooks
    }
  }
}

// Mistakes that can be planted into a world, one at a time, to see whether the auditor finds them.
// None of them is in the house's code: each bends what stands around it here.

package enum Mutant: String, CaseIterable, Sendable {
  /// The new version passes only once the acknowledgement is stored.
  case activateAfterAck = "activate-after-ack"
  /// A late acknowledgement commits whatever became of the key in between.
  case noGenerationCheck = "no-generation-check"
  /// Whoever held a lease before is heard like who holds it now.
  case noLeaseEpoch = "no-lease-epoch"
  /// Nothing keeps a key from having two cycles.
  case noUniqueIndex = "no-unique-index"
  case retireOldBeforeAck = "retire-old-before-ack"
  case eraseSecretEarly = "erase-secret-early"
  /// Another secret under the requestId of the first attempt.
  case newKeyOnRetry = "new-key-on-retry"
  case ignoreEndpointVersion = "ignore-endpoint-version"
  /// Slots by the clock as it stands, wherever it stands.
  case wallClock = "wall-clock"
  /// What was not found once stays not found for a while.
  case negativeCache = "negative-cache"
  /// A record that was read before a change is applied after it.
  case fillWithoutFence = "fill-without-fence"
  case revokeLeavesCycle = "revoke-leaves-cycle"
  /// Every slot that was missed is made up for.
  case noCoalescing = "no-coalescing"
}

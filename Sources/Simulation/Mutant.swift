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

  // MARK: Webhooks

  /// What is to be told is written after the commit that is to be told of.
  case outboxOutside = "outbox-outside"
  case eventIDPerAttempt = "event-id-per-attempt"
  case bodyPerAttempt = "body-per-attempt"
  /// What came of a call is stored by whoever made it, whoever holds the queue.
  case leaseUnchecked = "lease-unchecked"
  case ignoreRetryAfter = "ignore-retry-after"
  case retryAtOnce = "retry-at-once"
  /// Attempts are not counted: there is no last one.
  case countNothing = "count-nothing"
  /// An endpoint that says nothing is believed to have the event.
  case unansweredIsDelivered = "unanswered-is-delivered"
  /// A secret goes on signing, alone, after it was replaced.
  case retiredSecret = "retired-secret"
  case othersAccount = "others-account"
  /// A queue that is given back is not looked at for what is still to be retried in it.
  case releaseForgets = "release-forgets"

  // MARK: Ends of keys

  /// Whether a key has ended is asked when its record is heard of, not when it calls.
  case expiryAtLoad = "expiry-at-load"
  /// A call in the very moment of the end passes.
  case expiryOneLate = "expiry-one-late"
  /// A commit gives the key a new life.
  case commitForgetsEnd = "commit-forgets-end"
  /// How far the telling has come is not stored with what was told.
  case tellTwice = "tell-twice"

  // MARK: Restores

  case journalIgnored = "journal-ignored"
  /// The journal knows of keys alone.
  case journalWithoutVersions = "journal-without-versions"
  /// Generations begin again below what holders have.
  case epochForgotten = "epoch-forgotten"
}

// How auto cycling looks as JSON. The requestId is not shown: it is half of an acknowledgement.
internal import Delivery
internal import KeyModel

extension Represent {
  static func autoCycling(_ scope: CyclingScope, now: Timestamp) -> JSONValue {
    let settings = scope.settings
    let isOn = settings?.isEnabled ?? false
    let paused = scope.pausedReason
    return [
      "account_id": .string(scope.account.id.description),
      "environment": .string(scope.environment.name),
      "enabled": .bool(isOn),
      "disabled_reason": text(settings?.disabledReason),
      "endpoint": text(settings?.endpoint),
      "every_days": settings.map { .integer($0.everyDays) } ?? .null,
      "starts_on": settings.map { .string(date($0.startsOn)) } ?? .null,
      "overlap_seconds": settings.map { .integer($0.overlapSeconds) } ?? .null,
      "paused_reason": text(paused),
      "next_cycle_at": paused == nil ? time(settings?.nextSlotAt) : .null,
      "created_at": time(settings?.createdAt),
      "updated_at": time(settings?.updatedAt),
    ]
  }

  /// `2027-01-31`
  static func date(_ day: Int64) -> String {
    String(RFC3339.format(Timestamp(seconds: day * 86_400)).prefix(10))
  }

  static func cycle(_ cycle: Cycle) -> JSONValue {
    [
      "id": .string(cycle.id.description),
      "key_id": .string(cycle.keyID.description),
      "environment": .string(cycle.environment),
      "cause": .string(cycle.cause.name),
      "state": .string(cycle.state.name),
      "slot_at": time(cycle.slotAt),
      "started_at": time(cycle.startedAt),
      "ended_at": time(cycle.endedAt),
      "deadline": time(cycle.deadline),
      "attempts": .integer(cycle.attempts),
      "next_attempt_at": time(cycle.nextAttemptAt),
      "reason": text(cycle.reason),
      "acknowledged_by": text(cycle.proof?.name),
      "generation": .integer(cycle.generation),
      "new_version_id": .string(cycle.newVersion.description),
      "old_version_id": .string(cycle.oldVersion.description),
    ]
  }

  static func endpointTest(_ reply: CycleReply) -> JSONValue {
    [
      "ok": .bool(reply.answer == .acknowledged),
      "reason": text(reply.answer.reason?.code),
      "detail": text(reply.complaint),
      "status": reply.status.map { .integer(Int64($0)) } ?? .null,
      "latency_ms": .integer(reply.latencyMilliseconds),
    ]
  }
}

// What this process committed itself, on its way from the store's writer to the record feed: with
// the record at hand the feed need not read the row again. Only a shortcut: whatever is missing
// here the feed finds in the store.
internal import KeyModel
internal import Storage

/// A change with its position. Without a record the feed reads it.
struct PositionedChange: Sendable {
  var position: Int64
  var record: RecordChange?
}

final class CommittedChanges: Sendable {
  private let waiting = Locked<[PositionedChange]>([])

  /// From the writer's thread, in the order of commits.
  func add(_ changes: [PositionedChange]) { waiting.withLock { $0 += changes } }

  /// What waits is of a store that was put back since.
  func empty() { waiting.withLock { $0.removeAll() } }

  /// The change that follows `position` is here, with its record.
  func holds(after position: Int64) -> Bool {
    waiting.withLock { waiting in
      waiting.first { $0.position > position }.map {
        $0.position == position + 1 && $0.record != nil
      } ?? false
    }
  }

  /// Takes the unbroken run of records that follows `position`; what is behind it is forgotten.
  func take(after position: Int64) -> [PositionedChange] {
    waiting.withLock { waiting in
      let known = waiting.prefix { $0.position <= position }.count
      var run: [PositionedChange] = []
      for change in waiting.dropFirst(known) {
        guard change.record != nil, change.position == position + Int64(run.count) + 1 else {
          break
        }
        run.append(change)
      }
      waiting.removeFirst(known + run.count)
      return run
    }
  }
}

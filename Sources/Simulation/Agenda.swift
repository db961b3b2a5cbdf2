// What is still to happen, soonest first; of two at one time the one that was added first.

struct Agenda<Event> {
  /// Small, since they are moved about; the events themselves stay in their places.
  private struct Entry {
    var at: Int64
    var order: UInt64
    var place: Int
  }

  private var heap: [Entry] = []
  private var places: [Event?] = []
  private var free: [Int] = []
  private var added: UInt64 = 0

  mutating func add(_ event: Event, at time: Int64) {
    added += 1
    heap.append(Entry(at: time, order: added, place: keep(event)))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func keep(_ event: Event) -> Int {
    if let place = free.popLast() {
      places[place] = event
      return place
    }
    places.append(event)
    return places.count - 1
  }

  private mutating func take(_ entry: Entry) -> (at: Int64, event: Event)? {
    guard let event = places[entry.place] else { return nil }
    places[entry.place] = nil
    free.append(entry.place)
    return (entry.at, event)
  }

  mutating func next() -> (at: Int64, event: Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return take(first) }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in (2 * parent + 1)...(2 * parent + 2)
      where child < heap.count && precedes(child, least) { least = child }
      if least == parent { return take(first) }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    (heap[left].at, heap[left].order) < (heap[right].at, heap[right].order)
  }
}

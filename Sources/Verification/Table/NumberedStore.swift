// Small things that rows point at by number: accounts, applications, routes. Elements never move,
// so that a number finds one without a lock.

/// The reader's half. A page is there before any number in it is published.
struct Pages<Element: ~Copyable>: @unchecked Sendable {
  // Unchecked: entries of the directory are written once, before anybody can ask for them.
  static var perPage: Int { 65_536 / MemoryLayout<Element>.stride }
  static var pagesMax: Int { 65_536 }
  private static var directorySize: Int { pagesMax * MemoryLayout<UnsafeRawPointer?>.stride }
  private let directory: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>

  init() {
    directory = Memory.map(byteCount: Self.directorySize).assumingMemoryBound(
      to: UnsafeMutablePointer<Element>?.self)
  }

  @inline(__always)
  subscript(number: UInt32) -> UnsafeMutablePointer<Element> {
    let number = Int(number)
    return directory[number / Self.perPage].unsafelyUnwrapped + number % Self.perPage
  }

  fileprivate func addPage(_ page: Int) {
    precondition(page < Self.pagesMax, "a store of the record table is full")
    directory[page] = Memory.map(byteCount: 65_536).assumingMemoryBound(to: Element.self)
  }

  func destroy() {
    for page in 0..<Self.pagesMax {
      guard let start = directory[page] else { break }
      Memory.unmap(start, byteCount: 65_536)
    }
    Memory.unmap(directory, byteCount: Self.directorySize)
  }
}

/// The writer's half: which numbers are in use. Number 0 is never handed out.
struct NumberAllocator {
  private(set) var bound: UInt32 = 1
  private var pages = 0
  private var free: [UInt32] = []

  /// A number whose element is zero or what was left there.
  mutating func allocate<Element: ~Copyable>(in store: Pages<Element>) -> UInt32 {
    if let number = free.popLast() { return number }
    while Int(bound) >= pages * Pages<Element>.perPage {
      store.addPage(pages)
      pages += 1
    }
    bound += 1
    return bound - 1
  }

  /// Only when no reader can still see the element.
  mutating func release(_ number: UInt32) { free.append(number) }
}

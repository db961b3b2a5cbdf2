// A list of byte strings in one block of memory, for what a row has no room for: an account's names
// and brands, a key's routes and public id. Never changed once it can be found.

/// Layout: count, then `count` times a length and that many bytes; all numbers 32-bit.
struct Blob {
  let memory: UnsafeMutableRawPointer

  static func make(_ fields: [some Collection<UInt8>]) -> Blob {
    let size = fields.reduce(4) { $0 + 4 + $1.count }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4)
    memory.storeBytes(of: UInt32(fields.count), as: UInt32.self)
    var at = 4
    for field in fields {
      memory.storeBytes(of: UInt32(field.count), toByteOffset: at, as: UInt32.self)
      UnsafeMutableRawBufferPointer(start: memory + at + 4, count: field.count)
        .copyBytes(from: field)
      at += 4 + field.count
    }
    return Blob(memory: memory)
  }

  var count: Int { Int(memory.loadUnaligned(as: UInt32.self)) }

  /// The field at `index`, found by walking: lists are short.
  func field(_ index: Int) -> UnsafeRawBufferPointer {
    var at = 4
    for _ in 0..<index { at += 4 + length(at) }
    return UnsafeRawBufferPointer(start: memory + at + 4, count: length(at))
  }

  private func length(_ at: Int) -> Int {
    Int(memory.loadUnaligned(fromByteOffset: at, as: UInt32.self))
  }
}

/// Equal bytes, in a time that depends on the lengths alone.
@inline(__always)
func equalBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for at in 0..<left.count { difference |= left[at] ^ right[at] }
  return difference == 0
}

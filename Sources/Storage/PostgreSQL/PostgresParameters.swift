// Arguments of a statement in libpq's binary form, in one buffer for the length of one call.
import CPostgreSQL

struct PostgresParameters {
  private var bytes: [UInt8] = []
  /// Where each value begins in `bytes`; nil for NULL.
  private var starts: [Int?] = []
  private var lengths: [Int32] = []

  init(_ arguments: [SQLValue]) {
    starts.reserveCapacity(arguments.count)
    lengths.reserveCapacity(arguments.count)
    for argument in arguments {
      let start = bytes.count
      argument.withBytes { bytes.append(contentsOf: $0) }
      starts.append(argument == .null ? nil : start)
      lengths.append(Int32(bytes.count - start))
    }
    // A value of no bytes at the end still needs an address.
    bytes.append(0)
  }

  /// Calls with count, values, lengths and formats as `PQexecPrepared` takes them.
  func with<R>(
    _ call: (
      Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> R
  ) -> R {
    let formats = [Int32](repeating: 1, count: starts.count)
    return bytes.withUnsafeBytes { buffer in
      let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      let values = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
      return call(Int32(starts.count), values, lengths, formats)
    }
  }
}

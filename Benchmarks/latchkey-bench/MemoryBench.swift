// Resident bytes per key: what the record table adds to the process, tokens not counted.
import Crypto
import Glibc
import KeyModel
import Verification

enum MemoryBench {
  static func run(keys: Int) {
    let before = residentBytes()
    let population = Population(keys: keys)
    population.releaseTokens()
    let after = residentBytes()
    print(
      "{\"bench\":\"memory\",\"keys\":\(keys),\"resident_bytes\":\(after),"
        + "\"bytes_per_key\":\(rounded(Double(after - before) / Double(keys))),"
        + "\"versions\":\(population.table.versionCount)}")
  }

  /// From /proc/self/statm: the second number, in pages.
  private static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, 256, file) != nil else { return 0 }
    let text = buffer.prefix { $0 != 0 }.map { Character(UnicodeScalar(UInt8(bitPattern: $0))) }
    let fields = String(text).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

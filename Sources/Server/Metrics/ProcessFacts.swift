// What the system says of this process, under the names that every exporter uses.
internal import Glibc

enum ProcessFacts {
  struct Memory {
    /// Bytes; 0 where the system does not tell.
    var virtual = 0
    var resident = 0
  }

  static func memory() -> Memory {
    guard let bytes = try? Files.read("/proc/self/statm", limit: 4096) else { return Memory() }
    let pages = String(decoding: bytes, as: UTF8.self).split(separator: " ").prefix(2)
      .compactMap { Int($0) }
    guard pages.count == 2 else { return Memory() }
    let size = Int(sysconf(Int32(_SC_PAGESIZE)))
    return Memory(virtual: pages[0] * size, resident: pages[1] * size)
  }

  static func descriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return max(0, count - 3)
  }

  static func mostDescriptors() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    return Int(clamping: limit.rlim_cur)
  }

  static func processorSeconds() -> Double {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    let microseconds =
      (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
      + Int(usage.ru_utime.tv_usec) + Int(usage.ru_stime.tv_usec)
    return Double(microseconds) / 1_000_000
  }
}

// "Did you mean": the nearest of a few known words. Restricted edit distance (insert, delete,
// replace, swap neighbours).

enum Nearest {
  /// The nearest candidate, where it is near enough to be a likely slip.
  static func match(_ word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.count / 3)
    let scored = candidates.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
    guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= limit else { return nil }
    return best.0
  }

  /// `; did you mean …?` or nothing.
  static func hint(_ word: String, among candidates: [String]) -> String {
    match(word, among: candidates).map { "; did you mean \($0)?" } ?? ""
  }

  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      before = last
      last = row
    }
    return last[b.count]
  }
}

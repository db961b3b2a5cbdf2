// Finds the name that a mistyped one was probably meant to be.

package enum NearestName {
  /// Nil where none is near: at most a third of the letters may differ.
  package static func of(_ name: String, among known: [String]) -> String? {
    let ranked = known.map { (name: $0, distance: distance(name, $0)) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, name.unicodeScalars.count / 3) ? best.name : nil
  }

  /// Levenshtein's distance over Unicode scalars; long names are cut, nobody mistypes into them.
  private static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.unicodeScalars.prefix(64))
    let right = Array(right.unicodeScalars.prefix(64))
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let substituted = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
      }
    }
    return row[right.count]
  }
}

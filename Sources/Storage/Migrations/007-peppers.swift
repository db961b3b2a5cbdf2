// Rotation of peppers: the look-up value that a version had under the pepper before, which the data
// plane has to forget. Released: must not change.

extension Migration {
  static let peppers = Migration(version: 7) { types in
    ["ALTER TABLE key_versions ADD COLUMN former_lookup \(types.blob)"]
  }
}

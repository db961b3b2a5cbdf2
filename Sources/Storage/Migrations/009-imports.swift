// Imported keys: whether a project has any, which its data plane has to know. Released: must not
// change.

extension Migration {
  static let imports = Migration(version: 9) { types in
    ["ALTER TABLE projects ADD COLUMN has_imports \(types.integer) NOT NULL DEFAULT 0"]
  }
}

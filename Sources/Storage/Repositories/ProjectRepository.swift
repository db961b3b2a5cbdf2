// Rows of projects, with their policy patch as given. Must not read a policy.
package import KeyModel

package struct ProjectRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let given = """
    id, slug, name, profile, policy_patch, upstream, hosts, upstream_timeout_seconds, created_at,
    revision
    """
  private static let columns = given + ", has_imports"
  private static let byID = "SELECT \(columns) FROM projects WHERE id = $1"

  /// A new project has no imports.
  package func insert(_ project: Project) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO projects (\(Self.given), public_integer)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)
      """,
      [
        .id(project.id), .text(project.slug), .text(project.name), .text(project.profile),
        JSONColumn.text(project.policyPatch), .text(project.upstream),
        JSONColumn.text(project.hosts), .integer(project.upstreamTimeoutSeconds),
        .time(project.createdAt), .integer(project.revision),
      ])
  }

  /// `project.revision` is the one that was read: `stale` where another is stored or none. Gives
  /// what is stored now, one revision later. Id and time of making stay.
  package func update(_ project: Project) throws(StoreError) -> Project {
    try transaction.executeOne(
      """
      UPDATE projects SET slug = $2, name = $3, profile = $4, policy_patch = $5, upstream = $6,
        hosts = $7, upstream_timeout_seconds = $8, revision = revision + 1
      WHERE id = $1 AND revision = $9
      """,
      [
        .id(project.id), .text(project.slug), .text(project.name), .text(project.profile),
        JSONColumn.text(project.policyPatch), .text(project.upstream),
        JSONColumn.text(project.hosts), .integer(project.upstreamTimeoutSeconds),
        .integer(project.revision),
      ])
    var stored = project
    stored.revision += 1
    return stored
  }

  /// Says for good that the project has imported keys.
  package func markImports(_ id: ProjectID) throws(StoreError) {
    try transaction.executeOne("UPDATE projects SET has_imports = 1 WHERE id = $1", [.id(id)])
  }

  package func find(_ id: ProjectID) throws(StoreError) -> Project? {
    try transaction.row(Self.byID, [.id(id)], Self.project)
  }

  /// Tells whether what was read before is still what is stored; nil where there is no project.
  package func revision(_ id: ProjectID) throws(StoreError) -> Int64? {
    try transaction.row("SELECT revision FROM projects WHERE id = $1", [.id(id)]) {
      (row: any Row) throws(StoreError) in try row.integer(0)
    }
  }

  package func find(slug: String) throws(StoreError) -> Project? {
    try transaction.row(
      "SELECT \(Self.columns) FROM projects WHERE slug = $1", [.text(slug)], Self.project)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(before: ProjectID? = nil, limit: Int) throws(StoreError) -> [Project] {
    var conditions = Conditions()
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM projects\(page)",
      conditions.arguments, Self.project)
  }

  /// Every project, oldest first.
  package func all() throws(StoreError) -> [Project] {
    try transaction.rows("SELECT \(Self.columns) FROM projects ORDER BY id", [], Self.project)
  }

  package func count() throws(StoreError) -> Int64 {
    try transaction.number("SELECT count(*) FROM projects")
  }

  /// With its accounts, applications, keys and operator keys. False where there was none.
  package func delete(_ id: ProjectID) throws(StoreError) -> Bool {
    try transaction.execute("DELETE FROM projects WHERE id = $1", [.id(id)]) > 0
  }

  private static func project(_ row: any Row) throws(StoreError) -> Project {
    Project(
      id: try row.id(0), slug: try row.text(1), name: try row.text(2), profile: try row.text(3),
      policyPatch: try row.json(4), upstream: try row.optionalText(5), hosts: try row.strings(6),
      upstreamTimeoutSeconds: try row.optionalInteger(7), createdAt: try row.time(8),
      revision: try row.integer(9), hasImports: try row.integer(10) != 0)
  }
}

// The one PostgreSQL server that all cases of this target share, a schema for each.
import TestSupport

@testable import Storage

final class PostgresServer: Sendable {
  /// One for the whole run; the error of starting it fails every case that needs it.
  static let shared = Result { try PostgresServer() }

  private let cluster: PostgresCluster

  private init() throws {
    cluster = try PostgresCluster(settings: ["fsync=off", "max_connections=500"])
  }

  func url(schema: String) -> String {
    "postgresql://latchkey@127.0.0.1:\(cluster.port)/postgres?options=-csearch_path%3D\(schema)"
  }

  func run(_ sql: String) throws {
    let connection = try PostgresConnection(
      url: "host=\(cluster.folder) port=\(cluster.port) user=latchkey dbname=postgres")
    defer { connection.close() }
    try connection.script(sql)
  }
}

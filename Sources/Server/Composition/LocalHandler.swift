// What only the folder's Unix socket serves, beside the management API: the work of local commands
// that need the open store. Whoever can open the socket owns the server.
internal import Glibc
internal import HTTPServer
internal import KeyModel
internal import Management
internal import Storage

final class LocalHandler: RequestHandler {
  static let backup = "/local/backup"
  static let verifyAudit = "/local/audit/verify"
  static let peppers = "/local/peppers"
  static let rotatePepper = "/local/peppers/rotate"
  static let rehashPepper = "/local/peppers/rehash"
  static let retirePepper = "/local/peppers/retire"

  private let control: ControlPlane
  private let next: any RequestHandler

  init(_ control: ControlPlane, next: any RequestHandler) {
    self.control = control
    self.next = next
  }

  func handle(_ exchange: Exchange) {
    let path = String(decoding: exchange.head.path, as: UTF8.self)
    guard let work = Self.work[path] else { return next.handle(exchange) }
    exchange.collectBody(limit: 64 * 1024) { [control] result in
      guard case .success(let body) = result else { return exchange.abort() }
      let ticket = exchange.detach()
      Task { ticket.respond(await Self.answer(work, body, control)) }
    }
  }

  private typealias Work = @Sendable ([UInt8], ControlPlane) async throws -> JSONValue

  private static let work: [String: Work] = [
    backup: { try await dump($0, $1) },
    verifyAudit: { try await audit($1) },
    peppers: { try await $1.management.peppers() },
    rotatePepper: { try await $1.management.rotatePepper() },
    rehashPepper: { body, control in
      let from = try JSONReader.read(body)["from"]?.string.flatMap { KeyID($0) }
      return try await control.management.rehashSealed(from: from)
    },
    retirePepper: { body, control in
      let force = try JSONReader.read(body)["force"]?.bool == true
      return try await control.management.retirePepper(force: force)
    },
  ]

  private static func answer(
    _ work: Work, _ body: [UInt8], _ control: ControlPlane
  ) async -> Response {
    do {
      return respond(200, try await work(body, control))
    } catch let error as Problem {
      return respond(error.code.status, ["detail": .string(error.detail)])
    } catch let error as ToolError {
      return respond(error.exit == .refused ? 409 : 400, ["detail": .string(error.message)])
    } catch {
      return respond(500, ["detail": .string(Failure.line(error))])
    }
  }

  /// Into the file that the command lends: this process may be another user's, and see less.
  private static func dump(_ body: [UInt8], _ control: ControlPlane) async throws -> JSONValue {
    guard let place = try JSONReader.read(body)["lent_at"]?.string else {
      throw ToolError(.usage, "lent_at is wanted: use the latchkey of the same version")
    }
    let descriptor = try BackupFile.fetch(at: place)
    return ["rows": .integer(try await control.store.dump(to: descriptor))]
  }

  private static func audit(_ control: ControlPlane) async throws -> JSONValue {
    switch try await control.management.verifyAudit() {
    case .intact(let entries, let head):
      ["intact": true, "entries": .integer(entries), "head": .string(head)]
    case .broken(let sequence, let id, let reason):
      [
        "intact": false, "sequence": .integer(sequence),
        "id": id.map { .string($0.description) } ?? .null, "reason": .string(reason),
      ]
    }
  }

  private static func respond(_ status: Int, _ value: JSONValue) -> Response {
    Response(
      status: status, headers: [ResponseHeader("Content-Type", "application/json")],
      body: JSONWriter.compact(value))
  }
}

// projects apply: makes a project what a file says, and shows the difference first. The server
// checks and decides; the file's patch is turned into the change that leads from what is there.
internal import KeyModel

enum ProjectsApply {
  static let command = Command(
    path: ["projects", "apply"],
    summary: "Make or change a project as a file says; show what differs",
    flags: [
      Flag(
        name: "file", placeholder: "FILE",
        summary: "JSON: slug, name, profile, policy (a merge patch), upstream, hosts",
        required: true, short: "f"),
      Flag(name: "dry-run", placeholder: nil, summary: "check and show, change nothing"),
      Flag(
        name: "force", placeholder: nil,
        summary: "also where keys that are there break the new policy"),
    ],
    settings: Setting.client,
    examples: [
      Example(
        line: "latchkey projects apply -f orders.json --dry-run --data DIR",
        says: "what would change")
    ]
  ) { invocation in
    let file = try PolicyFile(invocation.flag("file") ?? "")
    guard let wanted = file.document.object, let slug = wanted["slug"]?.string else {
      throw ToolError(
        .config,
        "\(file.path): want {\"slug\":…,\"profile\":…,\"policy\":…}; a policy alone goes to "
          + "latchkey projects update SLUG --policy @FILE")
    }
    try await Connection.with(invocation) { client in
      let found = try await client.send("GET", "/v1/projects/\(URLText.escape(slug))")
      let old = found.status == 404 ? nil : try APIAnswer.success(found)
      try await Application(invocation: invocation, client: client, slug: slug)
        .apply(wanted, over: old)
    }
  }

  /// Fields of a project that a file may give, besides `slug`, `profile` and `policy`.
  private static let plain = ["name", "upstream", "hosts", "upstream_timeout_seconds"]

  private struct Application {
    let invocation: Invocation
    let client: HTTPClient
    let slug: String

    func apply(_ wanted: JSONObject, over old: JSONValue?) async throws {
      guard let old else {
        let query = invocation.has("dry-run") ? ["dry_run=true"] : []
        show(
          nil, try APIAnswer.success(try await ask("POST", "/v1/projects", wanted, query)) ?? .null)
        return say("made")
      }
      let patch = try await change(from: old, to: wanted)
      guard !patch.members.isEmpty else {
        return invocation.surroundings.errorLine("nothing differs")
      }
      let path = "/v1/projects/\(URLText.escape(slug))"
      let answer = try await ask("PATCH", path, patch, query)
      if answer.status == 409 { try await showRefused(old, path, patch) }
      show(old, try APIAnswer.success(answer) ?? .null)
      say("changed")
    }

    /// What is refused for what is there now is shown all the same.
    private func showRefused(_ old: JSONValue, _ path: String, _ patch: JSONObject) async throws {
      let answer = try await ask("PATCH", path, patch, ["dry_run=true", "accept_breaking=true"])
      if let new = try? APIAnswer.success(answer) { show(old, new) }
    }

    private func say(_ done: String) {
      invocation.surroundings.errorLine(
        invocation.has("dry-run") ? "dry run: nothing was changed" : done)
    }

    private var query: [String] {
      [("dry-run", "dry_run=true"), ("force", "accept_breaking=true")]
        .filter { invocation.has($0.0) }.map(\.1)
    }

    private func ask(
      _ method: String, _ path: String, _ body: JSONObject, _ query: [String]
    ) async throws -> HTTPAnswer {
      let target = path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
      return try await client.send(method, target, body: JSONWriter.compact(.object(body)))
    }

    /// Members that the file leaves out stay as they are.
    private func change(from old: JSONValue, to wanted: JSONObject) async throws -> JSONObject {
      var patch = JSONObject()
      for member in wanted.members
      where member.name != "slug" && member.name != "policy" && member.value != old[member.name] {
        patch[member.name] = member.value
      }
      guard let policy = wanted["policy"] else { return patch }
      let name = wanted["profile"]?.string ?? old["profile"]?.string ?? ""
      let answer = try APIAnswer.success(
        try await client.send("GET", "/v1/profiles/\(URLText.escape(name))"))
      let profile = answer?["policy"] ?? .null
      // What the project would be with its present patch over the profile, and what it shall be.
      let present = Policy.document(profile: profile, patch: old["policy_patch"] ?? .null)
      let target = Policy.document(profile: profile, patch: policy)
      if let from = present.object, let to = target.object {
        patch["policy"] = JSONMergePatch.making(to, of: from)
      } else {
        patch["policy"] = policy
      }
      return patch
    }

    private func show(_ old: JSONValue?, _ new: JSONValue) {
      let names = ["slug", "profile"] + ProjectsApply.plain + ["policy"]
      func part(_ value: JSONValue?) -> JSONValue {
        .object(JSONObject(names.compactMap { name in value?[name].map { (name, $0) } }))
      }
      for one in JSONDifference.between(part(old), part(new)) {
        guard one.pointer.tokens != ["policy"] else { continue }
        invocation.surroundings.line(Self.line(one))
      }
      let (before, after) = (Self.sentences(old), Self.sentences(new))
      for line in before where !after.contains(line) { invocation.surroundings.line("- " + line) }
      for line in after where !before.contains(line) { invocation.surroundings.line("+ " + line) }
    }

    private static func line(_ one: JSONDifference) -> String {
      func text(_ value: JSONValue?) -> String {
        value.map { Rendering.printable(JSONWriter.compactText($0)) } ?? "nothing"
      }
      return "\(Rendering.printable(one.pointer.description)): \(text(one.old)) → \(text(one.new))"
    }

    private static func sentences(_ project: JSONValue?) -> [String] {
      guard let document = project?["policy"], let policy = try? PolicyReader.read(document) else {
        return []
      }
      return PolicyExplanation.sentences(of: policy)
    }
  }
}

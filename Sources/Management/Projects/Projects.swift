// Use cases on projects and profiles.
internal import Crypto
internal import KeyModel
internal import Storage

extension UseCases {
  package func createProject(
    _ new: NewProject, _ how: ProjectChange = ProjectChange(), by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createProject, by: caller) { [policies] context in
      let merged = try policies.merge(
        profile: new.profile ?? "default", patch: new.policy ?? .null)
      guard try context.tx.projects.find(slug: new.slug) == nil else {
        throw Problem(.slugTaken, "Another project has this slug.")
      }
      let project = Project(
        id: context.entropy.newID(context.now), slug: new.slug, name: new.name,
        profile: new.profile ?? "default", policyPatch: new.policy ?? .null,
        upstream: new.upstream, hosts: new.hosts,
        upstreamTimeoutSeconds: new.upstreamTimeoutSeconds, createdAt: context.now)
      try HostRule(policies: policies)
        .check(project, merged.policy, replacing: nil, context.tx)
      if how.dryRun {
        context.nothingToDo()
        return Answer(201, Represent.project(project, policy: merged.document))
      }
      try context.tx.projects.insert(project)
      context.publish(.project(project.id))
      context.audit(
        "project.created", project: project.id, subject: project.id,
        ["slug": .string(project.slug), "profile": .string(project.profile)])
      return Answer(201, Represent.project(project, policy: merged.document))
    }
  }

  package func listProjects(
    _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listProjects, by: principal) { [policies] view in
      let projects =
        if let bound = principal.projectID {
          [try view.project(bound)]
        } else {
          try view.tx.projects.list(before: page.before(), limit: page.limit + 1)
        }
      return try page.answer(projects, cursor: \.id.bits) {
        Represent.project($0, policy: try policies.policy(of: $0).document)
      }
    }
  }

  package func project(
    _ slug: String, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getProject, by: principal) { [policies] view in
      let project = try view.project(slug: slug)
      return Answer(
        200, Represent.project(project, policy: try policies.policy(of: project).document))
    }
  }

  package func updateProject(
    _ slug: String, _ patch: ProjectPatch, _ how: ProjectChange = ProjectChange(),
    by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.updateProject, by: caller) { [policies] context in
      let old = try context.view.project(slug: slug)
      var project = old
      patch.apply(to: &project)
      let merged = try policies.merge(profile: project.profile, patch: project.policyPatch)
      let before = try policies.policy(of: old).policy
      if !how.acceptBreaking {
        try PolicyChange.check(
          from: before, to: merged.policy, of: project, now: context.now, context.tx)
      }
      try HostRule(policies: policies)
        .check(project, merged.policy, replacing: old, context.tx)
      if how.dryRun {
        context.nothingToDo()
        return Answer(200, Represent.project(project, policy: merged.document))
      }
      project = try context.tx.projects.update(project)
      context.publish(.project(project.id))
      context.audit(
        "project.updated", project: project.id, subject: project.id,
        patch.detail(old: old, new: project))
      return Answer(200, Represent.project(project, policy: merged.document))
    }
  }

  /// With its accounts, applications and keys, at once; operator keys bound to it are revoked.
  package func deleteProject(
    _ slug: String, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.deleteProject, by: caller) { context in
      let project = try context.view.project(slug: slug)
      for key in try context.tx.operatorKeys.all()
      where key.projectID == project.id && key.revokedAt == nil {
        _ = try context.tx.operatorKeys.revoke(key.id, at: context.now)
        context.publish(.operatorKey(key.id))
      }
      try context.tx.accounts.forEach(in: project.id) { account in
        try context.tx.deleteDataKeys(of: account.id)
        context.publish(.account(account.id))
      }
      _ = try context.tx.projects.delete(project.id)
      context.publish(.project(project.id))
      context.audit(
        "project.deleted", project: project.id, subject: project.id,
        ["slug": .string(project.slug)])
      return .noContent
    }
  }

  /// The key that checks `X-Latchkey-Assertion`, for whoever runs the upstream.
  package func revealAssertionKey(
    _ slug: String, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.revealAssertionKey, by: caller) { [vault] context in
      let project = try context.view.project(slug: slug)
      context.audit("project.assertion_key_revealed", project: project.id, subject: project.id)
      let key = Hex.encode(vault.keyring.assertionKey(for: project.id))
      return Answer(200, [SecretMember.assertionKey: .string(key)])
    }
  }

  package func listProfiles(
    _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try principal.require(.listProfiles)
    return page.answer(of: policies.names, profileValue)
  }

  package func profile(
    _ name: String, by principal: Principal
  ) async throws(Problem) -> Answer {
    try principal.require(.getProfile)
    guard policies.profile(name) != nil else { throw .notFound() }
    return Answer(200, profileValue(name))
  }

  private func profileValue(_ name: String) -> JSONValue {
    ["name": .string(name), "policy": policies.profile(name) ?? .null]
  }
}

extension ProjectPatch {
  func apply(to project: inout Project) {
    if let name { project.name = name }
    if let profile { project.profile = profile }
    switch policy {
    case .keep: break
    case .clear: project.policyPatch = .null
    case .set(let patch):
      project.policyPatch = PolicyLibrary.compose(project.policyPatch, patch)
    }
    project.upstream = upstream.applied(to: project.upstream)
    project.hosts = hosts.applied(to: project.hosts) ?? []
    project.upstreamTimeoutSeconds = upstreamTimeoutSeconds.applied(
      to: project.upstreamTimeoutSeconds)
  }

  func detail(old: Project, new: Project) -> JSONObject {
    var detail = JSONObject()
    if old.name != new.name { detail["name"] = .string(new.name) }
    if old.profile != new.profile { detail["profile"] = .string(new.profile) }
    if old.policyPatch != new.policyPatch { detail["policy_patch"] = new.policyPatch }
    if old.upstream != new.upstream { detail["upstream"] = Represent.text(new.upstream) }
    if old.hosts != new.hosts { detail["hosts"] = Represent.strings(new.hosts) }
    if old.upstreamTimeoutSeconds != new.upstreamTimeoutSeconds {
      detail["upstream_timeout_seconds"] =
        new.upstreamTimeoutSeconds.map { .integer($0) } ?? .null
    }
    return detail
  }
}

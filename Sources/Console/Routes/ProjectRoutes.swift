// Routes of projects and profiles.
internal import KeyModel
internal import Management

extension RouteTable {
  static let projects: [Route] = [
    .operation(
      .post, "/v1/projects", .createProject, "Create a project", tag: "Projects",
      query: [dryRun], input: "NewProject", status: 201, output: "Project",
      refusals: [.projectBound, .slugTaken, .hostTaken]
    ) { management, call throws(Problem) in
      let how = try change(call)
      return try await management.createProject(
        try call.input(NewProject.init), how, by: caller(call, how))
    },
    .operation(
      .get, "/v1/projects", .listProjects, "List projects", tag: "Projects",
      query: pageParameters, output: "ProjectList"
    ) { management, call throws(Problem) in
      try await management.listProjects(try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/projects/{slug}", .getProject, "Show a project", tag: "Projects",
      output: "Project"
    ) { management, call throws(Problem) in
      try await management.project(call.text("slug"), by: call.principal)
    },
    .operation(
      .patch, "/v1/projects/{slug}", .updateProject, "Change a project", tag: "Projects",
      query: [dryRun, acceptBreaking], input: "ProjectPatch", output: "Project",
      refusals: [.hostTaken, .policyInUse]
    ) { management, call throws(Problem) in
      let how = try change(call)
      return try await management.updateProject(
        call.text("slug"), try call.input(ProjectPatch.init), how, by: caller(call, how))
    },
    .operation(
      .delete, "/v1/projects/{slug}", .deleteProject,
      "Delete a project with its accounts, applications and keys", tag: "Projects", status: 204
    ) { management, call throws(Problem) in
      try await management.deleteProject(call.text("slug"), by: call.caller)
    },
    .operation(
      .post, "/v1/projects/{slug}/assertion-key/reveal", .revealAssertionKey,
      "Show the key that checks X-Latchkey-Assertion", tag: "Projects",
      input: "Empty", inputRequired: false, output: "RevealedAssertionKey"
    ) { management, call throws(Problem) in
      _ = try call.input(NoFields.init)
      return try await management.revealAssertionKey(call.text("slug"), by: call.caller)
    },
    .operation(
      .get, "/v1/profiles", .listProfiles, "List the profiles that ship with the server",
      tag: "Profiles", query: pageParameters, output: "ProfileList"
    ) { management, call throws(Problem) in
      try await management.listProfiles(try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/profiles/{name}", .getProfile, "Show a profile", tag: "Profiles",
      output: "Profile"
    ) { management, call throws(Problem) in
      try await management.profile(call.text("name"), by: call.principal)
    },
  ]

  private static let yesOrNo: JSONValue = ["type": "string", "enum": ["true", "false"]]
  private static let dryRun = QueryParameter(
    name: "dry_run", about: "Check all of it and answer the same, but change nothing.",
    schema: yesOrNo)
  private static let acceptBreaking = QueryParameter(
    name: "accept_breaking",
    about: "Also where keys or applications that are there break the new policy.",
    schema: yesOrNo)

  private static func change(_ call: Call) throws(Problem) -> ProjectChange {
    let choices = [("true", true), ("false", false)]
    var findings: [Problem.Finding] = []
    let how = ProjectChange(
      dryRun: call.query.choice("dry_run", choices, &findings) ?? false,
      acceptBreaking: call.query.choice("accept_breaking", choices, &findings) ?? false)
    guard findings.isEmpty else { throw .invalid(findings) }
    return how
  }

  /// A dry run leaves no answer behind that a later request could be given again.
  private static func caller(_ call: Call, _ how: ProjectChange) -> Caller {
    how.dryRun ? Caller(call.caller.principal) : call.caller
  }
}

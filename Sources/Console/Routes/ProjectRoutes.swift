// Routes of projects and profiles.
internal import KeyModel
internal import Management

extension RouteTable {
  static let projects: [Route] = [
    .operation(
      .post, "/v1/projects", .createProject, "Create a project", tag: "Projects",
      input: "NewProject", status: 201, output: "Project",
      refusals: [.projectBound, .slugTaken, .hostTaken]
    ) { management, call throws(Problem) in
      try await management.createProject(try call.input(NewProject.init), by: call.caller)
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
      input: "ProjectPatch", output: "Project", refusals: [.hostTaken, .policyInUse]
    ) { management, call throws(Problem) in
      try await management.updateProject(
        call.text("slug"), try call.input(ProjectPatch.init), by: call.caller)
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
}

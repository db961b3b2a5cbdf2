// Everything a principal can ask of the control plane, and the scope that each needs. The route
// table of Console names these; nothing is authorized by any other list.
package import KeyModel

/// Raw values are the operation ids of the OpenAPI document.
package enum Operation: String, Sendable, CaseIterable {
  case listProjects, createProject, getProject, updateProject, deleteProject
  case listProfiles, getProfile, revealAssertionKey
  case listAccounts, createAccount, getAccount, updateAccount, deleteAccount, revealClientSecret
  case listApplications, createApplication, getApplication, updateApplication, deleteApplication
  case listKeys, createKey, getKey, getReadiness, updateKey, revokeKey, rotateKey, resetKey,
    revealKey, importKeys
  case resetAllKeys
  case listMembers, createMember, getMember, updateMember, deleteMember
  case getAutoCycling, setAutoCycling, updateAutoCycling, stopAutoCycling, testAutoCycling,
    runAutoCycling, listCycles, acknowledgeCycle
  case listWebhooks, createWebhook, getWebhook, updateWebhook, deleteWebhook, revealWebhook,
    testWebhook, rotateWebhookSecret
  case listDeliveries, getDelivery, replayDelivery, replayDeliveries
  case listEventTypes, publishEvent
  case getUsage
  case listRequests, streamRequests, listProjectRequests
  case reportLeak, listLeaks
  case listAudit, listOutgoingAddresses, listMails
  case listOperatorKeys, createOperatorKey, getOperatorKey, revokeOperatorKey

  package var scope: Scope {
    switch self {
    case .listProjects, .getProject, .listProfiles, .getProfile: .projectsRead
    case .createProject, .updateProject, .deleteProject: .projectsWrite
    case .listAccounts, .getAccount, .listApplications, .getApplication: .accountsRead
    case .createAccount, .updateAccount, .deleteAccount, .createApplication, .updateApplication,
      .deleteApplication:
      .accountsWrite
    case .listKeys, .getKey, .getReadiness, .listLeaks: .keysRead
    case .createKey, .updateKey, .revokeKey, .rotateKey, .resetKey, .resetAllKeys, .importKeys,
      .reportLeak:
      .keysWrite
    case .revealKey, .revealClientSecret, .revealAssertionKey, .revealWebhook: .secretsReveal
    case .listMembers, .getMember: .membersRead
    case .createMember, .updateMember, .deleteMember: .membersWrite
    case .getAutoCycling, .listCycles: .cyclingRead
    case .setAutoCycling, .updateAutoCycling, .stopAutoCycling, .testAutoCycling,
      .runAutoCycling, .acknowledgeCycle:
      .cyclingWrite
    case .listWebhooks, .getWebhook, .listDeliveries, .getDelivery, .listEventTypes:
      .webhooksRead
    case .createWebhook, .updateWebhook, .deleteWebhook, .testWebhook, .rotateWebhookSecret,
      .replayDelivery, .replayDeliveries:
      .webhooksWrite
    case .publishEvent: .eventsWrite
    case .getUsage: .usageRead
    case .listRequests, .streamRequests, .listProjectRequests: .requestsRead
    case .listAudit: .auditRead
    case .listOutgoingAddresses: .projectsRead
    case .listMails: .mailsRead
    case .listOperatorKeys, .getOperatorKey: .operatorKeysRead
    case .createOperatorKey, .revokeOperatorKey: .operatorKeysWrite
    }
  }

  /// Needs a principal that is not bound to one project: what it makes is outside every project.
  package var isServerWide: Bool { self == .createProject }

  /// Which members of an account may do it there. Whoever sees or makes keys holds `keys`; an
  /// application is what owns keys.
  package enum AccountRule: Sendable, Hashable {
    /// The operator's alone.
    case nobody
    case everyMember
    case holder(MemberPermission)
  }

  package var accountRule: AccountRule {
    switch self {
    case .listProjects, .createProject, .getProject, .updateProject, .deleteProject,
      .listProfiles, .getProfile, .revealAssertionKey,
      .listAccounts, .createAccount, .updateAccount, .deleteAccount,
      .listProjectRequests, .importKeys, .reportLeak, .listLeaks, .publishEvent, .listAudit,
      .listMails,
      .listOperatorKeys, .createOperatorKey,
      .getOperatorKey,
      .revokeOperatorKey:
      .nobody
    case .getAccount, .listApplications, .getApplication, .listOutgoingAddresses,
      .listEventTypes:
      .everyMember
    case .createApplication, .updateApplication, .deleteApplication, .revealClientSecret,
      .listKeys, .createKey, .getKey, .getReadiness, .updateKey, .revokeKey, .rotateKey,
      .resetKey, .revealKey, .resetAllKeys, .getAutoCycling, .setAutoCycling,
      .updateAutoCycling, .stopAutoCycling, .testAutoCycling, .runAutoCycling, .listCycles,
      .acknowledgeCycle:
      .holder(.keys)
    case .listMembers, .createMember, .getMember, .updateMember, .deleteMember: .holder(.members)
    case .listWebhooks, .createWebhook, .getWebhook, .updateWebhook, .deleteWebhook,
      .revealWebhook, .testWebhook, .rotateWebhookSecret, .listDeliveries, .getDelivery,
      .replayDelivery, .replayDeliveries:
      .holder(.webhooks)
    case .getUsage, .listRequests, .streamRequests: .holder(.logs)
    }
  }

  /// What a key may do to the keys of its own account, where the policy mounts that.
  package var isSelfService: Bool {
    switch self {
    case .listKeys, .createKey, .revokeKey, .resetAllKeys: true
    default: false
    }
  }
}

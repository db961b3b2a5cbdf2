// A worker's copy of the project directory.
import Crypto
import KeyModel

final class DirectoryView {
  let generation: UInt64
  let hashers: [LookupHasher]
  private(set) var projects: [ProjectView?]
  private var bySlug: [(slug: [UInt8], project: ProjectView)] = []
  private var byHost: [(host: [UInt8], project: ProjectView)] = []
  private let only: ProjectView?
  private let operatorKeys: [Lookup: OperatorKeyRecord]

  init(_ directory: ProjectDirectory) {
    // Read before the contents: a change in between is noticed by the next call.
    generation = directory.generation
    let contents = directory.snapshot()
    hashers = contents.peppers
    projects = contents.projects.enumerated().map { number, record in
      record.map {
        ProjectView(
          $0, number: UInt32(number), generation: contents.changedAt[number],
          environments: contents.environments)
      }
    }
    let live = projects.compactMap { $0 }
    only = live.count == 1 ? live[0] : nil
    for project in live {
      bySlug.append((Array(project.slug.utf8), project))
      for host in project.ownHosts { byHost.append((host, project)) }
    }
    // After those that are one project's alone; among the rest the oldest project comes first.
    for project in live.sorted(by: { $0.id.bits < $1.id.bits }) {
      for host in project.hostsOfEnvironments { byHost.append((host, project)) }
    }
    operatorKeys = Dictionary(
      contents.operatorKeys.values.map { ($0.lookup, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func project(slug: UnsafeRawBufferPointer) -> ProjectView? {
    for entry in bySlug where entry.slug.withUnsafeBytes({ equalBytes($0, slug) }) {
      return entry.project
    }
    return nil
  }

  func project(host: UnsafeRawBufferPointer) -> ProjectView? {
    for entry in byHost where equalsIgnoringCase(host, entry.host) { return entry.project }
    return only
  }

  func operatorKey(_ lookup: Lookup) -> OperatorKeyRecord? { operatorKeys[lookup] }
}

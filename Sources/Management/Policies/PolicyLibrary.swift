// The profiles this server ships with, and the policy of a project: its profile with the project's
// merge patch applied, read and validated. It must not reach a file: profiles come in as texts.
package import KeyModel
internal import Synchronization

package final class PolicyLibrary: Sendable {
  /// A merged document and what it says.
  package struct Merged: Sendable {
    package var document: JSONValue
    package var policy: Policy
  }

  private struct Cached {
    var revision: Int64
    var merged: Merged
  }

  private let documents: [String: JSONValue]
  private let cache = Mutex<[ProjectID: Cached]>([:])

  /// - Parameter profiles: JSON texts by profile name; `default` must be among them.
  /// Throws `Unusable` for a profile that is not a valid policy.
  package init(profiles: [String: String]) throws {
    var documents: [String: JSONValue] = [:]
    for (name, text) in profiles {
      do {
        let document = try JSONReader.read(text, comments: true)
        _ = try PolicyReader.read(document)
        documents[name] = document
      } catch {
        throw Unusable(description: "profile \(name): \(error)")
      }
    }
    guard documents["default"] != nil else {
      throw Unusable(description: "there is no profile named default")
    }
    self.documents = documents
  }

  package struct Unusable: Error, CustomStringConvertible {
    package var description: String
  }

  package var names: [String] { documents.keys.sorted() }
  package func profile(_ name: String) -> JSONValue? { documents[name] }

  /// The policy of a stored project; cached by its revision.
  package func policy(of project: Project) throws(Problem) -> Merged {
    if let known = cache.withLock({ $0[project.id] }), known.revision == project.revision {
      return known.merged
    }
    let merged = try merge(profile: project.profile, patch: project.policyPatch)
    return merged
  }

  /// Nil where it has to be read.
  func policy(of id: ProjectID, revision: Int64) -> Policy? {
    cache.withLock { cache in
      cache[id].flatMap { $0.revision == revision ? $0.merged.policy : nil }
    }
  }

  /// To be called with what is committed only: a revision that was rolled back may come again.
  package func remember(_ project: Project, _ merged: Merged) {
    cache.withLock { $0[project.id] = Cached(revision: project.revision, merged: merged) }
  }

  package func forget(_ id: ProjectID) { cache.withLock { _ = $0.removeValue(forKey: id) } }

  /// Throws the findings under `/policy`, or one at `/profile`.
  package func merge(profile name: String, patch: JSONValue) throws(Problem) -> Merged {
    guard let profile = documents[name] else {
      throw .invalid("/profile", "must be one of: \(names.joined(separator: ", "))")
    }
    let document = Policy.document(profile: profile, patch: patch)
    do {
      return Merged(document: document, policy: try PolicyReader.read(document))
    } catch {
      throw .invalid(
        error.problems.map { Problem.Finding(pointer: "/policy\($0.pointer)", $0.message) })
    }
  }

  /// One merge patch that does what `first` and then `second` do.
  package static func compose(_ first: JSONValue, _ second: JSONValue) -> JSONValue {
    guard case .object(var result) = first, case .object(let later) = second else { return second }
    for member in later.members {
      if let old = result[member.name], case .object = old {
        result[member.name] = compose(old, member.value)
      } else {
        result[member.name] = member.value
      }
    }
    return .object(result)
  }
}

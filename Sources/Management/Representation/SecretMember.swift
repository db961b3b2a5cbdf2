// The members that hold a secret in an answer, and what takes their place when it must not be shown
// again. Every answer that shows a secret uses one of these names.
package import KeyModel

package enum SecretMember {
  package static let secret = "secret"
  package static let operatorKey = "operator_key"
  package static let clientSecret = "client_secret"
  package static let assertionKey = "assertion_key"
  /// Of a webhook, where the policy sends one.
  package static let token = "token"
  package static let all = [secret, operatorKey, clientSecret, assertionKey, token]
  package static let expired = "secret_expired"

  /// The same answer with `"secret_expired":true` in the place of every secret.
  package static func expire(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): .array(items.map(expire))
    case .object(let object): .object(expire(object))
    default: value
    }
  }

  // A policy has a member `secret` too, which is an object: only texts are secrets.
  private static func expire(_ object: JSONObject) -> JSONObject {
    var result = JSONObject()
    for member in object.members {
      if all.contains(member.name), member.value.string != nil {
        result[expired] = true
      } else {
        result.append(new: member.name, expire(member.value))
      }
    }
    return result
  }
}

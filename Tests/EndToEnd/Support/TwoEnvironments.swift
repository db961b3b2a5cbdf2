// The policy that most tests use, as a patch of the default profile: two environments, one of them
// with a host of its own, both kinds of key, both kinds of access.

enum TwoEnvironments {
  static let sandboxHost = "sandbox.api.test"

  static var policy: [String: Any] {
    [
      "credential": ["scheme": "bearer"],
      "environments": [
        environment("production", secret: "dm_sk_", publishable: "dm_pk_", hosts: ["api.test"]),
        environment(
          "sandbox", secret: "dm_sk_test_", publishable: "dm_pk_test_", hosts: [sandboxHost]),
      ],
      "kinds": ["secret", "publishable"],
      "publishable": ["allow": [["method": "POST", "path": "/echo/widget*"]]],
      "access": ["full", "read_only"],
      "rotation": ["reset": true],
    ]
  }

  private static func environment(
    _ name: String, secret: String, publishable: String, hosts: [String]
  ) -> [String: Any] {
    [
      "name": name, "title": name, "secret_prefix": secret, "publishable_prefix": publishable,
      "hosts": hosts, "reveal": "once",
    ]
  }
}

// An nginx of the test's own, on a free port, that answers every request with its target.

import Glibc
import TestSupport
import Testing

final class Nginx {
  let port: UInt16
  private let folder: TemporaryFolder
  private let process: pid_t

  init() throws {
    folder = try TemporaryFolder()
    // A listener that is closed again leaves a port that is free for the moment.
    let holder = ScriptedUpstream { _, _ in }
    port = holder.port
    holder.close()
    let configuration = try folder.write(
      "nginx.conf",
      """
      daemon off;
      master_process off;
      pid \(folder.path)/pid;
      error_log /dev/null;
      events { worker_connections 64; }
      http {
        access_log off;
        server {
          listen 127.0.0.1:\(port) reuseport;
          location / { return 200 $request_uri; }
        }
      }
      """)
    process = try Programs.start(["nginx", "-p", folder.path, "-c", configuration])
    let port = port
    let isUp = eventually {
      let client = RawClient(port: port)
      client.send("GET /up HTTP/1.1\r\nHost: h\r\n\r\n")
      return client.receiveAnswer()?.text == "/up"
    }
    try #require(isUp, "nginx did not start")
  }

  deinit {
    // The test's threads block signals, and a child inherits that: only this one gets through.
    kill(process, SIGKILL)
    Programs.wait(process)
  }
}

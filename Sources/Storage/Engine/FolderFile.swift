// Files in a folder that may be another user's: root looks after the folder of a server that runs
// as a user of its own. Must never change the owner of a file that was there before.
import Glibc

package enum FolderFile {
  /// Opens a file, or makes it (mode 0600) for its folder's owner. -1 with errno set.
  /// - Parameter flags: without `O_CREAT`.
  package static func open(_ path: String, _ flags: Int32) -> Int32 {
    for _ in 0..<2 {
      let made = Glibc.open(path, flags | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if made >= 0 {
        handOver(made, at: path)
        return made
      }
      guard errno == EEXIST, flags & O_EXCL == 0 else { return -1 }
      // What was there is only opened; root follows no link that another user has laid.
      let follow = isForeign(path) ? O_NOFOLLOW : 0
      let opened = Glibc.open(path, flags | follow | O_CLOEXEC)
      // It may just have gone away.
      if opened >= 0 || errno != ENOENT { return opened }
    }
    return -1
  }

  private static func isForeign(_ path: String) -> Bool {
    geteuid() == 0 && owner(ofFolder: path).map { $0.user != 0 } ?? true
  }

  /// Mode 0700. -1 with errno set.
  package static func makeFolder(_ path: String) -> Int32 {
    guard mkdir(path, 0o700) == 0 else { return -1 }
    let made = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard made >= 0 else { return -1 }
    handOver(made, at: path)
    close(made)
    return 0
  }

  /// What root has just made becomes the folder owner's. A file system that refuses has owners of
  /// its own.
  package static func handOver(_ descriptor: Int32, at path: String) {
    guard geteuid() == 0, let owner = owner(ofFolder: path), owner.user != 0 else { return }
    _ = fchown(descriptor, owner.user, owner.group)
  }

  /// Of the folder in which `path` lies.
  private static func owner(ofFolder path: String) -> (user: uid_t, group: gid_t)? {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    var status = stat()
    return stat(folder, &status) == 0 ? (status.st_uid, status.st_gid) : nil
  }
}

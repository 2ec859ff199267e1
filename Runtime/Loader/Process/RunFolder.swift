// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The folder for sockets and fifos.
public enum RunFolder {
    /// Unless something else is said: /var/run/martlet for root, and for anybody else a folder of their own.
    public static var usual: String {
        if geteuid() == 0 { return "/var/run/martlet" }
        if let own = getenv("XDG_RUNTIME_DIR"), own.pointee != 0 { return String(cString: own) + "/martlet" }
        return "/tmp/martlet-\(geteuid())"
    }

    /// Makes it if it is not there, for whoever the server is going to be. Why it cannot be used, or nil.
    static func make(_ path: String, for user: String?) -> String? {
        let entry = user.flatMap { getpwnam($0) }
        if mkdir(path, 0o755) == 0 {
            if let entry { _ = chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) }
            return nil
        }
        let reason = errno
        var status = stat()
        guard lstat(path, &status) == 0 else { return "cannot be made: \(String(cString: strerror(reason)))" }
        // In a folder that all may write to, somebody may have been there first.
        if path.hasPrefix("/tmp/"), status.st_uid != geteuid(), status.st_uid != entry?.pointee.pw_uid ?? geteuid() {
            return "belongs to somebody else"
        }
        return nil
    }
}

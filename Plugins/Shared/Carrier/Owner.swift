// SPDX-License-Identifier: Apache-2.0
import Glibc
import PluginKit

/// Who may use a socket or fifo: its permissions, and whose it is.
public struct Owner: Sendable {
    public let mode: mode_t
    private var user = uid_t.max
    private var group = gid_t.max

    /// Users and groups are names or numbers; none: those of the process. Nil, and the reason given, when there is
    /// no such user or group. With the name of a user comes its group.
    public init?(mode: Int, user: Text?, group: Text?) {
        self.mode = mode_t(mode)
        if let user, !user.isEmpty {
            if let number = user.integer {
                self.user = uid_t(truncatingIfNeeded: number)
            } else {
                guard let entry = getpwnam(String(user)) else {
                    _ = Host.fail("there is no user \"\(String(user))\"", help: "see /etc/passwd")
                    return nil
                }
                self.user = entry.pointee.pw_uid
                self.group = entry.pointee.pw_gid
            }
        }
        if let group, !group.isEmpty {
            if let number = group.integer {
                self.group = gid_t(truncatingIfNeeded: number)
            } else {
                guard let entry = getgrnam(String(group)) else {
                    _ = Host.fail("there is no group \"\(String(group))\"", help: "see /etc/group")
                    return nil
                }
                self.group = entry.pointee.gr_gid
            }
        }
    }

    /// Makes a file theirs.
    public func take(_ path: String) -> Bool {
        guard chmod(path, mode) == 0 else { return false }
        guard user != .max || group != .max else { return true }
        return chown(path, user, group) == 0
    }
}

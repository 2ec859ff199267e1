// SPDX-License-Identifier: Apache-2.0
import Glibc
import Script

/// Who the process is and where: folders, limits, the pid file, and the user that it becomes once its sockets are open.
struct Identity {
    var user, group, workFolder, chroot, pidFile: String?
    var openFiles: Int?
    var noCoreDump = false

    struct Fault: Error {
        enum Setting { case user, group, workFolder, chroot, pidFile }

        let setting: Setting
        let what: String
        let help: String
    }

    /// What is wrong with it as far as one can tell without doing it.
    func faults() -> [Fault] {
        var faults: [Fault] = []
        do throws(Fault) { _ = try userIDs() } catch { faults.append(error) }
        do throws(Fault) { _ = try groupID() } catch { faults.append(error) }
        if let chroot, access(chroot, X_OK) != 0 { faults.append(noRoot(chroot)) }
        if let workFolder, chroot == nil, access(workFolder, X_OK) != 0 {
            faults.append(noFolder(workFolder))
        }
        return faults
    }

    /// Before the sockets are opened.
    func raiseLimits() {
        var limit = rlimit()
        if let openFiles, getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            let wanted = rlim_t(max(openFiles, 0))
            limit.rlim_max = max(limit.rlim_max, wanted)
            limit.rlim_cur = max(limit.rlim_cur, wanted)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
                Log.write(.warning, "open_files_limit: cannot be raised to \(openFiles): \(reason())")
            }
        }
        if noCoreDump {
            limit = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        }
    }

    /// After the sockets have been opened.
    func take() throws(Fault) {
        let (uid, gid, name) = try ids()
        if let pidFile { try writePID(pidFile, owner: uid, gid) }
        if let chroot {
            guard Glibc.chroot(chroot) == 0, chdir("/") == 0 else {
                throw noRoot(chroot)
            }
        }
        if let workFolder, chdir(workFolder) != 0 {
            throw noFolder(workFolder)
        }
        if let gid {
            // The user's other groups come along.
            let groups = name.map { initgroups($0, gid) } ?? setgroups(1, [gid])
            guard (groups == 0 || getuid() != 0) && setgid(gid) == 0 else {
                throw Fault(
                    setting: .group, what: "cannot become group \(gid): \(reason())",
                    help: "that needs the rights of root")
            }
        }
        if let uid {
            guard setuid(uid) == 0 else {
                throw Fault(
                    setting: .user, what: "cannot become user \(uid): \(reason())",
                    help: "that needs the rights of root")
            }
        }
    }

    func removePIDFile() { if let pidFile { unlink(pidFile) } }

    private func ids() throws(Fault) -> (uid_t?, gid_t?, String?) {
        let own = try userIDs()
        return (own.uid, try groupID() ?? own.gid, own.name)
    }

    private func userIDs() throws(Fault) -> (uid: uid_t?, gid: gid_t?, name: String?) {
        guard let user else { return (nil, nil, nil) }
        if let entry = getpwnam(user) { return (entry.pointee.pw_uid, entry.pointee.pw_gid, user) }
        guard let number = uid_t(user) else {
            throw Fault(
                setting: .user, what: "there is no user \"\(user)\"", help: "make one, or name another")
        }
        guard let entry = getpwuid(number) else { return (number, nil, nil) }
        return (number, entry.pointee.pw_gid, String(cString: entry.pointee.pw_name))
    }

    private func groupID() throws(Fault) -> gid_t? {
        guard let group else { return nil }
        if let entry = getgrnam(group) { return entry.pointee.gr_gid }
        guard let number = gid_t(group) else {
            throw Fault(
                setting: .group, what: "there is no group \"\(group)\"", help: "make one, or name another")
        }
        return number
    }

    private func noRoot(_ folder: String) -> Fault {
        Fault(
            setting: .chroot, what: "cannot chroot to \(folder): \(reason())",
            help: errno == EPERM ? "that needs the rights of root" : "make it, or name another")
    }

    private func noFolder(_ folder: String) -> Fault {
        Fault(
            setting: .workFolder, what: "cannot go to the working folder \(folder): \(reason())",
            help: "make it, or name another")
    }

    private func writePID(_ path: String, owner: uid_t?, _ group: gid_t?) throws(Fault) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else {
            throw Fault(
                setting: .pidFile, what: "cannot write the pid file \(path): \(reason())",
                help: "see -P, or pid_file")
        }
        defer { close(file) }
        let text = "\(getpid())\n"
        guard write(file, text, text.utf8.count) == text.utf8.count else {
            throw Fault(
                setting: .pidFile, what: "cannot write the pid file \(path): \(reason())",
                help: "see -P, or pid_file")
        }
        // So that it can be removed at the end.
        if owner != nil || group != nil { _ = fchown(file, owner ?? getuid(), group ?? getgid()) }
    }

    private func reason() -> String { String(cString: strerror(errno)) }
}

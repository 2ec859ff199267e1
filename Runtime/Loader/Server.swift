// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Script
import Worker

/// A server from its first socket to its last: it is started on a `Setup` that has no errors.
public final class Server {
    public struct Options {
        public var user, group, workFolder, pidFile: String?
        public var arguments: [String] = []
        public var daemon: Daemon?
        public init() {}
    }

    private let setup: Setup
    private let options: Options
    private var identity = Identity()
    private let manager = ServiceManager()
    private var isStopping = false

    public init(_ setup: Setup, _ options: Options) {
        self.setup = setup
        self.options = options
        let settings = setup.configuration.settings
        identity.user = options.user ?? settings.user?.value.string
        identity.group = options.group ?? settings.group?.value.string
        identity.workFolder = options.workFolder ?? settings.workFolder?.value.string
        identity.chroot = settings.chroot?.value.string
        identity.pidFile = options.pidFile ?? settings.pidFile?.value.string
        identity.openFiles = settings.openFilesLimit
        identity.noCoreDump = settings.disableCoreDump
    }

    /// Signals that end it or are meant for it, and that no other thread may take: to be called before any thread.
    public static func blockSignals() {
        var set = signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        // A file that may not grow is an error of the write, not the end.
        signal(SIGXFSZ, SIG_IGN)
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&set, signal) }
        return set
    }

    /// Runs until it is told to stop. The exit status; what is wrong before traffic is in the setup's diagnostics.
    public func run() -> Int32 {
        guard let program = setup.program, let group = host.group?.takeUnretainedValue() else { return 1 }
        identity.raiseLimits()
        do throws(ListenFailures) {
            try setup.network.open()
        } catch {
            for failure in error.failures { setup.tell(failure) }
            setup.stopPlugins()
            return 1
        }
        SocketTexts.shared = SocketTexts(setup.network.sockets)
        WorkerStart.prepare(program, group)
        WorkerStart.setTimers(setup.configuration, program, group)
        if let why = RunFolder.make(setup.runFolder, for: identity.user) {
            Log.write(.warning, "the folder for sockets, \(setup.runFolder), \(why): see -Y and run_dir")
        }
        do throws(Identity.Fault) {
            try identity.take()
        } catch {
            tell(error)
            setup.stopPlugins()
            return 1
        }
        CoreCommands(setup: setup, arguments: options.arguments).register(in: setup.commands)
        guard tellReady() else {
            setup.stopPlugins()
            identity.removePIDFile()
            return 1
        }
        setup.failures.isCollecting = false
        group.start()
        announce()
        serve()
        stop(group)
        return 0
    }

    /// What can be known of the process's settings before it becomes what they say.
    public func verify() { for fault in identity.faults() { tell(fault) } }

    private func tell(_ fault: Identity.Fault) {
        let settings = setup.configuration.settings
        let place: Place? =
            switch fault.setting {
            case .user: options.user == nil ? settings.user?.place : nil
            case .group: options.group == nil ? settings.group?.place : nil
            case .workFolder: options.workFolder == nil ? settings.workFolder?.place : nil
            case .pidFile: options.pidFile == nil ? settings.pidFile?.place : nil
            case .chroot: settings.chroot?.place
            }
        setup.diagnostics.error(fault.what, at: place, help: fault.help)
    }

    /// core.ready: the last chance of a plugin to say that it cannot work.
    private func tellReady() -> Bool {
        guard let entry = host.events.map({ $0 + Events.Core.ready.rawValue }) else { return true }
        for index in 0..<entry.pointee.count {
            let hook = entry.pointee.first + index
            _ = setup.failures.take()
            let answer = invoke(
                hook.pointee.call, hook.pointee.host, hook.pointee.user, as: hook.pointee.site, on: nil)
            guard answer < 0 else { continue }
            let failure = setup.failures.take()
            let name = String(cString: HostBlock.of(hook.pointee.host).pointee.name)
            let place = setup.loader.plugins.first { $0.name == name }?.place
            setup.diagnostics.error(
                "\(name): \(failure?.what ?? "it is not ready, and did not say why")", at: place,
                help: failure.map(\.help).flatMap { $0.isEmpty ? nil : $0 })
            return false
        }
        return true
    }

    private func announce() {
        let sockets = setup.network.sockets.map(\.text).joined(separator: ", ")
        Log.write(
            .notice,
            "\(Version.server) runs \(setup.workers) workers and \(setup.loader.plugins.count) plugins; listening on \(sockets)"
        )
        manager.tell(["READY=1", "STATUS=listening on \(sockets)", "MAINPID=\(getpid())"])
        options.daemon?.ready()
    }

    private func serve() {
        var set = Self.signals
        setup.control.watch(cl_signals(&set))
        setup.control.run { [self] signal in
            switch signal {
            case SIGHUP:
                Log.reopen()
                Log.write(.notice, "logs reopened")
            case SIGUSR1, SIGUSR2:
                Log.write(.notice, "signal \(signal) has no effect: there are no pools to report on")
            default:
                if isStopping { return }
                isStopping = true
                Log.write(.notice, "stopping on signal \(signal)")
                setup.control.stop()
            }
        }
    }

    /// Nothing new is read, who waits is answered, what is queued leaves, and then everybody goes in the order opposite to which they came.
    private func stop(_ group: WorkerGroup) {
        manager.tell(["STOPPING=1"])
        let seconds = min(max(setup.configuration.settings.exitTimeout, 1), 5)
        if !group.drain(milliseconds: seconds * 1000) {
            Log.write(.warning, "what still waits or has not left after \(seconds) s is dropped")
        }
        group.stop()
        setup.stopPlugins()
        setup.network.closeSockets()
        identity.removePIDFile()
        Log.write(.notice, "stopped")
    }
}

// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Script
import Worker

/// The server's own commands, as rpc-core of the field has them: `system.*`, `core.*`, `stats.*`, `plugin.*`.
struct CoreCommands {
    let setup: Setup
    let started = time(nil)
    let arguments: [String]

    func register(in commands: Commands) {
        system(commands)
        about(commands)
        process(commands)
        echo(commands)
        sockets(commands)
        connections(commands)
        MemoryCommands(setup: setup).register(in: commands)
        StatisticCommands(statistics: setup.statistics).register(in: commands)
        PluginCommands(setup: setup).register(in: commands)
        if let group = host.group?.takeUnretainedValue() {
            NameCommands(resolver: group.resolver).register(in: commands)
            BlocklistCommands(blocklist: group.blocklist).register(in: commands)
        }
    }

    private func system(_ commands: Commands) {
        commands.add("system.listMethods", "The names of all commands.") { [unowned commands] run in
            for name in commands.all.keys.sorted() { run.put(name) }
        }
        commands.add("system.methodHelp", "What a command does.") { [unowned commands] run in
            guard let name = run.arguments.text(0) else { return run.fail(400, "which command?") }
            guard let command = commands.all[name] else {
                return run.fail(500, "there is no command \(name)")
            }
            run.put(command.help)
        }
        commands.add("system.methodSignature", "The arguments of a command.") { [unowned commands] run in
            guard let name = run.arguments.text(0) else { return run.fail(400, "which command?") }
            guard let command = commands.all[name] else {
                return run.fail(500, "there is no command \(name)")
            }
            guard case .plugin(let table, _) = command.body else { return run.put("any") }
            for field in table.arguments { run.put("\(field.name): \(field.help)") }
        }
    }

    private func about(_ commands: Commands) {
        commands.add("core.version", "The server and its version.") { $0.put(Version.text) }
        commands.add("core.info", "The server, its version and how it was built.") { run in
            run.structure {
                run.put("version", Version.full)
                run.put("id", Version.number)
                run.put("compiler", "swift \(Self.compiler)")
                run.put("compiled", "plugin ABI \(Version.abi)")
                run.put("flags", Self.flags)
            }
        }
        commands.add("core.runinfo", "The server, its version, and since when it runs.") { run in
            let now = time(nil)
            let seconds = now - started
            run.structure {
                run.put("name", "martlet")
                run.put("version", Version.number)
                run.put("sourceid", Version.number)
                run.put("compiler", "swift \(Self.compiler)")
                run.put("compiled", "plugin ABI \(Version.abi)")
                run.put("time_now", Timestamp.text(now))
                run.put("time_started", Timestamp.text(started))
                run.put("uptime_secs", seconds)
                run.put(
                    "utime_days",
                    "\(seconds / 86_400)d \(seconds / 3600 % 24)h \(seconds / 60 % 60)m \(seconds % 60)s")
            }
        }
        commands.add("core.flags", "What the server was built with.") { $0.put(Self.flags) }
        commands.add("core.uptime", "Since when the server runs.") { run in
            let now = time(nil)
            run.structure {
                run.put("now", Timestamp.text(now))
                run.put("up_since", Timestamp.text(started))
                run.put("uptime", now - started)
            }
        }
        commands.add("core.modules", "The loaded plugins, the last one first.") { run in
            for plugin in setup.loader.plugins.reversed() { run.put(plugin.name) }
        }
        commands.add("core.ppdefines", "The defines of the configuration.") { run in
            for name in setup.configuration.defines.keys.sorted() { run.put(name) }
        }
        commands.add("core.ppdefines_full", "The defines of the configuration with their values.") { run in
            for (name, value) in setup.configuration.defines.sorted(by: { $0.key < $1.key }) {
                run.structure {
                    run.put("name", name)
                    run.put("value", value.string)
                }
            }
        }
    }

    private static let flags = "udp, tcp, ipv6, epoll, plugins"

    private static let compiler: String = {
        #if swift(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }()

    private func process(_ commands: Commands) {
        let threads = { [workers = Int(setup.workers)] in
            [(0, "main thread: signals and commands")] + (0..<workers).map { ($0 + 1, "worker \($0)") }
        }
        commands.add("core.ps", "The process and its threads.") { run in
            for (_, what) in threads() {
                run.put(Int(getpid()))
                run.put(what)
            }
        }
        commands.add("core.psx", "The process and its threads, with their numbers.") { run in
            for (index, what) in threads() {
                run.structure {
                    run.put("IDX", index)
                    run.put("PID", Int(getpid()))
                    run.put("DSC", what)
                }
            }
        }
        commands.add("core.psa", "The process and its threads, with all that is known of them.") { run in
            for (index, what) in threads() {
                run.structure {
                    run.put("index", index)
                    run.put("pid", Int(getpid()))
                    run.put("status", 1)
                    run.put("rank", index)
                    run.put("description", what)
                }
            }
        }
        commands.add("core.pwd", "The working folder.") { run in
            let folder = getcwd(nil, 0)
            defer { free(folder) }
            run.put(folder.map { String(cString: $0) } ?? "")
        }
        commands.add("core.arg", "The arguments that the server was started with.") { run in
            for argument in arguments { run.put(argument) }
        }
        commands.add("core.kill", "Sends the server a signal, 15 unless told otherwise.") { run in
            kill(getpid(), Int32(clamping: run.arguments.number(0) ?? 15))
        }
        commands.add("core.shmmem", "The memory of the process, in bytes; there is no pool of a fixed size.")
        { run in
            let heap = cl_heap_state()
            run.structure {
                run.put("total", heap.total)
                run.put("free", heap.free)
                run.put("used", heap.used)
                run.put("real_used", heap.used)
                run.put("max_used", heap.most)
                run.put("fragments", heap.pieces)
            }
        }
    }

    private func echo(_ commands: Commands) {
        commands.add("core.echo", "Its arguments, as text.") { run in
            for index in 0..<run.arguments.count { run.put(run.arguments.text(index) ?? "") }
        }
        commands.add("core.prints", "A text.") { run in
            guard let text = run.arguments.text(0) else { return run.fail(400, "which text?") }
            run.put(text)
        }
        commands.add("core.printi", "A number.") { run in
            guard let number = run.arguments.number(0) else { return run.fail(400, "which number?") }
            run.put(number)
        }
    }

    private func sockets(_ commands: Commands) {
        commands.add("core.sockets_list", "The sockets that the server listens on.") { run in
            for socket in setup.network.sockets {
                run.structure {
                    run.put("proto", socket.transport.name)
                    run.put("address", socket.endpoint.host)
                    run.put("ipaddress", socket.endpoint.address)
                    run.put("port", "\(socket.port)")
                    run.put("mcast", "no")
                    run.put("mhomed", setup.network.options.mhomed ? "yes" : "no")
                    run.put("virtual", "no")
                    if socket.advertisedHost != socket.endpoint.host || socket.advertisedPort != socket.port {
                        run.put(
                            "advertise",
                            "\(socket.transport.name):\(socket.advertisedHost):\(socket.advertisedPort)")
                    }
                    if let name = socket.name { run.put("socket name", name) }
                }
            }
        }
        commands.add("core.aliases_list", "The names that are this server's besides its addresses.") { run in
            run.structure {
                run.put("myself_callbacks", "no")
                run.list("aliases") {
                    for alias in setup.network.aliases {
                        run.structure("alias") {
                            run.put("proto", alias.transport?.name ?? "*")
                            run.put("address", alias.host)
                            if let port = alias.port {
                                run.put("port", Int(port))
                            } else {
                                run.put("port", "*")
                            }
                        }
                    }
                }
            }
        }
        commands.add("core.tcp_info", "How many TCP connections there are, and may be.") { run in
            run.structure {
                run.put("readers", Int(setup.workers))
                run.put("max_connections", setup.limits.connections)
                run.put("max_tls_connections", setup.limits.secureConnections)
                let group = host.group?.takeUnretainedValue()
                run.put("opened_connections", group?.openConnections ?? 0)
                run.put("opened_tls_connections", group?.openSecureConnections ?? 0)
                run.put("write_queued_bytes", Int(setup.statistics.read("tcp:current_write_queue_size")))
            }
        }
        commands.add("core.tcp_options", "What TCP connections hold to.") { run in
            let limits = setup.limits
            run.structure {
                run.put("connect_timeout", limits.connectTimeout / 1000)
                run.put("send_timeout", limits.sendTimeout / 1000)
                run.put("connection_lifetime", limits.lifetime / 1000)
                run.put("max_connections(soft)", limits.connections)
                run.put("no_connect", limits.connects ? 0 : 1)
                run.put("crlf_ping", limits.answersPing ? 1 : 0)
                run.put("accept_no_cl", limits.acceptsNoContentLength ? 1 : 0)
                run.put("wq_max", limits.allQueues)
                run.put("conn_wq_max", limits.connectionQueue)
                run.put("rd_buf_size", limits.streamMessage)
            }
        }
    }
}

extension CoreCommands {
    /// What is known of each connection is known to its worker alone: it is gathered from one after the other.
    private func connections(_ commands: Commands) {
        commands.add(later: "core.tcp_list", "The connections.") { run in
            guard let group = host.group?.takeUnretainedValue() else { return run.finish(mt_result(MT_OK)) }
            let gathered = Unmanaged.passRetained(Gathered(run)).toOpaque()
            group.visit(
                Job(
                    { user, _, _ in
                        guard let user else { return }
                        Unmanaged<Gathered>.fromOpaque(user).takeUnretainedValue().all +=
                            Worker.ownConnections()
                    }, gathered),
                then: Job(
                    { user, _, _ in
                        guard let user else { return }
                        let gathered = Unmanaged<Gathered>.fromOpaque(user).takeRetainedValue()
                        host.control?.takeUnretainedValue().post { gathered.tell() }
                    }, gathered))
        }
    }

    /// On one thread after the other, never on two.
    private final class Gathered: @unchecked Sendable {
        private let run: CommandRun
        var all: [ConnectionState] = []

        init(_ run: CommandRun) { self.run = run }

        func tell() {
            for one in all {
                run.structure {
                    run.put("id", Int(bitPattern: UInt(one.id)))
                    run.put("type", one.transport.uppercased())
                    run.put("state", one.state)
                    run.put("timeout", one.timeout)
                    run.put("ref", 1)
                    run.put("src_ip", one.remote.address)
                    run.put("src_port", "\(one.remote.port)")
                    run.put("dst_ip", one.local.address)
                    run.put("dst_port", "\(one.local.port)")
                    run.put("outgoing", one.isOutgoing ? 1 : 0)
                    run.put("queued", one.queued)
                }
            }
            run.finish(mt_result(MT_OK))
        }
    }
}

extension Statistics {
    /// By name; 0 when there is none.
    func read(_ name: String) -> Int64 { find(name).map { read($0) } ?? 0 }
}

// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Script
import Worker

/// A configuration on its way to a server: plugins loaded, set up and initialised, routes checked and compiled.
///
/// Everything up to the first socket happens here, so `martlet check` is the start without its last step. One per
/// process, on the main thread; whatever is wrong is in `diagnostics` afterwards.
public final class Setup {
    /// What the command line says besides the file.
    public struct Options: Sendable {
        public var modulePath: String?
        public var listen: [String] = []
        public var workers: Int?
        public var runFolder: String?
        public var noTCP = false
        public var isStrict = false
        public init() {}
    }

    public let configuration: Configuration
    public let options: Options
    public let diagnostics: Diagnostics
    let loader: PluginLoader
    let statistics = Statistics()
    let limits: Limits
    let network: Network
    let workers: UInt32
    let routes: RouteTable
    let failures = Failures()
    let control = Control()
    let commands: Commands
    var events = Events()
    private let traffic: Traffic
    private let storage = CodeStorage()
    let symbols = Symbols()
    private let flags: Flags
    let listening: Listening
    /// nil when there are errors.
    private(set) var program: Program?
    public let runFolder: String

    public init(_ configuration: Configuration, options: Options = Options(), diagnostics: Diagnostics) {
        self.configuration = configuration
        self.options = options
        self.diagnostics = diagnostics
        let settings = configuration.settings
        workers = UInt32(
            min(max(options.workers ?? Self.workers(settings.children), 1), WorkerGroup.maximum))
        listening = Listening(configuration, options, diagnostics)
        limits = Limits(settings)
        network = Network(
            listen: listening.specs, aliases: settings.aliases.map(Alias.init),
            options: Network.Options(settings))
        routes = RouteTable(configuration)
        flags = Flags(configuration, diagnostics)
        runFolder = options.runFolder ?? settings.runFolder?.value.string ?? RunFolder.usual
        loader = PluginLoader(
            diagnostics: diagnostics, interfaces: Interfaces(), path: options.modulePath,
            listed: settings.modulePath.map(\.value.string))
        commands = Commands(control: control, worker: Int(workers))
        traffic = Traffic()
        fillHost()
    }

    /// Does it all. True: a server may be started.
    public func prepare() -> Bool {
        let parser = makeParser(warn: { _ in })
        let evaluator = StartupText(parser: parser, commands: commands)
        loader.load(configuration, evaluate: evaluator.text)
        planSockets()
        takeFilters()
        checkNameServers()
        fillSymbols()
        let values = ValueCompiler(
            parser: parser, storage: storage, routes: routes,
            findSocket: { [network] in network.socket(named: $0) },
            findStore: { [loader] in loader.offer("store.\($0)", before: $1) })
        CrashReport.install(loader.plugins)
        let parameters = ParameterSetter(
            loader: loader, values: values, evaluate: evaluator.text,
            takeFailure: { [failures] in failures.take() })
        parameters.apply(configuration)
        host.settings = .passRetained(RunningSettings(configuration, loader, limits, parameters))
        defineEvents()
        prepareLogPrefix(parser)
        initialize()
        askFilters()
        guard
            let script = Checker.check(
                configuration, routes: routes, symbols: symbols, flags: flags, diagnostics: diagnostics),
            !diagnostics.hasErrors
        else {
            stopPlugins()
            return false
        }
        compile(script)
        return true
    }

    /// In the order opposite to which they came. The last thing of a check, too: what an init has made is to go.
    public func stopPlugins() {
        for plugin in loader.plugins.reversed() where plugin.isInitialized && !plugin.isBroken {
            plugin.isInitialized = false
            guard let stop = plugin.table.stop else { continue }
            CallNote.ofThread.pointee.site = plugin.host.pointee.stop
            stop(plugin.host.asHost)
            CallNote.ofThread.pointee.site = nil
        }
    }

    /// One per processor that this process may use, or fewer. `children` is written for processes that wait for databases
    /// and resolvers, so for several per processor. Workers do not wait: more of them than processors would only wake each
    /// other.
    private static func workers(_ children: Int?) -> Int {
        let processors = Int(cl_processors())
        return min(children ?? processors, processors)
    }

    /// "13 plugins, 7 routes, no errors", for `martlet check`.
    public var summary: String {
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let warnings = diagnostics.count(.warning)
        return
            "\(count(loader.plugins.count, "plugin")), \(count(program?.routes.count ?? 0, "route")), no errors"
            + (warnings > 0 ? ", \(count(warnings, "warning"))" : "")
    }

    func tell(_ failure: ListenFailure) { listening.tell(failure, diagnostics) }

    // MARK: - steps

    /// What the functions of the ABI need, before any plugin may call one.
    private func fillHost() {
        host.isStrict = options.isStrict
        if options.isStrict { Strict.begin() }
        let group = WorkerGroup.planned(
            network, workers: workers, options.isStrict ? StrictTraffic(traffic) : traffic, statistics,
            limits,
            listening)
        host.failures = .passRetained(failures)
        host.control = .passRetained(control)
        host.network = .passRetained(network)
        host.statistics = .passRetained(statistics)
        host.commands = .passRetained(commands)
        host.routes = .passRetained(routes)
        host.flags = .passRetained(flags)
        host.group = .passRetained(group)
        let loops = UnsafeMutablePointer<Unmanaged<Worker>>.allocate(capacity: group.workers.count)
        for (index, worker) in group.workers.enumerated() {
            (loops + index).initialize(to: .passUnretained(worker))
        }
        host.loops = loops
        host.workerCount = workers
        host.counters = CoreCounters(statistics)
        host.secret = cl_random() | 1
        let settings = configuration.settings
        host.options.forcesRport = settings.forceRport
        host.options.addsRport = settings.localRport
        host.options.runsOnsendForReplies = settings.onsendRouteReply
        host.options.connects = !settings.tcpNoConnect
        host.options.acceptsAliases = settings.tcpAcceptAliases
        host.options.usesBlocklist = limits.blocklist.isUsed
        host.services = Services.make(serverID: settings.serverID, phoneIsTel: settings.phone2tel)
        SocketTexts.shared = SocketTexts(network.sockets)
    }

    private func makeParser(warn: @escaping (VariableError) -> Void) -> VariableParser {
        let defines = configuration.defines
        func parser(numbersHeaders: Bool) -> VariableParser {
            VariableParser(
                storage: storage, plugin: { [loader] in loader.variable(named: $0) },
                definition: { defines[$0]?.string }, numbersHeaders: numbersHeaders, warn: warn)
        }
        let starting = parser(numbersHeaders: true)
        host.parser = .passRetained(
            RunningParser(starting: starting, running: parser(numbersHeaders: false), failures: failures))
        return starting
    }

    /// Sockets that cannot be: told where their lines stand, unless what carries them may be in a plugin that failed.
    private func planSockets() {
        for failure in listening.failures {
            if failure.text.contains(Listening.nothingCarries), !loader.failed.isEmpty { continue }
            listening.tell(failure, diagnostics)
        }
    }

    private func checkNameServers() {
        guard let servers = configuration.settings.dnsServers,
            NameSettings.servers(servers.value.string) == nil
        else { return }
        diagnostics.error(
            "dns_servers must be one to \(NameSettings.mostServers) addresses, not \"\(servers.value.string)\"",
            at: servers.place, help: "write them as \"192.0.2.53, [2001:db8::53]:5353\"")
    }

    private func prepareLogPrefix(_ parser: VariableParser) {
        guard let prefix = configuration.settings.logPrefix else { return }
        switch parser.format(bytes: prefix.value.bytes) {
        case .success(let format):
            let place = UnsafeMutablePointer<LogPrefix>.allocate(capacity: 1)
            place.initialize(to: LogPrefix(format, isAlwaysNew: configuration.settings.logPrefixEachLine))
            host.prefix = UnsafePointer(place)
        case .failure(let error):
            // A variable of a plugin that failed to load is not known, and not missed.
            guard loader.failed.isEmpty else { return }
            diagnostics.error(
                error.what,
                at: prefix.place.part(of: prefix.value, from: error.offset, to: error.offset + error.length),
                help: error.help.isEmpty ? nil : error.help)
        }
    }

    /// In file order; what depends on something broken is left alone, for it could only fail in its turn.
    private func initialize() {
        for plugin in loader.plugins {
            if plugin.isBroken || loader.dependsOnBroken(plugin) {
                plugin.isBroken = true
                continue
            }
            plugin.isInitialized = true
            guard let start = plugin.table.initialize else { continue }
            _ = failures.take()
            CallNote.ofThread.pointee.site = plugin.host.pointee.start
            let result = start(plugin.host.asHost)
            CallNote.ofThread.pointee.site = nil
            let failure = failures.take()
            guard result < 0 else { continue }
            plugin.isBroken = true
            let mend = failure?.help ?? "see what it has logged, or ask its author"
            diagnostics.error(
                "\(plugin.name): \(failure?.what ?? "it cannot start, and does not say why")",
                at: plugin.place, help: mend.isEmpty ? nil : mend)
        }
        loader.fillLateNeeds()
        askAgain()
        symbols.unstarted = Set(loader.plugins.filter(\.isBroken).map(\.name))
        symbols.isIncomplete = symbols.isIncomplete || !symbols.unstarted.isEmpty
    }

    /// core.complete: who needs something of a later line knows by now whether it is there.
    private func askAgain() {
        for hook in events.bound(.complete) {
            guard
                let plugin = loader.plugins.first(where: { $0.host.asHost == hook.host }), !plugin.isBroken
            else { continue }
            _ = failures.take()
            let answer = invoke(hook.call, hook.host, hook.user, as: hook.site, on: nil)
            let failure = failures.take()
            guard answer < 0 else { continue }
            plugin.isBroken = true
            diagnostics.error(
                "\(plugin.name): \(failure?.what ?? "it cannot work like this, and does not say why")",
                at: plugin.place, help: failure.map(\.help).flatMap { $0.isEmpty ? nil : $0 })
        }
    }

    private func compile(_ script: CheckedScript) {
        let program = Compiler.compile(script)
        self.program = program
        host.program = .passRetained(program)
        host.blocks = CoreBlocks(program)
        host.keepsTransactions = loader.offerer(of: "tm") != nil
        events.freeze { [routes] in routes.number(UInt32(MT_IN_EVENT), named: $0) }
        host.events = events.entries
    }
}

/// Texts of the configuration that are evaluated while it is read: `loadmodulex`, `modparamx`.
struct StartupText {
    let parser: VariableParser
    let commands: Commands

    func text(_ text: Text) -> Result<Text, PluginFault> {
        switch parser.format(bytes: text.bytes) {
        case .failure(let error): return .failure(PluginFault(error.what, help: error.help))
        case .success(let format):
            guard let services = host.services else { return .success(text) }
            let worker = commands.idle.worker
            var context = EvaluationContext(
                message: commands.idle, values: WorkerValues.of(worker: worker), services: services,
                worker: worker,
                route: 0)
            return withUnsafeMutablePointer(to: &context) { .success(Text(format.text($0).bytes)) }
        }
    }
}

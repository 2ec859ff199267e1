// SPDX-License-Identifier: Apache-2.0
import Glibc
import Loader
import Script

/// The command. See `martlet help`.
@main
struct Martlet {
    static func main() {
        do throws(Arguments.Fault) {
            exit(run(try Arguments(Array(CommandLine.arguments.dropFirst()))))
        } catch {
            complain("error: \(error.what)\n  help: \(error.help)\n")
            exit(1)
        }
    }

    private static func run(_ arguments: Arguments) -> Int32 {
        switch arguments.action {
        case .version: print(Version.text)
        case .help: print(Arguments.help)
        case .rpc: return RemoteCommand(arguments).run()
        case .checkPlugin: return PluginCheck(path: arguments.file ?? "").run()
        case .check, .graph, .run: return serve(arguments)
        }
        return 0
    }

    private static func serve(_ arguments: Arguments) -> Int32 {
        var options = Server.Options()
        if arguments.action == .run {
            Server.blockSignals()
            if arguments.daemon { options.daemon = Daemon.begin() }
        }
        let diagnostics = Diagnostics()
        let configuration = Configuration.read(
            file: arguments.file ?? "/etc/martlet/modules.conf", defines: arguments.defines,
            diagnostics: diagnostics)
        openLog(arguments, configuration)
        let setup = Setup(configuration, options: Setup.Options(arguments), diagnostics: diagnostics)
        for notice in arguments.notices { diagnostics.notice(notice, at: nil) }
        options.user = arguments.user
        options.group = arguments.group
        options.workFolder = arguments.workFolder
        options.pidFile = arguments.pidFile
        options.arguments = CommandLine.arguments
        let server = Server(setup, options)
        server.verify()
        guard setup.prepare() else {
            complain(diagnostics.text)
            return 1
        }
        switch arguments.action {
        case .check:
            complain(diagnostics.text)
            print("\(arguments.file ?? ""): \(setup.summary)")
            setup.stopPlugins()
            return 0
        case .graph:
            print(setup.graph, terminator: "")
            setup.stopPlugins()
            return 0
        default: break
        }
        for diagnostic in diagnostics.sorted {
            Log.write(diagnostic.severity == .warning ? .warning : .notice, diagnostic.line)
        }
        let status = server.run()
        if diagnostics.hasErrors {
            complain(diagnostics.sorted.filter { $0.severity == .error }.map { "\($0)\n" }.joined())
        }
        return status
    }

    private static func openLog(_ arguments: Arguments, _ configuration: Configuration) {
        let settings = configuration.settings
        Log.level = Log.level(debug: settings.debug + (arguments.debug ?? 0))
        if arguments.logJSON { return Log.open(.json) }
        let toError =
            arguments.logToStandardError ?? configuration.explicit("log_stderror").map { _ in
                settings.logToStandardError
            }
            ?? !arguments.daemon
        if !toError, arguments.action == .run {
            Log.open(
                .syslog, name: settings.logName?.string ?? "martlet",
                facility: Log.facility(settings.logFacility))
        }
    }

    private static func complain(_ text: String) { Log.tell(text) }
}

extension Setup.Options {
    init(_ arguments: Arguments) {
        self.init()
        modulePath = arguments.modulePath
        listen = arguments.listen
        workers = arguments.workers
        runFolder = arguments.runFolder
        noTCP = arguments.noTCP
        isStrict = arguments.strict
    }
}

extension Configuration {
    /// Whether a line of the file sets this parameter.
    fileprivate func explicit(_ name: String) -> Parameter? {
        for item in items.reversed() {
            if case .parameter(let parameter) = item.kind, parameter.name.value == name { return parameter }
        }
        return nil
    }
}

extension Diagnostic {
    /// In one line, for the log.
    fileprivate var line: String {
        (place.map { "\($0): " } ?? "") + what + (help.map { " (help: \($0))" } ?? "")
    }
}

// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Synchronization
import Testing

@testable import Script

/// A worker with one message on it: what expressions are evaluated against.
final class Bench {
    private static let next = Atomic<Int>(0)

    let worker: Int
    let pool: MessagePool
    let message: Message
    let storage = CodeStorage()
    let services: UnsafeMutablePointer<ScriptServices>
    let context: Context
    var warnings: [String] = []
    var definitions: [String: String] = [:]
    var plugins: [String: VariableCallout] = [:]

    /// Names that variables ask for have numbers before the first message, as in a server.
    private static let names: Void = {
        for name in ["X-Test", "X-Empty", "Nope"] { _ = HeaderID.token(name) }
    }()

    init(_ text: String = Fixture.invite) throws {
        _ = Self.names
        // Numbers of other tests' workers start below.
        worker = 500 + Self.next.add(1, ordering: .relaxed).oldValue % 500
        pool = MessagePool(worker: worker)
        message = pool.take()
        services = .allocate(capacity: 1)
        services.initialize(to: Bench.services)
        context = .allocate(capacity: 1)
        context.initialize(
            to: EvaluationContext(
                message: message, values: WorkerValues.open(worker: worker),
                services: UnsafePointer(services),
                worker: UInt32(worker), route: UInt32(MT_IN_REQUEST)))
        let bytes = Array(text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n").utf8)
        let fault = bytes.withUnsafeBytes { message.load($0) }
        try #require(fault == nil, "\(String(describing: fault))")
        var flow = mt_flow()
        flow.protocol = UInt32(MT_UDP)
        _ = withUnsafeMutableBytes(of: &flow.remote) { Literal.bytes(of: "192.0.2.1", into: $0) }
        _ = withUnsafeMutableBytes(of: &flow.local) { Literal.bytes(of: "192.0.2.7", into: $0) }
        flow.remote_port = 5066
        flow.local_port = 5060
        message.flow = flow
    }

    deinit {
        message.release()
        pool.close()
        WorkerValues.close(worker: worker)
        context.deallocate()
        services.deallocate()
    }

    /// One socket, "main"; the time is 1795229808.123456.
    static var services: ScriptServices {
        var services = ScriptServices()
        services.socketText = { $0 == 0 ? Slice("udp:192.0.2.7:5060").mt : mt_str() }
        services.socketName = { $0 == 0 ? Slice("main").mt : mt_str() }
        services.socketAdvertised = { $0 == 0 ? Slice("203.0.113.7:5099").mt : mt_str() }
        services.findSocket = { Slice($0) == "udp:192.0.2.7:5060" || Slice($0) == "main" ? 0 : .max }
        services.findStatistic = { Slice($0) == "rcv_requests" ? 1 : 0 }
        services.readStatistic = { _ in 42 }
        services.readSetting = { group, name, out in
            guard Slice(group) == "g", Slice(name) == "limit" else { return -1 }
            out.pointee.type = UInt32(MT_INT)
            out.pointee.num = 7
            return 1
        }
        services.clock = { 1_795_229_808_123_456 }
        services.started = 1_795_229_000
        services.serverID = 77
        services.version = Slice("1.0").mt
        services.fullVersion = Slice("martlet 1.0").mt
        return services
    }

    var parser: VariableParser {
        VariableParser(
            storage: storage, plugin: { [unowned self] in self.plugins[$0] },
            definition: { [unowned self] in self.definitions[$0] },
            warn: { [unowned self] in self.warnings.append($0.what) })
    }

    /// What xlog would print of it.
    func text(_ format: String) -> String {
        switch parser.format(format) {
        case .success(let format): format.text(context).string
        case .failure(let error): "error: \(error.what)"
        }
    }

    func value(_ variable: String) -> ScriptValue {
        switch parser.parse(variable) {
        case .success(let variable): variable.read(context)
        case .failure(let error): fatalError(error.what)
        }
    }

    /// Assigns text, a number, or null.
    @discardableResult
    func set(_ variable: String, _ value: String) -> Bool {
        set(variable, ScriptValue(storage.text(Array(value.utf8))))
    }

    @discardableResult
    func set(_ variable: String, _ value: Int64) -> Bool { set(variable, ScriptValue(value)) }

    @discardableResult
    func clear(_ variable: String) -> Bool { set(variable, .null) }

    @discardableResult
    func set(_ variable: String, _ value: ScriptValue) -> Bool {
        switch parser.parse(variable) {
        case .success(let reference): return reference.isWritable && reference.write(value, context)
        case .failure(let error):
            Issue.record("\(variable): \(error.what)")
            return false
        }
    }

    /// A line of script: `$rU = "x"`, `$rp = 5`, `$rd = $null`, `$a = $b`.
    func run(_ line: String) -> Bool {
        let parts = line.split(separator: " = ", maxSplits: 1).map(String.init)
        let right = parts[1]
        if right == "$null" { return clear(parts[0]) }
        if right.hasPrefix("\"") { return set(parts[0], String(right.dropFirst().dropLast())) }
        if let number = Int64(right) { return set(parts[0], number) }
        return set(parts[0], value(right))
    }

    /// Checks a table: each row is what to print, and how it looks; a row that starts with "!" is run first.
    func check(_ rows: [(String, String)], _ location: SourceLocation = #_sourceLocation) {
        for (format, expected) in rows {
            if format.hasPrefix("!") {
                let worked = run(String(format.dropFirst()))
                #expect(worked == (expected != "fails"), "\(format)", sourceLocation: location)
                continue
            }
            let printed = text(format)
            #expect(printed == expected, "\(format)", sourceLocation: location)
        }
    }
}

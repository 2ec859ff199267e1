// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Synchronization
import Testing

@testable import Script

/// Where a script is tried out: a worker of its own, and a plugin whose functions write down that they were called.
final class Stage {
    let recorder = Recorder()
    let symbols = Symbols()
    let worker: UInt32
    let messages: MessagePool
    private let services = UnsafeMutablePointer<ScriptServices>.allocate(capacity: 1)
    let note = UnsafeMutablePointer<CallNote>.allocate(capacity: 1)
    private(set) var diagnostics = Diagnostics()
    var pool: MachinePool?
    var clock = CoarseClock.milliseconds
    var used: @Sendable () -> ThreadUse = { ThreadUse.now() }
    private var taken: [Message] = []

    init() {
        worker = Recorder.register(recorder)
        messages = MessagePool(worker: Int(worker))
        services.initialize(to: Recorder.services)
        note.initialize(to: CallNote())
        recorder.offer(to: symbols)
        symbols.findSocket = { ["udp:192.0.2.1:5060": 0, "tcp:192.0.2.1:5060": 1, "inside": 2][$0] }
    }

    deinit {
        pool?.close()
        for message in taken { while message.references > 0 { message.release() } }
        messages.close()
        services.deallocate()
        note.deallocate()
    }

    /// Reads and checks a file.
    func check(_ source: String) -> CheckedScript? {
        diagnostics = Diagnostics()
        let file = SourceFile(name: "modules.conf", text: source)
        let configuration = Configuration.read(file, diagnostics: diagnostics)
        return Checker.check(
            configuration, routes: RouteTable(configuration), symbols: symbols, diagnostics: diagnostics)
    }

    /// Makes a file ready to run. Warnings are welcome here.
    func load(_ source: String) throws -> MachinePool {
        let script = check(source)
        let checked = try #require(script, "\(diagnostics.text)")
        self.pool?.close()
        let pool = MachinePool(
            program: Compiler.compile(checked), worker: worker,
            values: WorkerValues.open(worker: Int(worker)),
            services: services, note: note, clock: clock, used: used)
        self.pool = pool
        recorder.pool = pool
        return pool
    }

    /// Runs a file's request_route, and answers what was written down.
    func run(_ source: String, on text: String = Stage.options) throws -> Story {
        let pool = try load(source)
        return play(pool.program.request, on: text)
    }

    /// Runs the statements as a request_route.
    func run(statements: String, on text: String = Stage.options) throws -> Story {
        try run("request_route {\n\(statements)\n}", on: text)
    }

    func message(_ text: String = Stage.options) -> Message {
        let message = messages.take()
        let wire = text.replacing("\n", with: "\r\n")
        Array(wire.utf8).withUnsafeBytes { _ = message.load($0) }
        message.flow = Stage.flow
        taken.append(message)
        return message
    }

    func play(_ route: UInt32, on text: String = Stage.options, as kind: UInt32 = 0) -> Story {
        guard let pool else {
            return Story(stage: self, run: .suspended, machine: nil, message: message())
        }
        let message = message(text)
        let (run, machine) = pool.run(route, on: message, as: kind)
        return Story(stage: self, run: run, machine: machine, message: message)
    }

    static let options = """
        OPTIONS sip:bob@biloxi.example SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1
        From: "Alice" <sip:alice@atlanta.example>;tag=1
        To: <sip:bob@biloxi.example>
        Call-ID: 7f3a@192.0.2.7
        CSeq: 1 OPTIONS
        Content-Length: 0


        """

    static let ringing = """
        SIP/2.0 180 Ringing
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1
        From: <sip:alice@atlanta.example>;tag=1
        To: <sip:bob@biloxi.example>;tag=2
        Call-ID: 7f3a@192.0.2.7
        CSeq: 1 INVITE
        Content-Length: 0


        """

    /// From 192.0.2.7:5070 to 192.0.2.1:5060 over UDP.
    static var flow: mt_flow {
        var flow = mt_flow()
        flow.protocol = UInt32(MT_UDP)
        flow.remote_port = 5070
        flow.local_port = 5060
        withUnsafeMutableBytes(of: &flow.remote) { $0.copyBytes(from: Stage.mapped([192, 0, 2, 7])) }
        withUnsafeMutableBytes(of: &flow.local) { $0.copyBytes(from: Stage.mapped([192, 0, 2, 1])) }
        return flow
    }

    private static func mapped(_ v4: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 10) + [255, 255] + v4
    }
}

/// What came of a run.
struct Story {
    let stage: Stage
    var run: Machine.Run
    let machine: Machine?
    let message: Message

    /// Everything written down so far.
    var lines: [String] { stage.recorder.lines }

    var value: Int32? {
        if case .ended(let value, _) = run { return value }
        return nil
    }
    var isDropped: Bool { run == .ended(value: 0, isDropped: true) }

    /// The answer that the script waits for has come.
    mutating func answer(_ result: mt_result, then: mt_fn? = nil, user: UnsafeMutableRawPointer? = nil) {
        guard let machine else { return }
        run = machine.resume(result, then: then, user: user)
        if run != .suspended { machine.finish() }
    }
}

/// Writes down what a script calls and logs. It is found by the number of its worker.
final class Recorder: @unchecked Sendable {
    var lines: [String] = []
    var pool: MachinePool?
    /// What `prepare` was given.
    var prepared: [String] = []
    var failure: (what: String, help: String)?
    var seen: [CallNote] = []
    var inner: Machine?

    private static let all = Mutex<[Recorder]>([])

    static func register(_ recorder: Recorder) -> UInt32 {
        all.withLock {
            $0.append(recorder)
            return UInt32($0.count - 1)
        }
    }

    static func of(_ worker: UInt32) -> Recorder { all.withLock { $0[Int(worker)] } }

    static func of(_ context: UnsafeMutableRawPointer) -> Recorder {
        of(context.assumingMemoryBound(to: EvaluationContext.self).pointee.worker)
    }

    static var services: ScriptServices {
        var services = ScriptServices()
        services.log = { context, level, text in
            let place = Machine.running(context)?.place
            let words = Slice(text).string
            Recorder.of(context).lines.append("log \(level): " + (place.map { "\($0.line): " } ?? "") + words)
        }
        services.isMine = { host, port, _ in
            let host = Slice(host)
            if host.equalsIgnoringCase("alias.example") { return true }
            return (host == "192.0.2.1" || host.equalsIgnoringCase("biloxi.example"))
                && (port == 0 || port == 5060)
        }
        services.forward = { context, transport, host, port in
            let host = Slice(host)
            Recorder.of(context).lines.append(
                "forward \(transport) \(host.isAbsent ? "-" : host.string) \(port)")
            if host == "slow.example" {
                Machine.running(context)?.hold()
                return mt_result(MT_SUSPEND)
            }
            return host == "bad.example" ? -2 : 1
        }
        services.advertise = { context, host, port in
            Recorder.of(context).lines.append("advertise \(Slice(host).string) \(port)")
            return 1
        }
        services.findSocket = { Slice($0) == "inside" ? 2 : .max }
        return services
    }
}

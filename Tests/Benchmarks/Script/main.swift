// SPDX-License-Identifier: Apache-2.0
// Instructions and time per run of a request_route: see README.md.
import CMartlet
import Glibc
import Message
import Script

let request = """
    OPTIONS sip:127.0.0.1:5060 SIP/2.0\r
    Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r
    Max-Forwards: 70\r
    From: "Alice" <sip:alice@atlanta.example>;tag=1\r
    To: <sip:bob@biloxi.example>\r
    Call-ID: 7f3a@192.0.2.7\r
    CSeq: 1 OPTIONS\r
    User-Agent: sipload/1.0\r
    Content-Length: 0\r
    \r

    """

func symbols() -> Symbols {
    let symbols = Symbols()
    func add(_ name: String, _ types: Int...) {
        let arguments = types.map { ScriptArgument(name: "a", type: UInt32($0)) }
        symbols.add(ScriptFunction(name: name, plugin: "bench", arguments: arguments, call: { _ in 1 }))
    }
    add("mf_process_maxfwd_header", MT_INT)
    add("sl_send_reply", MT_INT, MT_STR)
    add("is_method", MT_STR)
    add("sanity_check", MT_INT, MT_INT)
    return symbols
}

func nanoseconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

func bench(_ file: String, _ rounds: Int) {
    let diagnostics = Diagnostics()
    let configuration = Configuration.read(file: file, diagnostics: diagnostics)
    let script = Checker.check(
        configuration, routes: RouteTable(configuration), symbols: symbols(), diagnostics: diagnostics)
    guard let script, !diagnostics.hasErrors else { return print(diagnostics.text) }
    let services = UnsafeMutablePointer<ScriptServices>.allocate(capacity: 1)
    services.initialize(to: ScriptServices())
    services.pointee.isMine = { host, port, _ in Slice(host) == "127.0.0.1" && port == 5060 }
    services.pointee.forward = { _, _, _, _ in 1 }
    let note = UnsafeMutablePointer<CallNote>.allocate(capacity: 1)
    note.initialize(to: CallNote())
    let pool = MachinePool(
        program: Compiler.compile(script), worker: 0, values: WorkerValues.open(worker: 0), services: services,
        note: note)
    let message = MessagePool(worker: 0).take()
    Array(request.utf8).withUnsafeBytes { _ = message.load($0) }
    let start = nanoseconds()
    for _ in 0..<rounds { _ = pool.run(pool.program.request, on: message) }
    print("\((nanoseconds() - start) / max(rounds, 1)) ns per run")
}

if CommandLine.arguments.count > 2, let rounds = Int(CommandLine.arguments[2]) {
    bench(CommandLine.arguments[1], rounds)
} else {
    print("usage: script-bench FILE ROUNDS")
}

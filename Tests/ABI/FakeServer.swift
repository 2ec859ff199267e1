// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation

/// A message of the fake server: fields and header lines in plain Swift.
final class FakeMessage {
    var texts: [Int: String] = [:]
    var numbers: [Int: Int64] = [:]
    var lines: [(name: String, body: String)] = []
    var targets: [String] = []
    var slot = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    var retains = 1
    private var memory: [UnsafeMutableRawPointer] = []

    init(_ texts: [Int: String] = [:], _ lines: [(String, String)] = []) {
        self.texts = texts
        self.lines = lines.map { (name: $0.0, body: $0.1) }
        slot.initialize(to: 0)
    }

    var raw: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }
    static func of(_ raw: OpaquePointer?) -> FakeMessage {
        Unmanaged<FakeMessage>.fromOpaque(UnsafeRawPointer(raw!)).takeUnretainedValue()
    }

    func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        memory.append(.allocate(byteCount: max(count, 1), alignment: 16))
        return memory.last!
    }
    func str(_ text: String?) -> mt_str {
        guard let text else { return mt_str() }
        let copy = bytes(text.utf8.count)
        copy.copyMemory(from: Array(text.utf8), byteCount: text.utf8.count)
        return mt_str(ptr: UnsafePointer(copy.assumingMemoryBound(to: CChar.self)), len: text.utf8.count)
    }
    deinit {
        for one in memory { one.deallocate() }
        slot.deallocate()
    }
}

extension mt_str {
    var text: String {
        String(decoding: UnsafeRawBufferPointer(start: ptr, count: len), as: UTF8.self)
    }
}

/// A server made of fakes: what a plugin asks of it is written down, and what it gave the plugin can be
/// called.
///
/// The tables are C functions, which cannot capture, so there is one; the tests that use it run one after the
/// other.
final class FakeServer {
    nonisolated(unsafe) static var current = FakeServer()

    var log: [String] = []
    var counts: [UInt32: Int64] = [:]
    var tokens: [String] = [""]
    var answers: [String] = []
    var timers: [UInt64: (fn: mt_fn, user: UnsafeMutableRawPointer?)] = [:]
    var ticket: (fn: mt_fn?, user: UnsafeMutableRawPointer?) = (nil, nil)
    var resumed: [Int32] = []
    var written: [String] = []
    var replies: [String] = []
    var nextNumber: UInt64 = 100
    var params: UnsafeMutablePointer<mt_value> = .allocate(capacity: 16)
    let host: UnsafeMutablePointer<mt_host> = .allocate(capacity: 1)

    init() {
        params.initialize(repeating: mt_value(), count: 16)
        host.initialize(to: mt_host())
        host.pointee.head = mt_head(size: UInt32(MemoryLayout<mt_host>.size), major: 1, minor: 0)
        host.pointee.server = UnsafePointer(strdup("martlet 1.0.0"))
        host.pointee.run_dir = UnsafePointer(strdup("/run/martlet"))
        host.pointee.heard = { _, _ in true }
        host.pointee.params = UnsafePointer(params)
        host.pointee.workers = 2
        host.pointee.level = 1
        host.pointee.log = { _, level, text in FakeServer.current.log.append("\(level) \(text.text)") }
        host.pointee.fail = { _, what, help in
            FakeServer.current.log.append("fail \(what.text); \(help.text)")
            return mt_result(MT_ERROR)
        }
        host.pointee.count = { _, counter, by in FakeServer.current.counts[counter, default: 0] += by }
        host.pointee.emit = { _, event, message, data in
            FakeServer.current.log.append("emit \(event) \(message != nil) \(data != nil)")
            return mt_result(MT_OK)
        }
    }

    /// Fills in what the plugin needs, and starts it.
    func start(_ plugin: UnsafePointer<mt_plugin>, with interfaces: [String: UnsafeRawPointer] = [:])
        -> mt_result
    {
        for need in plugin.pointee.needs.all(mt_need.self) {
            let id = String(cString: need.id)
            if let table = FakeServer.tables[id] ?? interfaces[id] { need.slot.pointee = table }
        }
        return plugin.pointee.`init`(host)
    }

    /// Calls one of the plugin's callbacks as the server does.
    @discardableResult
    func call(
        _ fn: mt_fn, _ user: UnsafeMutableRawPointer?, _ message: FakeMessage? = nil, _ args: [mt_value] = [],
        result: Int = 0, data: UnsafeRawPointer? = nil
    ) -> (code: mt_result, out: mt_value) {
        var out = mt_value()
        let code = args.withUnsafeBufferPointer { args in
            withUnsafeMutablePointer(to: &out) { out in
                var call = mt_call(
                    host: host, user: user, msg: message?.raw, args: args.baseAddress,
                    argc: UInt32(args.count),
                    route: UInt32(MT_IN_REQUEST), worker: 1, result: mt_result(result), data: data, out: out)
                return fn(&call)
            }
        }
        return (code, out)
    }

    /// The timer is due.
    func fire(_ number: UInt64, again: Bool = false) {
        guard let timer = again ? timers[number] : timers.removeValue(forKey: number) else { return }
        call(timer.fn, timer.user)
    }

    func number() -> UInt64 {
        nextNumber += 1
        return nextNumber
    }

    nonisolated(unsafe) private static let tables: [String: UnsafeRawPointer] = [
        "martlet.message": keep(message), "martlet.sip": keep(sip), "martlet.script": keep(script),
        "martlet.loop": keep(loop), "martlet.rpc": keep(rpc), "martlet.net": keep(mt_net_api()),
        "martlet.attribute": keep(mt_attribute_api()), "martlet.statistic": keep(mt_statistic_api()),
        "martlet.setting": keep(mt_setting_api()),
    ]
    static func keep<Table>(_ table: Table) -> UnsafeRawPointer {
        let kept = UnsafeMutablePointer<Table>.allocate(capacity: 1)
        kept.initialize(to: table)
        return UnsafeRawPointer(kept)
    }
}

extension mt_list {
    func all<Item>(_ type: Item.Type) -> [Item] {
        (0..<Int(count)).map { items.advanced(by: $0 * Int(stride)).load(as: Item.self) }
    }
}

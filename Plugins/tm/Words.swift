// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// What is drawn or looked up once, by `Start`, and only read afterwards: that makes `unsafe` safe.
enum Words {
    nonisolated(unsafe) static var via: UInt32 = 0
    nonisolated(unsafe) static var from: UInt32 = 0
    nonisolated(unsafe) static var to: UInt32 = 0
    nonisolated(unsafe) static var route: UInt32 = 0
    nonisolated(unsafe) static var reason: UInt32 = 0
    nonisolated(unsafe) static var contact: UInt32 = 0
    nonisolated(unsafe) static var recordRoute: UInt32 = 0
    nonisolated(unsafe) static var wwwAuthenticate: UInt32 = 0
    nonisolated(unsafe) static var proxyAuthenticate: UInt32 = 0
    nonisolated(unsafe) static var retryAfter: UInt32 = 0

    nonisolated(unsafe) private static var secrets: UnsafePointer<Secrets>?
    nonisolated(unsafe) static var key: UInt64 = 0
    static var names: BranchName { @inline(__always) get { secrets.unsafelyUnwrapped.pointee.names } }
    static var tag: LocalTag { @inline(__always) get { secrets.unsafelyUnwrapped.pointee.tag } }

    private struct Secrets {
        let names = BranchName.random()
        let tag = LocalTag.random()
    }
    /// The reply route without a name, which sees all replies, and on_sl_reply; 0 is none.
    nonisolated(unsafe) static var replyRoute: UInt32 = 0
    nonisolated(unsafe) static var strayRoute: UInt32 = 0

    static func prepare() -> Outcome {
        func token(_ name: StaticString) -> UInt32 {
            name.withUTF8Buffer {
                $0.baseAddress!.withMemoryRebound(to: CChar.self, capacity: $0.count) {
                    Server.sip.pointee.token($0)
                }
            }
        }
        via = token("Via")
        from = token("From")
        to = token("To")
        route = token("Route")
        reason = token("Reason")
        contact = token("Contact")
        recordRoute = token("Record-Route")
        wwwAuthenticate = token("WWW-Authenticate")
        proxyAuthenticate = token("Proxy-Authenticate")
        retryAfter = token("Retry-After")
        let drawn = UnsafeMutablePointer<Secrets>.allocate(capacity: 1)
        drawn.initialize(to: Secrets())
        secrets = UnsafePointer(drawn)
        key = .random(in: .min ... .max)
        replyRoute = Server.script.pointee.route(Server.host, UInt32(MT_IN_REPLY), Text("").raw)
        if let name = onSlReply.value {
            strayRoute = Server.script.pointee.route(Server.host, UInt32(MT_IN_REPLY), name.raw)
            if strayRoute == 0 {
                return Host.fail(
                    "on_sl_reply: there is no onreply_route[\(String(name))]",
                    help: "name one that is in the file")
            }
        }
        return .yes
    }
}

/// The first header of that name; nil when there is none.
@inline(__always) func header(_ message: OpaquePointer, _ token: UInt32) -> mt_header? {
    var at = mt_header()
    return Server.message.pointee.header(message, token, &at) ? at : nil
}

@inline(__always) func text(_ message: OpaquePointer, _ field: Int) -> mt_str {
    Server.message.pointee.text(message, UInt32(field))
}

@inline(__always) func number(_ message: OpaquePointer, _ field: Int) -> Int {
    let number = Server.message.pointee.number(message, UInt32(field))
    return number == Int64.min ? 0 : Int(number)
}

@inline(__always) func set(_ message: OpaquePointer, _ field: Int, _ text: mt_str) {
    _ = Server.message.pointee.set_text(message, UInt32(field), text)
}

@inline(__always) func set(_ message: OpaquePointer, _ field: Int, _ number: Int) {
    _ = Server.message.pointee.set_number(message, UInt32(field), Int64(number))
}

/// A line behind the last header.
func append(_ message: OpaquePointer, _ line: Line) {
    line.withRaw { _ = Server.message.pointee.insert(message, UInt32(MT_LAST), nil, $0) }
}

extension Transaction {
    /// The To tag of replies that are made here.
    func writeTag(into bytes: UnsafeMutablePointer<UInt8>) { Words.tag.write(handle, into: bytes) }
}

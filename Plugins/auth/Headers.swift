// SPDX-License-Identifier: Apache-2.0
import AuthLogic
import CMartlet
import Glibc
import PluginKit

enum Headers {
    static let authorization = Header("Authorization")
    static let proxyAuthorization = Header("Proxy-Authorization")
    static let contact = Header("Contact")
    static var all: [any Declaration] { [authorization, proxyAuthorization, contact] }
}

/// Where credentials stand, and how they are asked for.
enum Kind: UInt32 {
    case byMethod, www, proxy

    func header(for message: Message) -> Header {
        isWWW(for: message) ? Headers.authorization : Headers.proxyAuthorization
    }

    func isWWW(for message: Message) -> Bool {
        switch self {
        case .byMethod: message.method == .register
        case .www: true
        case .proxy: false
        }
    }
}

/// What a request's credentials have come to; in its memory.
struct Checked {
    /// The header that was found right, for consume_credentials().
    var used: mt_header?
    /// Its nonce is too old: that is told with the next challenge, so that nobody is asked for a password.
    var isStale = false

    static func of(_ message: Message) -> UnsafeMutablePointer<Checked>? {
        UnsafeMutablePointer(bitPattern: UInt(message.slot))
    }

    static func note(_ message: Message, _ change: (inout Checked) -> Void) {
        if let known = of(message) {
            change(&known.pointee)
            return
        }
        guard let memory = message.allocate(MemoryLayout<Checked>.stride).baseAddress else { return }
        let checked = memory.bindMemory(to: Checked.self, capacity: 1)
        checked.initialize(to: Checked())
        change(&checked.pointee)
        message.slot = UInt64(UInt(bitPattern: checked))
    }
}

/// The parts of a request that its nonce is bound to.
enum Binding {
    private static let uri = 1
    private static let callID = 2
    private static let fromTag = 4
    private static let address = 8

    private static func checks(_ message: Message) -> Int {
        if message.method == .register { return checksRegister.value }
        return message.toTag.isEmpty ? checksNoDialog.value : checksInDialog.value
    }

    /// Lends them, one behind the other.
    static func with<Result>(_ message: Message, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let checks = checks(message)
        guard checks != 0 || protectsContacts.value else {
            return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        var size =
            message.uri.count + message.receivedURI.count + message.callID.count + message.fromTag.count + 24
        if protectsContacts.value {
            var fields = message.headers(Headers.contact)
            while let field = fields.next() { size += field.body.count + 1 }
        }
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { room in
            var count = 0
            func add(_ text: mt_str) {
                if text.len > 0 { memcpy(room.baseAddress.unsafelyUnwrapped + count, text.ptr, text.len) }
                count += text.len
                room[count] = 0
                count += 1
            }
            if checks & uri != 0 {
                add(message.receivedURI.isEmpty ? message.uri.raw : message.receivedURI.raw)
            }
            if checks & callID != 0 { add(message.callID.raw) }
            if checks & fromTag != 0 { add(message.fromTag.raw) }
            if checks & address != 0 {
                var flow = message.flow.raw
                withUnsafePointer(to: &flow.remote) {
                    add(mt_str(ptr: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self), len: 16))
                }
            }
            if protectsContacts.value {
                var fields = message.headers(Headers.contact)
                while let field = fields.next() { add(field.body.raw) }
            }
            return body(UnsafeRawBufferPointer(rebasing: room[0..<count]))
        }
    }
}

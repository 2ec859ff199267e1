// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import Synchronization
import WebsocketLogic

@Declarations func commands() -> [any Declaration] {
    Command(
        "ws.dump", "The connections, with their state.",
        Arg("order", Text.self, default: "id_hash", "id_hash, used_asc or used_desc."),
        Arg("most", Int.self, default: "50", in: 1...1_000_000, "How many of them.")
    ) { answer, order, most in
        guard let order = Order(order) else {
            return answer.fault(400, "the order is id_hash, used_asc or used_desc")
        }
        return dump(answer, order, most)
    }
    Command("ws.close", "Begins to close a connection.", connectionArgument()) { answer, id in
        onLink(answer, id) { $0.close(.normal, "Normal closure".utf8) }
    }
    Command("ws.ping", "Sends a Ping.", connectionArgument()) { answer, id in
        onLink(answer, id) { ping($0, Settings.texts.ping) }
    }
    Command("ws.pong", "Sends a Pong.", connectionArgument()) { answer, id in
        onLink(answer, id) { ping($0, Settings.texts.pong) }
    }
    Command("ws.enable", "Accepts new connections, as it does from the start.") { _ in
        Settings.isEnabled = true
        return .yes
    }
    Command("ws.disable", "Refuses new connections; those that are there stay.") { _ in
        Settings.isEnabled = false
        return .yes
    }
}

private func connectionArgument() -> Arg<Int> {
    Arg("connection", Int.self, "Its number, as ws.dump shows it.")
}

private func ping(_ link: Link, _ frame: [UInt8]) -> Bool {
    guard link.conversation.phase == .open else { return false }
    sentFrames.add()
    return link.wire(frame)
}

/// Does something on the connection's worker, whichever it is, and answers when it is done.
private func onLink(
    _ answer: borrowing Answer, _ number: Int, _ body: @escaping @Sendable (Link) -> Bool
) -> Outcome {
    guard let id = Census.connection(number) else {
        return answer.fault(404, "WebSocket connection not found")
    }
    let isDone = Done()
    return answer.call.wait(
        upTo: .seconds(30),
        then: Action { call in
            let answer = Answer(call)
            if call.result == .timeout { return answer.fault(500, "the workers do not answer") }
            return isDone.value ? .yes : answer.fault(404, "WebSocket connection not found")
        }
    ) { ticket in
        Loop.visit { call in
            if let link = Homes.of(call.worker).pointee.links[id], link._withUnsafeGuaranteedRef(body) {
                isDone.value = true
            }
            return .yes
        } done: { _ in
            ticket.resume(.yes)
            return .yes
        }
    }
}

private final class Done: Sendable {
    private let flag = Atomic<Bool>(false)
    var value: Bool {
        get { flag.load(ordering: .acquiring) }
        set { flag.store(newValue, ordering: .releasing) }
    }
}

// MARK: - ws.dump

private enum Order: Sendable {
    case id, longestUnused, lastUsed

    init?(_ text: Text) {
        if text.equals("id_hash") {
            self = .id
        } else if text.equals("used_asc") {
            self = .longestUnused
        } else if text.equals("used_desc") {
            self = .lastUsed
        } else {
            return nil
        }
    }

    func isBefore(_ a: Shown, _ b: Shown) -> Bool {
        switch self {
        case .id: a.number < b.number
        case .longestUnused: (a.lastUsed, a.number) < (b.lastUsed, b.number)
        case .lastUsed: (b.lastUsed, a.number) < (a.lastUsed, b.number)
        }
    }
}

private struct Shown: @unchecked Sendable {
    let flow: mt_flow
    let number: Int
    let lastUsed, opened, frames: UInt64
    let isClosing: Bool

    init(_ link: Link) {
        flow = link.flow
        number = link.number
        lastUsed = link.conversation.keepAlive.lastUsed
        opened = link.opened
        frames = link.conversation.frames
        isClosing = link.conversation.phase != .open
    }
}

private final class Gathered: Sendable {
    let all = Mutex<[Shown]>([])
}

private func dump(_ answer: borrowing Answer, _ order: Order, _ most: Int) -> Outcome {
    let gathered = Gathered()
    return answer.call.wait(
        upTo: .seconds(30),
        then: Action { call in
            let answer = Answer(call)
            if call.result == .timeout { return answer.fault(500, "the workers do not answer") }
            show(answer, gathered.all.withLock { $0 }.sorted(by: order.isBefore), most)
            return .yes
        }
    ) { ticket in
        Loop.visit { call in
            let mine = Homes.of(call.worker).pointee.links.values.map {
                $0._withUnsafeGuaranteedRef { Shown($0) }
            }
            gathered.all.withLock { $0 += mine }
            return .yes
        } done: { _ in
            ticket.resume(.yes)
            return .yes
        }
    }
}

private func show(_ answer: borrowing Answer, _ all: [Shown], _ most: Int) {
    let now = Link.now
    answer.structure { answer in
        answer.list("connections") { answer in
            for one in all.prefix(most) {
                answer.structure { answer in
                    answer.put("id", one.number)
                    answer.put("transport", one.flow.protocol == UInt32(MT_WSS) ? Text("wss") : Text("ws"))
                    answer.put("remote", place(one.flow.remote, one.flow.remote_port))
                    answer.put("local", place(one.flow.local, one.flow.local_port))
                    answer.put("state", one.isClosing ? Text("closing") : Text("open"))
                    answer.put("sub_protocol", "sip")
                    answer.put("opened", Int(now - one.opened) / 1000)
                    answer.put("last_used", Int(now - min(now, one.lastUsed)) / 1000)
                    answer.put("frames", Int(one.frames))
                }
            }
        }
        answer.structure("info") { answer in
            answer.put("wscounter", all.count)
            answer.put("truncated", all.count > most ? Text("yes") : Text("no"))
        }
    }
}

private typealias Address = (
    UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8,
    UInt8
)

/// 192.0.2.1:5060, [2001:db8::1]:5060
private func place(_ address: Address, _ port: UInt16) -> String {
    withUnsafeBytes(of: address) { bytes in
        let isV4 = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
            let start = bytes.baseAddress.unsafelyUnwrapped + (isV4 ? 12 : 0)
            _ = inet_ntop(isV4 ? AF_INET : AF_INET6, start, room.baseAddress, socklen_t(room.count))
            return String(cString: room.baseAddress.unsafelyUnwrapped)
        }
        return isV4 ? "\(host):\(port)" : "[\(host)]:\(port)"
    }
}

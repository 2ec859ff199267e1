// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import WebsocketLogic

/// One connection: what the server knows as `mt_filter`. Of one worker, like all that it touches.
final class Link {
    /// Who ended it.
    enum End { case nobody, us, peer, fault }

    let stage: OpaquePointer
    let flow: mt_flow
    let home: Home.Pointer
    /// Milliseconds.
    let opened: UInt64
    /// Under which people and scripts know it; 0 before its handshake is done.
    private(set) var number = 0
    var conversation: Conversation
    var end = End.nobody
    /// The handshake is done.
    private(set) var isOpen = false
    /// The peer has to have answered our Close by then; milliseconds.
    private(set) var closesAt: UInt64 = .max
    /// Of the handshake, as much as has come.
    private var head: [UInt8] = []
    private var finder = HeadFinder()
    /// What the handshake asked for: "/ws".
    private(set) var target = "/"

    /// A head is at most as large: browsers send cookies along.
    private static let mostHead = 16_384

    private init(_ stage: OpaquePointer, _ flow: mt_flow, _ home: Home.Pointer) {
        self.stage = stage
        self.flow = flow
        self.home = home
        opened = Link.now
        conversation = Conversation(limit: maxMessageSize.value, at: opened)
    }

    static var now: UInt64 { Loop.ticks / 1_000_000 }
    var id: UInt64 { flow.connection }

    @inline(__always)
    static func with<Result>(_ filter: OpaquePointer, _ body: (Link) -> Result) -> Result {
        Unmanaged<Link>.fromOpaque(UnsafeRawPointer(filter))._withUnsafeGuaranteedRef(body)
    }

    // MARK: - what the server calls

    static func open(_ call: UnsafeMutablePointer<mt_call>, _ stage: OpaquePointer) -> OpaquePointer? {
        guard let flow = Server.net.pointee.flow(stage) else { return nil }
        let home = Homes.of(Int(call.pointee.worker))
        let held = Unmanaged.passRetained(Link(stage, flow.pointee, home))
        if let target = home.pointee.upgrading {
            held._withUnsafeGuaranteedRef { link in
                link.target = target
                link.begin()
            }
        }
        return OpaquePointer(held.toOpaque())
    }

    func received(_ bytes: UnsafeRawBufferPointer, _ call: UnsafeMutablePointer<mt_call>) -> mt_result {
        if isOpen { return converse(bytes) }
        guard end == .nobody else { return mt_result(MT_OK) }
        let end = finder.end(in: bytes)
        head.append(contentsOf: bytes.prefix(end ?? bytes.count))
        guard head.count <= Link.mostHead else { return refuse(.tooLarge) }
        guard let end else { return mt_result(MT_OK) }
        let answer: [UInt8]
        do throws(Handshake.Refusal) {
            answer = try self.answer(Call(call))
        } catch {
            return refuse(error)
        }
        head = []
        guard wire(answer) else { return mt_result(MT_OK) }
        begin()
        // Eager clients do not wait for the answer.
        return end < bytes.count
            ? converse(UnsafeRawBufferPointer(rebasing: bytes[end...])) : mt_result(MT_OK)
    }

    /// A whole message, on its way to the peer: text where it can be, as browsers like it (RFC 7118, 5).
    func send(_ message: UnsafeRawBufferPointer) -> mt_result {
        guard conversation.phase == .open else {
            droppedMessages.add()
            return mt_result(MT_OK)
        }
        send(UTF8Text.isValid(message) ? .text : .binary, message)
        return mt_result(MT_OK)
    }

    static func close(_ filter: OpaquePointer, _ call: UnsafeMutablePointer<mt_call>, isOrderly: Bool) {
        let held = Unmanaged<Link>.fromOpaque(UnsafeRawPointer(filter))
        held._withUnsafeGuaranteedRef { $0.closed(Call(call), isOrderly: isOrderly) }
        held.release()
    }

    // MARK: - the handshake

    /// The script is asked only about what would be accepted without it.
    private func answer(_ call: borrowing Call) throws(Handshake.Refusal) -> [UInt8] {
        let request = try HTTPRequest.read(head)
        target = request.target
        var settings = Settings.texts.handshake
        settings.isEnabled = Settings.isEnabled
        let answer = try Handshake.answer(request, settings)
        guard handshakeEvent.isHeard else { return answer }
        guard let message = message(head) else { throw .malformed(.requestLine) }
        home.pointee.asking = Asking()
        let outcome = handshakeEvent.emit(call, message.message)
        let refusal = home.pointee.asking?.refusal
        home.pointee.asking = nil
        settings.lines = String(message.message.text(.replyLines))
        if let refusal { throw refusal.with(lines: settings.lines) }
        if outcome == .stop { throw Handshake.Refusal.forbidden.with(lines: settings.lines) }
        return settings.lines.isEmpty ? answer : try Handshake.answer(request, settings)
    }

    private func refuse(_ refusal: Handshake.Refusal) -> mt_result {
        end = .us
        refusedHandshakes.add()
        _ = wire(Handshake.answer(refusal, Settings.texts.handshake))
        finish("handshake refused, \(refusal.status): \(refusal.text)")
        return mt_result(MT_OK)
    }

    /// The handshake is done.
    private func begin() {
        isOpen = true
        acceptedHandshakes.add()
        number = Census.enter(id)
        home.pointee.links[id] = Unmanaged.passUnretained(self)
        _ = Server.net.pointee.ready(stage)
    }

    /// Bytes as a message that came by this connection.
    private func message(_ bytes: [UInt8]) -> OwnMessage? {
        bytes.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                Server.net.pointee.read(stage, mt_str(ptr: $0.baseAddress, len: $0.count))
            }
        }.map { OwnMessage(adopting: $0) }
    }

    // MARK: - frames

    private func converse(_ bytes: UnsafeRawBufferPointer) -> mt_result {
        var input = bytes
        let now = Link.now
        let before = conversation.frames
        defer { receivedFrames.add(Int(conversation.frames - before)) }
        while conversation.phase != .closed {
            switch conversation.next(&input, scratch: home.pointee.arriving, at: now) {
            case .nothing: return mt_result(MT_OK)
            case .deliver(let message):
                guard message.count > 0 else { continue }
                let text = mt_str(
                    ptr: message.baseAddress?.assumingMemoryBound(to: CChar.self), len: message.count)
                guard Server.net.pointee.message(stage, text) > 0 else { return mt_result(MT_OK) }
            case .pong(let data): send(.pong, data)
            case .closedByPeer(let code, let reason):
                end = .peer
                Host.log(
                    .debug,
                    "closed by the peer: \(code.map { "\($0.number)" } ?? "no code") \(String(decoding: reason, as: UTF8.self))"
                )
                sentFrames.add()
                _ = wire(Frame.close(code))
                finish()
            case .fail(let code, let why):
                end = .fault
                sentFrames.add()
                _ = wire(Frame.close(code, String(describing: why).utf8))
                finish("\(code.number) \(why)")
            case .finished: finish()
            }
        }
        return mt_result(MT_OK)
    }

    func send(_ opcode: Frame.Opcode, _ payload: UnsafeRawBufferPointer) {
        sentFrames.add()
        let leaving = home.pointee.leaving
        if payload.count + Frame.headerRoom <= leaving.count {
            put(opcode, payload, in: leaving)
        } else {
            withUnsafeTemporaryAllocation(byteCount: payload.count + Frame.headerRoom, alignment: 16) {
                put(opcode, payload, in: $0)
            }
        }
    }

    /// In one piece: over TLS it becomes one record.
    private func put(
        _ opcode: Frame.Opcode, _ payload: UnsafeRawBufferPointer, in room: UnsafeMutableRawBufferPointer
    ) {
        let size = Frame.writeHeader(opcode, count: payload.count, into: room)
        UnsafeMutableRawBufferPointer(rebasing: room[size...]).copyMemory(from: payload)
        _ = wire(UnsafeRawBufferPointer(rebasing: room[..<(size + payload.count)]))
    }

    @discardableResult private func wire(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let text = mt_str(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
        return Server.net.pointee.wire(stage, text) > 0
    }

    @discardableResult func wire(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { wire($0) } }

    // MARK: - the end

    /// Sends a Close, and waits for the peer's. False: it is being closed already.
    func close(_ code: CloseCode, _ reason: some Sequence<UInt8>) -> Bool {
        guard conversation.close() else { return false }
        end = .us
        closesAt = Link.now + UInt64(closeDelay.value) * 1000
        sentFrames.add()
        wire(Frame.close(code, reason))
        return true
    }

    /// What was sent still leaves; then the connection ends.
    func finish(_ why: String? = nil) {
        _ = why.withRaw { Server.net.pointee.ended(stage, $0) }
    }

    /// The server's last word on it.
    private func closed(_ call: borrowing Call, isOrderly: Bool) {
        guard isOpen else { return }
        if isOrderly, end == .nobody, conversation.close() {
            end = .us
            sentFrames.add()
            wire(Frame.close(.goingAway))
        }
        switch end {
        case .us: locallyClosed.add()
        case .peer: remotelyClosed.add()
        case .fault, .nobody: failedConnections.add()
        }
        home.pointee.links[id] = nil
        defer { Census.leave(id) }
        guard closedEvent.isHeard || Settings.callback != nil,
            let message = message(Array("GET \(target) HTTP/1.1\r\n\r\n".utf8))
        else { return }
        closedEvent.emit(call, message.message)
        if let callback = Settings.callback { call.run(callback, on: message.message) }
    }
}

extension Handshake.Refusal {
    func with(lines more: String) -> Self { .init(status, reason, text, lines: lines + more) }
}

extension HTTPRequest {
    static func read(_ head: some Sequence<UInt8>) throws(Handshake.Refusal) -> HTTPRequest {
        do throws(Problem) {
            return try HTTPRequest(head: head)
        } catch {
            throw .malformed(error)
        }
    }
}

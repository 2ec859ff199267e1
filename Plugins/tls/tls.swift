// SPDX-License-Identifier: Apache-2.0
// TLS for SIP connections (RFC 3261, 26; RFC 5922), on the system's OpenSSL.
import CMartlet
import COpenSSL
import PluginKit
import TlsLogic

let handshakes = Counter("handshakes", "Handshakes that led to a connection.")
let failedHandshakes = Counter("failed_handshakes", "Handshakes that did not.")
let resumedSessions = Counter("resumed", "Handshakes that went on with a session from before.")
let rejectedCertificates = Counter("rejected_certificates", "Certificates of peers that were not accepted.")
let openConnections = Counter("connections", gauge: true, "Connections whose handshake is done.")
let reloads = Counter("reloads", "How often tls.reload has exchanged the profiles.")
private let connectionOut = Event(
    "connection-out", "A connection was opened, and its handshake is about to begin; drop closes it.")

private let plugin = Plugin("tls", "1.0.0", "TLS for SIP connections, on the system's OpenSSL.") {
    parameters()
    [handshakes, failedHandshakes, resumedSessions, rejectedCertificates, openConnections, reloads]
    connectionOut

    Start {
        WorkerScratch.prepare()
        guard Wire.method != nil else { return Host.fail("OpenSSL is out of order") }
        if (0..<512).contains(maxFragment.value) {
            return Host.fail(
                "ssl_max_send_fragment must be 512 to 16384, not \(maxFragment.value)",
                help: "leave it out, or -1: 16384")
        }
        let troubles = Profiles.read()
        guard let first = troubles.first else { return .yes }
        return Host.fail(
            troubles.map(\.what).joined(separator: "; "),
            help: troubles.count == 1
                ? first.help : troubles.map(\.help).filter { !$0.isEmpty }.joined(separator: "; "))
    }
    Hook("core.ready") { _ in
        Profiles.save()
        return .yes
    }
    Hook("core.sending") { call in
        guard call.hasMessage, let flow = call.data(as: mt_flow.self),
            flow.pointee.protocol == UInt32(MT_TLS)
        else { return .yes }
        Outgoing.note(call.message, flow.pointee, on: call.worker)
        return .yes
    }

    Function(
        "is_peer_verified", in: .any, "Has the peer of this connection shown a certificate that is accepted?"
    ) {
        call in
        Outcome(call.message.tls?.isVerified ?? false)
    }
    Function(
        "tls_set_connect_server_id", in: .any,
        "Which profile the next outgoing connections take, by its server_id; an empty one takes that back.",
        Arg("id", Text.self)
    ) { call, id in
        Outgoing.setServerID(id.isEmpty ? nil : String(id), on: call.worker)
        return .yes
    }
    variables()
    selects()
    commands()

    Offer("filter.tls", 1, 0) { head in filter(head) }
}

private func filter(_ head: mt_head) -> mt_filter_api {
    mt_filter_api(
        head: head,
        listen: { _, _, _ in mt_result(MT_OK) },
        open: { call, stage, isOutgoing, name in
            guard let call, let stage else { return nil }
            let made: TLSConnection?
            if isOutgoing {
                guard mayOpen(call, stage) else { return nil }
                let domain = name.len > 0 ? String(Text(unchecked: name)) : nil
                let flow = flowOf(stage)
                made = TLSConnection.connect(
                    stage, to: domain, Outgoing.choice(for: flow, on: Int(call.pointee.worker)))
            } else {
                made = TLSConnection.accept(stage)
            }
            guard let made else { return nil }
            made.begin()
            return OpaquePointer(Unmanaged.passRetained(made).toOpaque())
        },
        received: { call, connection, bytes in
            let worker = Int(call?.pointee.worker ?? 0)
            return with(connection) {
                $0.received(bytes, on: worker)
                return true
            }
        },
        send: { _, connection, plain in with(connection) { $0.send(plain) } },
        close: { _, connection, isOrderly in
            guard let connection else { return }
            let taken = Unmanaged<TLSConnection>.fromOpaque(UnsafeRawPointer(connection))
            taken._withUnsafeGuaranteedRef { $0.close(isOrderly: isOrderly) }
            taken.release()
        })
}

@inline(__always)
private func with(_ connection: OpaquePointer?, _ body: (TLSConnection) -> Bool) -> mt_result {
    guard let connection else { return mt_result(MT_ERROR) }
    let isGood = Unmanaged<TLSConnection>.fromOpaque(UnsafeRawPointer(connection))._withUnsafeGuaranteedRef(
        body)
    return mt_result(isGood ? MT_OK : MT_ERROR)
}

/// event_route[tls:connection-out], on a request whose connection is the new one.
private func mayOpen(_ call: UnsafeMutablePointer<mt_call>, _ stage: OpaquePointer) -> Bool {
    guard connectionOut.isHeard else { return true }
    let flow = flowOf(stage)
    let to = withUnsafeBytes(of: flow.remote) { Address.text($0.baseAddress!) }
    let host = to.contains(":") ? "[\(to)]" : to
    let text =
        "OPTIONS sip:\(host):\(flow.remote_port);transport=tls SIP/2.0\r\nVia: SIP/2.0/TLS \(host);branch=z9hG4bK0\r\n"
        + "From: <sip:\(host)>;tag=1\r\nTo: <sip:\(host)>\r\nCall-ID: 0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    guard let message = text.withRaw({ Server.net.pointee.read(stage, $0) }) else { return true }
    defer { Server.message.pointee.release(message) }
    return connectionOut.emit(Call(call), Message(message)) != .stop
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

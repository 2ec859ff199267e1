// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Worker

/// Where a message is to go, before names are looked up.
struct Destination {
    var host = Slice.absent
    /// 0: it names none.
    var port = 0
    /// nil: it names none.
    var named: Transport?
    /// Of a sips URI: every hop has to be safe.
    var isSecure = false

    /// The one to take when no records say otherwise.
    var transport: Transport { named ?? (isSecure ? .tls : .udp) }
    var wantedPort: UInt16 { port == 0 ? transport.defaultPort : UInt16(clamping: port) }

    /// What records are looked up for.
    var target: Target {
        Target(host.string, port: UInt16(clamping: port), transport: named, isSecure: isSecure)
    }

    /// Of a URI (RFC 3261, 19.1.1 and RFC 3263, 4): maddr goes before the host. nil: nobody could send there.
    init?(_ uri: URI) {
        guard uri.isSIP, uri.host.count > 0 else { return nil }
        isSecure = uri.isSIPS
        port = uri.port
        host = uri.host
        guard uri.params.count > 0 else { return }
        let transport = uri.param("transport")
        if transport.count > 0 {
            guard let known = Destination.transport(named: transport) else { return nil }
            named = isSecure ? known.secured : known
        }
        let other = uri.param("maddr")
        if other.count > 0 { host = other }
    }

    /// Of a Via, for a reply (RFC 3261, 18.2.2; RFC 3581, 4).
    init?(_ via: Via) {
        guard via.host.count > 0, let transport = Destination.transport(named: via.transport) else {
            return nil
        }
        named = transport
        host = via.host
        port = via.port
        guard via.params.count > 0 else { return }
        let other = via.params.mayHoldMaddr ? via.param("maddr") : .absent
        if other.count > 0 {
            host = other
        } else if via.received.count > 0 {
            host = via.received
            if via.rport.count > 0, let number = via.rport.natural() { port = number }
        } else if via.rport.count > 0, let number = via.rport.natural() {
            port = number
        }
    }

    /// Without a transport: the one that the records say.
    init(host: Slice, port: Int, transport: Transport?) {
        self.host = host
        self.port = port
        named = transport
    }

    /// nil: the URI names one that nobody knows.
    static func transport(of uri: URI) -> Transport? {
        if uri.params.count > 0 {
            let named = uri.param("transport")
            if named.count > 0 {
                guard let transport = transport(named: named) else { return nil }
                return uri.isSIPS ? transport.secured : transport
            }
        }
        return uri.isSIPS ? .tls : .udp
    }

    static func transport(named name: Slice) -> Transport? {
        switch name.count {
        case 2: name.equalsIgnoringCase("ws") ? .ws : nil
        case 3:
            if name.equalsIgnoringCase("udp") {
                .udp
            } else if name.equalsIgnoringCase("tcp") {
                .tcp
            } else if name.equalsIgnoringCase("tls") {
                .tls
            } else if name.equalsIgnoringCase("wss") {
                .wss
            } else {
                nil
            }
        case 4: name.equalsIgnoringCase("sctp") ? .sctp : nil
        default: nil
        }
    }
}

extension Transport {
    /// What a sips URI means by it (RFC 3261, 26.2.2; RFC 7118, 4.1).
    var secured: Transport {
        switch self {
        case .tcp: .tls
        case .ws: .wss
        case .udp, .tls, .wss, .sctp: self
        }
    }
}

extension Slice {
    /// Whether some parameter begins with an m: hardly any does, and looking for this costs a tenth of reading them.
    var mayHoldMaddr: Bool {
        guard let base else { return false }
        var at = 0
        while at + 6 < count {
            if base[at] == UInt8(ascii: ";") {
                at += 1
                while base[at] == 0x20 || base[at] == 9, at + 5 < count { at += 1 }
                if base[at] | 0x20 == UInt8(ascii: "m") { return true }
            } else {
                at += 1
            }
        }
        return false
    }
}

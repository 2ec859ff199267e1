// SPDX-License-Identifier: Apache-2.0
import CMartlet
import NathelperLogic
import PluginKit

/// nat_uac_test(): is somebody behind a NAT? One sign that was asked for is enough.
enum Testing {
    static func isBehindNAT(_ message: Message, _ tests: NATTests) -> Bool {
        let source = Source(message)
        if tests.contains(.webSocket), source.isWebSocket { return true }
        if tests.contains(.privateSource), source.address.isPrivate { return true }
        if !tests.isDisjoint(with: [.source, .via, .port]), let via = message.sentBy {
            let host = Text(unchecked: via.host)
            if tests.contains(.source), !source.isAddress(host) { return true }
            if tests.contains(.via), PrivateAddress.contains(host) { return true }
            if tests.contains(.port), via.port ?? 5060 != source.port { return true }
        }
        if !tests.isDisjoint(with: [.contact, .contactPort]), let uri = URI(message.contactURI) {
            if tests.contains(.contact), PrivateAddress.contains(uri.host) { return true }
            if tests.contains(.contactPort), uri.port ?? 5060 != source.port { return true }
        }
        if !tests.isDisjoint(with: [.description, .descriptionSource]), !message.body.isEmpty {
            if describesOther(message.body, tests, source) { return true }
        }
        return tests.contains(.target) && isSentElsewhere(message)
    }

    private static func describesOther(_ body: Text, _ tests: NATTests, _ source: Source) -> Bool {
        var isFound = false
        SessionDescription.each(UInt8(ascii: "c"), in: body) { line in
            guard let (place, _) = SessionDescription.address(in: body, line) else { return true }
            let address = body[place]
            if tests.contains(.description), PrivateAddress.contains(address) { isFound = true }
            if tests.contains(.descriptionSource), !source.isAddress(address) { isFound = true }
            return !isFound
        }
        return isFound
    }

    /// Of a request, whether its next hop is another one than its URI says; of a reply, the same of its Via.
    private static func isSentElsewhere(_ message: Message) -> Bool {
        if message.isRequest {
            guard let hop = URI(message.nextHop), let uri = URI(message.uri) else { return false }
            return !hop.host.equalsIgnoringCase(uri.host) || (hop.port ?? 5060) != (uri.port ?? 5060)
        }
        guard let via = message.sentBy else { return false }
        let params = Text(unchecked: via.params)
        if let received = params.param("received"), !received.equals(via.host) { return true }
        if let port = params.param("rport")?.integer, port != via.port ?? 5060 { return true }
        return false
    }
}

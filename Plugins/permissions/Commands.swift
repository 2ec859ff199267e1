// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PermissionsLogic
import PluginKit

@Declarations func commands() -> [any Declaration] {
    Command("addressReload", "Reads the address table, or file, again.") { Addresses.reload($0) }
    Command("trustedReload", "Reads the trusted table again.") { Trusted.reload($0) }
    Command("addressDump", "The addresses.") { dump($0, .address) }
    Command("subnetDump", "The subnets.") { dump($0, .subnet) }
    Command("domainDump", "The names among the addresses.") { dump($0, .name) }
    Command("trustedDump", "The peers that are trusted.") { answer in
        Trusted.peers.read { peers in
            for (source, list) in peers.bySource.sorted(by: { $0.key < $1.key }) {
                for peer in list { put(peer, of: source, answer) }
            }
        }
        return .yes
    }
    Command(
        "testUri", "May a URI register, or reach, a contact?", Arg("base", Text.self),
        Arg("uri", Text.self), Arg("contact", Text.self)
    ) { answer, base, uri, contact in
        answer.put(Rules.named(base, Text.absent).allows(from: uri, to: contact) ? "Allowed" : "Denied")
        return .yes
    }
    Command(
        "allowUri", "May a URI reach a contact?", Arg("base", Text.self), Arg("uri", Text.self),
        Arg("contact", Text.self)
    ) { answer, base, uri, contact in
        guard Rules.named(base, Text.absent).allows(from: uri, to: contact) else {
            return answer.fault(403, "Forbidden")
        }
        answer.put("Allowed")
        return .yes
    }
}

private func dump(_ answer: borrowing Answer, _ kind: AddressBook.Kind) -> Outcome {
    let entries = Addresses.book.read { book in book.entries.filter { book.kind(of: $0) == kind } }
    for (index, entry) in entries.enumerated() {
        answer.structure { answer in
            answer.put("table_id", index)
            answer.put("group", entry.group)
            answer.structure("item") { answer in
                switch kind {
                case .address: answer.put("ip", entry.address)
                case .subnet:
                    answer.put("ip", entry.address)
                    answer.put("mask", entry.mask ?? 0)
                case .name: answer.put("domain", entry.address)
                }
                answer.put("port", entry.port)
                answer.put("tag", entry.tag ?? "")
            }
        }
    }
    return .yes
}

private func put(_ peer: TrustedPeer, of source: String, _ answer: borrowing Answer) {
    answer.structure { answer in
        answer.put("ip", source)
        answer.put("proto", peer.transport)
        answer.put("pattern", peer.from?.source ?? "NULL")
        answer.put("ruri_pattern", peer.requestURI?.source ?? "NULL")
        answer.put("tag", peer.tag ?? "NULL")
        answer.put("priority", peer.priority)
    }
}

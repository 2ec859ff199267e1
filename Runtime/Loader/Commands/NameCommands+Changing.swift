// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Worker

/// What is known of names, changed by hand.
extension NameCommands {
    /// The last argument of those that add.
    private struct Flags: OptionSet {
        let rawValue: Int
        /// There is no such name.
        static let negative = Flags(rawValue: 1)
        /// It holds until it is deleted.
        static let permanent = Flags(rawValue: 2)
    }

    func add(_ commands: Commands) {
        commands.add(
            "dns.add_a", "Adds an address. Arguments: NAME TTL IPV4 FLAGS (1 negative, 2 permanent)."
        ) {
            address($0, v4: true)
        }
        commands.add(
            "dns.add_aaaa", "Adds an address. Arguments: NAME TTL IPV6 FLAGS (1 negative, 2 permanent)."
        ) { address($0, v4: false) }
        commands.add(
            "dns.add_srv",
            "Adds a server of a service. Arguments: NAME TTL PRIORITY WEIGHT PORT TARGET FLAGS (1 negative, 2 permanent)."
        ) { run in
            guard let name = run.arguments.text(0), let ttl = run.arguments.number(1),
                let priority = run.arguments.number(2).flatMap(UInt16.init(exactly:)),
                let weight = run.arguments.number(3).flatMap(UInt16.init(exactly:)),
                let port = run.arguments.number(4).flatMap(UInt16.init(exactly:)),
                let target = run.arguments.text(5), let flags = run.arguments.number(6)
            else { return run.fail(400, "NAME TTL PRIORITY WEIGHT PORT TARGET FLAGS are needed") }
            let service = Service(priority: priority, weight: weight, port: port, target: target)
            keep(Question(name, .srv), .service(service), ttl, Flags(rawValue: flags), run)
        }
    }

    private func address(_ run: CommandRun, v4: Bool) {
        guard let name = run.arguments.text(0), let ttl = run.arguments.number(1),
            let text = run.arguments.text(2), let flags = run.arguments.number(3)
        else { return run.fail(400, "NAME TTL IP FLAGS are needed") }
        guard let endpoint = Endpoint(text), endpoint.isV4 == v4 else {
            return run.fail(400, "\(text) is no \(v4 ? "IPv4" : "IPv6") address")
        }
        keep(Question(name, v4 ? .a : .aaaa), .address(endpoint), ttl, Flags(rawValue: flags), run)
    }

    /// Beside what was added before.
    private func keep(
        _ question: Question, _ data: Record.Data, _ ttl: Int, _ flags: Flags, _ run: CommandRun
    ) {
        guard (0...Int(Int32.max)).contains(ttl) else { return run.fail(400, "\(ttl) is no TTL") }
        guard Flags([.negative, .permanent]).isSuperset(of: flags) else {
            return run.fail(400, "FLAGS are 1 for negative and 2 for permanent")
        }
        if flags.contains(.negative) {
            resolver.keep(question, .nothing(), seconds: ttl, isPermanent: flags.contains(.permanent))
            return
        }
        let before = resolver.known(question)?.records.filter { $0.data != data } ?? []
        resolver.keep(
            question, Answer(before + [Record(data, ttl: UInt32(ttl))]), seconds: ttl,
            isPermanent: flags.contains(.permanent))
    }

    func delete(_ commands: Commands) {
        for type in RecordType.allCases {
            commands.add("dns.delete_\(type.name.lowercased())", "Forgets a record. Argument: NAME.") { run in
                guard let name = run.arguments.text(0) else { return run.fail(400, "which name?") }
                switch resolver.forget(Question(name, type)) {
                case true?: break
                case false?: run.fail(400, "Permanent entries cannot be deleted")
                case nil: run.fail(400, "Not found")
                }
            }
        }
        commands.add("dns.delete_ebl", "Forgets a record of a type that is never asked for.") {
            $0.fail(400, "Not found")
        }
        commands.add("dns.delete_all", "Forgets all but what is permanent.") { _ in
            resolver.forgetAll(permanentToo: false)
        }
        commands.add("dns.delete_all_force", "Forgets all.") { _ in resolver.forgetAll(permanentToo: true) }
    }
}

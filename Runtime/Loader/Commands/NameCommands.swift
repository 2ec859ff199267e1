// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Worker

/// `dns.*`: what is known of names, and changes to it by hand.
struct NameCommands {
    let resolver: Resolver

    func register(in commands: Commands) {
        lookup(commands)
        view(commands)
        add(commands)
        delete(commands)
    }

    // MARK: - looking

    private func lookup(_ commands: Commands) {
        commands.add(later: "dns.lookup", "Asks for a record. Arguments: TYPE NAME.") {
            [unowned commands] run in
            guard let type = run.arguments.text(0).flatMap(RecordType.init(named:)) else {
                run.fail(400, "which type? \(RecordType.allCases.map(\.name).joined(separator: ", "))")
                return run.finish(mt_result(MT_ERROR))
            }
            guard let name = run.arguments.text(1) else {
                run.fail(400, "which name?")
                return run.finish(mt_result(MT_ERROR))
            }
            let question = Question(name, type)
            let asked = Asked(run: run)
            resolver.ask(question) { [commands = Answering(commands: commands)] answer in
                commands.commands.post { Self.tell(question, answer, to: asked.run, resolver) }
            }
        }
    }

    /// Safe, because only the thread of the commands looks at it.
    private struct Asked: @unchecked Sendable {
        let run: CommandRun
    }

    private struct Answering: @unchecked Sendable {
        unowned let commands: Commands
    }

    private static func tell(_ question: Question, _ answer: Answer, to run: CommandRun, _ resolver: Resolver)
    {
        switch answer.outcome {
        case .found:
            if let entry = resolver.all().first(where: { $0.question == question }) {
                NameCommands(resolver: resolver).put(entry, run)
            } else {
                // It may not be kept.
                run.structure {
                    run.put("name", question.name)
                    run.put("type", question.type.name)
                    run.list("records") {
                        for (index, record) in answer.records.enumerated() {
                            NameCommands(resolver: resolver).put(record, index, isPermanent: false, 0, run)
                        }
                    }
                }
            }
            run.finish(mt_result(MT_OK))
        case .nothing:
            run.fail(400, "Not found")
            run.finish(mt_result(MT_ERROR))
        case .failed:
            run.fail(500, "no name server answered")
            run.finish(mt_result(MT_ERROR))
        }
    }

    private func view(_ commands: Commands) {
        commands.add("dns.view", "What is known, the last used first.") { run in
            for entry in resolver.all() { put(entry, run) }
        }
        commands.add("dns.mem_info", "How much memory what is known takes, and may take.") { run in
            let memory = resolver.memory
            run.put(memory.used)
            run.put(memory.most)
        }
        commands.add(
            "dns.debug",
            "What is known, without the records: name, type, size, references, seconds left, seconds unused, flags (1 negative, 2 permanent)."
        ) { run in
            for entry in resolver.all() { head(entry, nil, run) }
        }
        commands.add("dns.debug_all", "What is known, a record at a time.") { run in
            for entry in resolver.all() {
                for (index, record) in entry.answer.records.enumerated() {
                    head(entry, index, run)
                    switch record.data {
                    case .address(let endpoint):
                        run.put("ip")
                        run.put(endpoint.address)
                    case .service(let service):
                        run.put("srv")
                        run.put(service.target)
                    case .rule(let rule):
                        run.put("naptr")
                        run.put(rule.replacement)
                    case .name(let name):
                        run.put(entry.question.type.name.lowercased())
                        run.put(name)
                    case .text(let text):
                        run.put("txt")
                        run.put(text)
                    }
                    run.put(seconds(entry))
                }
            }
        }
    }

    private func head(_ entry: RecordCache.Entry, _ index: Int?, _ run: CommandRun) {
        run.put(entry.question.name)
        run.put(Int(entry.question.type.rawValue))
        if let index { run.put(index) }
        run.put(entry.size)
        run.put(1)
        run.put(seconds(entry))
        run.put(unused(entry))
        run.put((entry.answer.outcome == .found ? 0 : 1) | (entry.isPermanent ? 2 : 0))
    }

    private func seconds(_ entry: RecordCache.Entry) -> Int {
        entry.isPermanent ? 0 : Int((entry.until &- min(Resolver.now, entry.until)) / 1_000_000_000)
    }

    private func unused(_ entry: RecordCache.Entry) -> Int {
        Int((max(Resolver.now, entry.used) - entry.used) / 1_000_000_000)
    }

    private func put(_ entry: RecordCache.Entry, _ run: CommandRun) {
        run.structure {
            run.put("name", entry.question.name)
            run.put("type", entry.question.type.name)
            run.put("size_bytes", entry.size)
            run.put("reference_counter", 1)
            run.put("permanent", entry.isPermanent ? "yes" : "no")
            run.put("expires", seconds(entry))
            run.put("last_used", unused(entry))
            run.put("negative_entry", entry.answer.outcome == .found ? "no" : "yes")
            guard !entry.answer.records.isEmpty else { return }
            run.list("records") {
                for (index, record) in entry.answer.records.enumerated() {
                    put(record, index, isPermanent: entry.isPermanent, seconds(entry), run)
                }
            }
        }
    }

    private func put(_ record: Record, _ index: Int, isPermanent: Bool, _ seconds: Int, _ run: CommandRun) {
        run.structure {
            run.put("rr_idx", index)
            switch record.data {
            case .address(let endpoint): run.put("rr_ip", endpoint.address)
            case .service(let service):
                run.put("rr_name", service.target)
                run.put("rr_port", Int(service.port))
                run.put("rr_priority", Int(service.priority))
                run.put("rr_weight", Int(service.weight))
            case .rule(let rule):
                run.put("rr_order", Int(rule.order))
                run.put("rr_preference", Int(rule.preference))
                run.put("rr_flags", rule.flags)
                run.put("rr_service", rule.service)
                run.put("rr_regexp", rule.pattern)
                run.put("rr_replacement", rule.replacement)
            case .name(let name): run.put("rr_name", name)
            case .text(let text): run.put("rr_txt", text)
            }
            run.put("rr_permanent", isPermanent ? "yes" : "no")
            run.put("rr_expires", seconds)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The machine's own names and its name servers, asked one question at a time. Blocks, so it is for a helper thread;
/// used by one thread at a time.
///
/// libc's resolver does the asking: its own state, made by `res_ninit`, sends by UDP to one server after the other,
/// asks by TCP for what does not fit, and takes no answer but to its question.
final class NameServers {
    private let settings: NameSettings
    private var hosts = HostsFile("")
    private var hostsFile = WatchedFile("/etc/hosts")
    private var configuration = WatchedFile("/etc/resolv.conf")
    private var resolver: OpaquePointer?
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 8)

    init(_ settings: NameSettings) { self.settings = settings }

    deinit {
        cl_resolver_free(resolver)
        room.deallocate()
    }

    func ask(_ question: Question) -> Answer {
        guard question.isSensible else { return .nothing() }
        if hostsFile.hasChanged() { hosts = HostsFile(hostsFile.text()) }
        if let known = hosts.answer(to: question) { return known }
        prepare()
        var outcome = Answer.nothing()
        for name in candidates(question.name) {
            let answer = ask(Question(name, question.type), aliases: Reply.longestChain)
            switch answer.outcome {
            case .found: return answer
            // That nobody answered for one name outweighs that another does not exist.
            case .failed: outcome = answer
            case .nothing: if outcome.outcome == .nothing, outcome.seconds == nil { outcome = answer }
            }
        }
        return outcome
    }

    private func ask(_ question: Question, aliases: Int) -> Answer {
        let count = cl_resolver_ask(
            resolver, question.name, Int32(question.type.rawValue),
            room.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(room.count))
        guard count > 0 else { return count == -2 ? .nothing() : .failed }
        switch Reply(UnsafeRawBufferPointer(start: room.baseAddress, count: Int(count)), to: question) {
        case .answer(let answer): return answer
        case .alias(let name):
            let next = Question(name, question.type)
            return aliases > 0 && next.isSensible ? ask(next, aliases: aliases - 1) : .failed
        case .useless: return .failed
        }
    }

    /// Anew when the system's settings have changed.
    private func prepare() {
        let changed = configuration.hasChanged()
        guard changed || resolver == nil else { return }
        cl_resolver_free(resolver)
        var options = cl_resolver_options()
        options.seconds = Int32(clamping: settings.seconds)
        options.attempts = Int32(clamping: settings.attempts)
        options.servers = Int32(clamping: settings.serverCount)
        resolver = cl_resolver_make(&options)
        let servers =
            settings.serverCount > 0 ? Array(settings.servers.prefix(settings.serverCount)) : settings.servers
        if !servers.isEmpty, resolver != nil {
            let names = servers.map(\.raw)
            cl_resolver_ask_only(resolver, names, Int32(clamping: names.count))
        }
    }

    /// As it is and with the domains of the search list behind, in the order that resolv.conf asks for.
    private func candidates(_ name: String) -> [String] {
        guard settings.searches, let resolver else { return [name] }
        var domains: [String] = []
        while let domain = cl_resolver_domain(resolver, Int32(domains.count)), domain[0] != 0 {
            domains.append("\(name).\(String(cString: domain))")
        }
        let dots = name.utf8.count { $0 == UInt8(ascii: ".") }
        return dots >= Int(cl_resolver_dots(resolver)) ? [name] + domains : domains + [name]
    }
}

// SPDX-License-Identifier: Apache-2.0
import CLinux

/// The bytes of a name server's answer, read.
enum Reply: Equatable {
    case answer(Answer)
    /// The name is another's, of which nothing is said: that one has to be asked for.
    case alias(String)
    /// The server says that it cannot tell, or what it says is no answer.
    case useless

    /// How many names may lead from one to the next.
    static let longestChain = 12
    /// Nobody has more servers than that in one place.
    static let most = 64

    init(_ bytes: UnsafeRawBufferPointer, to question: Question) {
        var found = Found()
        let code = withUnsafeMutablePointer(to: &found) { found in
            cl_answer_read(
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                { context, record in
                    guard let context, let record else { return }
                    context.assumingMemoryBound(to: Found.self).pointee.take(record.pointee)
                }, found)
        }
        switch code {
        case 0: self = found.reply(to: question)
        // RFC 2308, 2.1: the name at the end of the aliases is the one that does not exist.
        case 3: self = .answer(.nothing(seconds: found.negative))
        default: self = .useless
        }
    }

    private struct Found {
        struct Owned {
            let owner: String
            let type: UInt16
            let record: Record
        }
        var all: [Owned] = []
        /// RFC 2308, 5: how long it holds that there is nothing.
        var negative: UInt32?

        mutating func take(_ raw: cl_record) {
            if raw.isAuthority {
                if raw.type == UInt16(CL_RECORD_SOA) { negative = min(raw.ttl, raw.minimum) }
                return
            }
            guard let owner = raw.owner, let data = Record.Data(raw) else { return }
            all.append(
                Owned(
                    owner: Question.normal(String(cString: owner)), type: raw.type,
                    record: Record(data, ttl: raw.ttl)))
        }

        /// Along the aliases, from the name that was asked for; what belongs to other names is not looked at.
        func reply(to question: Question) -> Reply {
            var name = question.name
            var ttl = UInt32.max
            for _ in 0..<Reply.longestChain {
                let records = all.filter { $0.owner == name && $0.type == question.type.rawValue }
                if !records.isEmpty {
                    return .answer(
                        Answer(
                            records.prefix(Reply.most).map {
                                Record($0.record.data, ttl: min(ttl, $0.record.ttl))
                            }
                        ))
                }
                let alias = all.first { $0.owner == name && $0.type == RecordType.cname.rawValue }
                guard let alias, case .name(let next) = alias.record.data else { break }
                ttl = min(ttl, alias.record.ttl)
                name = Question.normal(next)
            }
            if name == question.name || negative != nil {
                return .answer(.nothing(seconds: negative.map { min($0, ttl) }))
            }
            return .alias(name)
        }
    }
}

extension Record.Data {
    /// nil: of a type that nobody asks for.
    fileprivate init?(_ raw: cl_record) {
        func text(_ bytes: UnsafePointer<CChar>?) -> String { bytes.map { String(cString: $0) } ?? "" }
        switch RecordType(rawValue: raw.type) {
        case .a, .aaaa:
            self = withUnsafeBytes(of: raw.address) {
                .address(Endpoint(bytes: $0.baseAddress.unsafelyUnwrapped, port: 0))
            }
        case .cname, .ptr: self = .name(text(raw.name))
        case .txt: self = .text(text(raw.name))
        case .srv:
            self = .service(
                Service(priority: raw.first, weight: raw.second, port: raw.port, target: text(raw.name)))
        case .naptr:
            self = .rule(
                Rule(
                    order: raw.first, preference: raw.second, flags: text(raw.flags),
                    service: text(raw.service), pattern: text(raw.pattern), replacement: text(raw.name)))
        case nil: return nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The blocks of a script and their numbers, known as soon as the file has been read: plugins ask for routes
/// while they are set up, long before anything is compiled.
public final class RouteTable {
    struct Entry {
        let kind: UInt32
        let name: String
        var place: Place
    }

    private(set) var entries: [Entry] = []
    private(set) var isUsed: [Bool] = []
    private var numbers: [String: UInt32] = [:]

    public init(_ configuration: Configuration) {
        for item in configuration.items {
            guard case .route(let block) = item.kind else { continue }
            let kind = Self.bit(of: block.kind)
            let name = Self.name(of: block)
            guard numbers[Self.key(kind, name)] == nil else { continue }
            entries.append(Entry(kind: kind, name: name, place: block.name?.place ?? item.place))
            isUsed.append(false)
            numbers[Self.key(kind, name)] = UInt32(entries.count)
        }
    }

    /// The number of a block, or 0. `kind` is one MT_IN_ bit. What is asked for counts as used.
    public func number(_ kind: UInt32, named name: String) -> UInt32 {
        guard let number = numbers[Self.key(kind, name)] else { return 0 }
        isUsed[Int(number) - 1] = true
        return number
    }

    /// The names of all blocks of a kind.
    public func names(_ kind: UInt32) -> [String] {
        entries.filter { $0.kind == kind && $0.name != "" }.map(\.name)
    }

    /// "route", "failure_route": how a script writes the kind of a named block.
    public static func keyword(_ kind: UInt32) -> String {
        kind == UInt32(MT_IN_REQUEST) ? "route" : keywords.first { $0.bit == kind }?.name ?? "route"
    }

    static let keywords: [(bit: UInt32, name: String)] = [
        (UInt32(MT_IN_REQUEST), "request_route"), (UInt32(MT_IN_REPLY), "onreply_route"),
        (UInt32(MT_IN_FAILURE), "failure_route"), (UInt32(MT_IN_BRANCH), "branch_route"),
        (UInt32(MT_IN_SEND), "onsend_route"), (UInt32(MT_IN_LOCAL), "local_route"),
        (UInt32(MT_IN_EVENT), "event_route"), (UInt32(MT_IN_ERROR), "error_route"),
    ]

    static func bit(of kind: RouteKind) -> UInt32 {
        switch kind {
        case .request: UInt32(MT_IN_REQUEST)
        case .reply: UInt32(MT_IN_REPLY)
        case .failure: UInt32(MT_IN_FAILURE)
        case .branch: UInt32(MT_IN_BRANCH)
        case .onsend: UInt32(MT_IN_SEND)
        case .event, .timer, .startup: UInt32(MT_IN_EVENT)
        case .error: UInt32(MT_IN_ERROR)
        case .local: UInt32(MT_IN_LOCAL)
        }
    }

    /// "" for a block without a name, and for the ones written [0], which are the same.
    static func name(of block: RouteBlock) -> String {
        let name = block.name?.value.string ?? ""
        switch block.kind {
        case .request, .reply: return name == "0" ? "" : name
        case .timer: return "timer_route:\(name)"
        case .startup: return "startup_route"
        case .failure, .branch, .onsend, .event, .error, .local: return name
        }
    }

    private static func key(_ kind: UInt32, _ name: String) -> String { "\(kind) \(name)" }
}

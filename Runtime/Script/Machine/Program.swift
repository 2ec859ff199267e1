// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// A script, checked and translated: immutable, shared by all workers, and as old as the process.
public final class Program: @unchecked Sendable {
    /// A block of the script. Its number, which plugins know it by, is its position from 1; 0 is no route.
    public struct Route: Sendable {
        /// The MT_IN_ bit of its kind.
        public let kind: UInt32
        /// Empty for the one without a name.
        public let name: String
        public let place: Place?
        /// Where its code starts, and how many values it needs at most.
        let entry: UInt32
        let depth: UInt32
        let text: Slice
    }

    /// Where to go on when the expression of a statement fails.
    struct Recovery {
        let start: UInt32
        let end: UInt32
        let target: UInt32
        /// How many values lie below those of the expression.
        let depth: UInt32
    }

    public let routes: [Route]
    /// The blocks that the server runs itself; 0 where the script has none.
    public let request: UInt32
    public let reply: UInt32
    public let onsend: UInt32
    public let error: UInt32

    let code: UnsafePointer<Instruction>
    let routeCount: UInt32
    let entries: UnsafePointer<RouteEntry>
    let maxRecursiveLevel: Int
    let maxWhileLoops: Int
    private let storage: CodeStorage
    private let places: [Place]
    private let lines: [UInt32]
    private let recoveries: [Recovery]
    private let names: [UInt32: [String: UInt32]]

    init(
        routes: [Route], code: UnsafePointer<Instruction>, lines: [UInt32], places: [Place],
        recoveries: [Recovery],
        maxRecursiveLevel: Int, maxWhileLoops: Int, storage: CodeStorage
    ) {
        self.routes = routes
        routeCount = UInt32(routes.count)
        self.code = code
        self.lines = lines
        self.places = places
        self.recoveries = recoveries
        self.maxRecursiveLevel = maxRecursiveLevel
        self.maxWhileLoops = maxWhileLoops
        self.storage = storage
        let entries = routes.map {
            RouteEntry(entry: $0.entry, depth: $0.depth, kind: $0.kind, name: $0.text)
        }
        self.entries = storage.place(entries).baseAddress ?? UnsafePointer(storage.place(RouteEntry.none))
        var names: [UInt32: [String: UInt32]] = [:]
        for (index, route) in routes.enumerated() {
            names[route.kind, default: [:]][route.name] = UInt32(index + 1)
        }
        self.names = names
        func unnamed(_ kind: Int) -> UInt32 { names[UInt32(kind)]?[""] ?? 0 }
        request = unnamed(MT_IN_REQUEST)
        reply = unnamed(MT_IN_REPLY)
        onsend = unnamed(MT_IN_SEND)
        error = unnamed(MT_IN_ERROR)
    }

    /// The number of a block, or 0. `kind` is one MT_IN_ bit.
    public func route(_ kind: UInt32, named name: String) -> UInt32 { names[kind]?[name] ?? 0 }

    /// The name of a block, which lives as long as the program; absent for a number that is none.
    public func name(of route: UInt32) -> Slice {
        route >= 1 && route <= UInt32(routes.count) ? routes[Int(route) - 1].text : .absent
    }

    /// Where the instruction at this position was written.
    public func place(at position: UInt32) -> Place? {
        position < UInt32(lines.count) ? places[Int(lines[Int(position)])] : nil
    }

    /// What to do when the expression at this position fails: the innermost statement that knows.
    func recovery(at position: UInt32) -> Recovery? {
        var found: Recovery?
        for recovery in recoveries where recovery.start <= position && position < recovery.end {
            if found.map({ recovery.end - recovery.start <= $0.end - $0.start }) ?? true { found = recovery }
        }
        return found
    }
}

/// What the machine needs to know to enter a block.
struct RouteEntry {
    let entry: UInt32
    let depth: UInt32
    let kind: UInt32
    let name: Slice

    static var none: RouteEntry { RouteEntry(entry: 0, depth: 0, kind: 0, name: .absent) }
}

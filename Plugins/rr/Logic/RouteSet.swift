// SPDX-License-Identifier: Apache-2.0

/// What the routing of a request depends on: its first three Route entries, and its Request-URI.
///
/// Three are enough: at most two of them are ours (one per side, when they differ), and then comes the next
/// hop.
public struct RouteSet: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        /// Names this server, and is no GRUU.
        public var isMine: Bool
        /// Has the parameter lr.
        public var isLoose: Bool
        /// Has the parameter r2: one of a pair.
        public var isPaired: Bool

        public init(isMine: Bool = false, isLoose: Bool = true, isPaired: Bool = false) {
            self.isMine = isMine
            self.isLoose = isLoose
            self.isPaired = isPaired
        }
    }

    /// What to do with the request.
    public struct Decision: Equatable, Sendable {
        public enum Next: Equatable, Sendable {
            /// The Request-URI says where it goes.
            case requestURI
            /// This entry does, and stays (RFC 3261, 16.12).
            case follow(Int)
            /// It is a strict router: it becomes the Request-URI, and that goes to the end of the Route
            /// (16.6, step 6).
            case become(Int)
            /// The previous hop was a strict router and the next one is not: the last entry is the
            /// Request-URI that it should have left alone (16.4), and this entry is the next hop.
            case restore(Int)
            /// Both are strict: this entry becomes the Request-URI, which was ours and ends here.
            case replace(Int)
        }

        /// How many entries of ours to take off the front.
        public var taken: Int
        /// The entry that names the socket to send from.
        public var socketOf: Int?
        public var next: Next

        public init(taken: Int, socketOf: Int? = nil, next: Next) {
            self.taken = taken
            self.socketOf = socketOf
            self.next = next
        }
    }

    public var first, second, third: Entry?
    /// The Request-URI, if it names this server.
    public var requestURI: Entry?
    public var isInDialog: Bool

    public init(
        _ first: Entry?, _ second: Entry? = nil, _ third: Entry? = nil, requestURI: Entry? = nil,
        isInDialog: Bool = true
    ) {
        self.first = first
        self.second = second
        self.third = third
        self.requestURI = requestURI
        self.isInDialog = isInDialog
    }

    /// - Parameters:
    ///   - pairs: whether double record-routing is on.
    ///   - strict: whether to look for a strict router behind us at all.
    ///   - always: whether a single Route of ours names the socket to send from, too.
    /// - Returns: nil when there is no Route.
    public func decide(pairs: Bool, strict: Bool, always: Bool) -> Decision? {
        guard let first else { return nil }
        if strict, isInDialog, let requestURI, requestURI.isMine {
            return afterStrictRouter(first, requestURI, pairs)
        }
        guard first.isMine else { return Decision(taken: 0, next: following(first, at: 0)) }

        // The other half of a pair may be on an interface of which we know nothing, so r2 is enough.
        if pairs, first.isPaired, let second, second.isMine || second.isPaired {
            return Decision(taken: 2, socketOf: 1, next: following(third, at: 2))
        }
        return Decision(taken: 1, socketOf: always ? 0 : nil, next: following(second, at: 1))
    }

    private func following(_ entry: Entry?, at index: Int) -> Decision.Next {
        guard let entry else { return .requestURI }
        return entry.isLoose ? .follow(index) : .become(index)
    }

    /// The Request-URI is the Route entry of ours: the previous hop moved it there.
    private func afterStrictRouter(_ first: Entry, _ requestURI: Entry, _ pairs: Bool) -> Decision {
        let isPair = pairs && requestURI.isPaired && first.isMine && first.isPaired
        let index = isPair ? 1 : 0
        let socketOf: Int? = isPair ? 0 : nil
        guard let entry = isPair ? second : first else {
            return Decision(taken: index, socketOf: socketOf, next: .requestURI)
        }
        return Decision(
            taken: index, socketOf: socketOf, next: entry.isLoose ? .restore(index) : .replace(index))
    }
}

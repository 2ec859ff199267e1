// SPDX-License-Identifier: Apache-2.0

/// Whether a request's Record-Route or Path gets a flow token, and which.
public enum OutboundUse: Equatable, Sendable {
    case no
    /// One of the way that the request came.
    case own
    /// The one in its Route: the request goes toward that client.
    case routed

    /// What a request says about it.
    public struct Facts: Sendable {
        /// The flags of `force_outbound_flag` and `force_no_outbound_flag`.
        public var isForced = false, isForbidden = false
        public var isRegister = false
        /// Exactly one: it comes from the client itself.
        public var hasOneVia = false
        /// The first Contact has a reg-id; or it is "*" in a request to remove everything.
        public var hasRegID = false
        /// The Contact URI has ;ob (RFC 5626, 4.3).
        public var contactHasOB = false
        /// nil: there is no Supported at all.
        public var supportsOutbound: Bool?
        public var route = Route.none
        public init() {}
    }
    /// The first Route.
    public enum Route: Equatable, Sendable {
        case none
        /// It cannot be read, is another server's, or a GRUU.
        case foreign
        /// Ours. `token` is what it is to the request: nil when there is no valid one.
        case mine(hasOB: Bool, token: Side?)
    }
    /// Where a token's flow leads, as the request sees it.
    public enum Side: Equatable, Sendable {
        /// The request came by that flow.
        case source
        /// To somebody else.
        case destination
    }

    public init(_ facts: Facts) {
        if facts.isForced {
            self = .own
        } else if facts.isForbidden {
            self = .no
        } else if facts.isRegister {
            self = facts.hasOneVia && facts.hasRegID ? .own : .no
        } else {
            switch facts.route {
            case .foreign: self = .no
            // A token of ours says where it goes, with or without ;ob.
            case .mine(_, token: .destination): self = .routed
            case .mine(hasOB: true, _): self = .own
            case .mine, .none:
                let claims = facts.supportsOutbound ?? true
                self = claims && facts.hasOneVia && facts.contactHasOB ? .own : .no
            }
        }
    }
}

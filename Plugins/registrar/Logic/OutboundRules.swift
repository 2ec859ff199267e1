// SPDX-License-Identifier: Apache-2.0

/// Path (RFC 3327) and SIP Outbound (RFC 5626), as far as a registrar decides about them.
public struct OutboundRules: Sendable {
    public enum Mode: Int, Sendable { case off, supported, required }
    public enum PathMode: Int, Sendable { case silent, lazy, strict }

    public var mode = Mode.off
    public var usesPath = false
    public var pathMode = PathMode.strict
    /// reg-id counts whoever stands between.
    public var trustsRegID = false
    /// Seconds; 0: no Flow-Timer.
    public var flowTimer = 0

    public init() {}

    /// What a REGISTER says about it.
    public struct Facts: Sendable {
        public var supported: OptionTags = []
        public var required: OptionTags = []
        public var viaCount = 1
        public var hasPath = false
        /// The topmost Path URI, that of the first hop as the registrar sees it, has ;ob.
        public var pathHasOB = false
        public var hasRegID = false
        public init() {}
    }

    /// Is reg-id to be used? It is, when every hop between keeps the flow.
    public func usesRegID(_ facts: Facts) throws(Refusal) -> Bool {
        let speaksOutbound = facts.supported.contains(.outbound) || facts.required.contains(.outbound)
        switch mode {
        case .off: if facts.required.contains(.outbound) { throw .outboundUnsupported }
        case .supported: break
        case .required: if !speaksOutbound { throw .noOutboundSupport }
        }
        if usesPath, facts.hasPath, pathMode == .strict, !facts.supported.contains(.path) {
            throw .noPathSupport
        }
        guard facts.hasRegID else { return false }
        if trustsRegID { return true }
        guard mode != .off, speaksOutbound else { return false }
        // One Via: nobody stands between, and the flow is ours.
        if facts.viaCount <= 1 { return true }
        if facts.hasPath, facts.pathHasOB { return true }
        throw .edgeLacksOutbound
    }

    /// Whether a 200 shows the Path.
    public func showsPath(_ facts: Facts) -> Bool {
        usesPath && facts.hasPath && pathMode != .silent && facts.supported.contains(.path)
    }

    /// What else a 200 says.
    public func answer(_ facts: Facts) -> (supports: Bool, requires: Bool, flowTimer: Int) {
        let speaksOutbound = facts.supported.contains(.outbound) || facts.required.contains(.outbound)
        let requires = mode == .required || mode == .supported && speaksOutbound
        return (mode != .off, requires, requires ? flowTimer : 0)
    }
}

// SPDX-License-Identifier: Apache-2.0
import CMartlet
import OutboundLogic
import PluginKit

let contact = Header("Contact")
let route = Header("Route")
let supported = Header("Supported")
let via = Header("Via")

/// Names that are no String: those would cost a reference count.
private enum Word {
    static var gr: StaticString { "gr" }
    static var ob: StaticString { "ob" }
    static var outbound: StaticString { "outbound" }
    static var regID: StaticString { "reg-id" }
    static var star: StaticString { "*" }
    static var tls: StaticString { "tls" }
    static var sips: StaticString { "sips" }
    static var transport: StaticString { "transport" }
}

/// Whether a request gets a flow token, and which one.
enum Using {
    /// - Parameter first: the URI of the first Route as it arrived, or absent.
    static func decide(_ message: Message, first: mt_str) -> OutboundUse {
        guard message.isRequest else { return .no }
        var facts = OutboundUse.Facts()
        let flags = message.flags
        facts.isForced = flags & Flags.force != 0
        facts.isForbidden = flags & Flags.forbid != 0
        if facts.isForced || facts.isForbidden { return OutboundUse(facts) }
        facts.isRegister = message.method == .register
        facts.hasOneVia = hasOneVia(message)
        // Most requests on their way to a client are known by their Route alone.
        if !facts.isRegister {
            facts.route = judge(message, first)
            if let tags = supportsOutbound(message) { facts.supportsOutbound = tags }
        }
        if facts.hasOneVia { readContact(message, &facts) }
        return OutboundUse(facts)
    }

    private static func hasOneVia(_ message: Message) -> Bool {
        var fields = message.headers(via)
        guard let only = fields.next(), fields.next() == nil else { return false }
        return only.body.firstIndex(of: UInt8(ascii: ",")) == nil
    }

    private static func readContact(_ message: Message, _ facts: inout OutboundUse.Facts) {
        guard let field = message.first(contact) else { return }
        var list = field.body
        if list.trimmed.equals(Word.star) {
            facts.hasRegID = message.number(.expires) == 0
            return
        }
        guard let address = list.takeAddress() else { return }
        facts.hasRegID = address.param(Word.regID) != nil
        if let uri = URI(address.uri) { facts.contactHasOB = uri.param(Word.ob) != nil }
    }

    /// nil: there is no Supported.
    private static func supportsOutbound(_ message: Message) -> Bool? {
        var fields = message.headers(supported)
        var isThere = false
        while let field = fields.next() {
            isThere = true
            var tags = field.body
            while let tag = tags.take(upTo: UInt8(ascii: ",")) {
                if tag.trimmed.equalsIgnoringCase(Word.outbound) { return true }
            }
        }
        return isThere ? false : nil
    }

    private static func judge(_ message: Message, _ first: mt_str) -> OutboundUse.Route {
        let uri = first.len > 0 ? first : firstRoute(message)
        guard let uri else { return .none }
        guard let parsed = URI(Text(unchecked: uri)), isOurs(parsed) else { return .foreign }
        var side: OutboundUse.Side?
        if !parsed.user.isEmpty, case .flow(let flow) = Tokens.read(parsed.user.raw) {
            let came = FlowName(message.flow.raw)
            side = came?.remote == flow.remote && came?.transport == flow.transport ? .source : .destination
        }
        return .mine(hasOB: parsed.param(Word.ob) != nil, token: side)
    }

    /// nil: there is no Route. An empty one cannot be read.
    static func firstRoute(_ message: Message) -> mt_str? {
        guard let field = message.first(route) else { return nil }
        var list = field.body
        return list.takeAddress()?.uri.raw ?? mt_str("")
    }

    /// Does a Route name this server? A GRUU of ours names a user agent instead (RFC 5627). A port that is not
    /// written is the default one.
    static func isOurs(_ uri: URI) -> Bool {
        if uri.param(Word.gr) != nil { return false }
        var raw = uri.raw
        if raw.port == 0 {
            var isTLS = uri.scheme.equalsIgnoringCase(Word.sips)
            if let transport = uri.param(Word.transport) {
                isTLS = isTLS || transport.equalsIgnoringCase(Word.tls)
            }
            raw.port = isTLS ? 5061 : 5060
        }
        return Server.net.pointee.mine(&raw)
    }
}

/// check_flow_token(): whether the token of the first Route leads anywhere.
func checkFlowToken(_ message: Message) -> Outcome {
    guard let field = message.first(route) else { return Outcome(-1) }
    var list = field.body
    guard let address = list.takeAddress(), let uri = URI(address.uri) else { return Outcome(-7) }
    guard Using.isOurs(uri) else { return Outcome(-2) }
    guard !uri.user.isEmpty else { return Outcome(-3) }
    switch Tokens.read(uri.user.raw) {
    case .noToken: return Outcome(-3)
    case .forged: return Outcome(-4)
    case .expired: return Outcome(-6)
    case .flow(let flow): return Tokens.way(of: flow) == nil ? Outcome(-5) : .yes
    }
}

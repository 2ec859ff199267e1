// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// The Contact headers of a REGISTER.
struct ContactReader {
    enum Kind { case none, star, list }

    private(set) var kind = Kind.none
    private(set) var hasRegID = false
    private var count = 0
    /// The first one: nearly always the only one, and then read once.
    private var first = mt_address()
    private var firstParameters = ContactParameters(.absent)

    init(_ message: Message) throws(Refusal) {
        var hasStar = false
        var fields = message.headers(Headers.contact)
        while let field = fields.next() {
            var list = field.body.trimmed
            if list.equals("*") {
                hasStar = true
                count += 1
                continue
            }
            while !list.trimmed.isEmpty {
                guard let address = list.takeAddress(), !address.uri.isEmpty, URI(address.uri) != nil else {
                    throw .badContact
                }
                let parameters = ContactParameters(address.params)
                if parameters.regID.ptr != nil { hasRegID = true }
                if count == 0 {
                    first = address.raw
                    firstParameters = parameters
                }
                count += 1
            }
        }
        if hasStar {
            guard count == 1 else { throw .starMixed }
            guard message.number(.expires) == 0 else { throw .starExpires }
            kind = .star
        } else if count > 0 {
            kind = .list
        }
    }

    /// In the message's memory.
    func contacts(
        _ message: Message, callID: mt_str, cseq: UInt32, path: PathReader, received: mt_str,
        usesRegID: Bool, keepsTimes: Bool
    ) throws(Refusal) -> UnsafeBufferPointer<ul_contact> {
        let shared = try Shared(
            message, callID: callID, cseq: cseq, path: path, received: received, usesRegID: usesRegID)
        let memory = message.allocate(MemoryLayout<ul_contact>.stride * count).bindMemory(to: ul_contact.self)
        var filled = 0
        func fill(_ address: mt_address, _ parameters: ContactParameters) throws(Refusal) {
            memory.initializeElement(
                at: filled,
                to: try shared.contact(address, parameters, usesRegID: usesRegID, keepsTimes: keepsTimes))
            filled += 1
        }
        if count == 1 {
            try fill(first, firstParameters)
            return UnsafeBufferPointer(memory)
        }
        var fields = message.headers(Headers.contact)
        while let field = fields.next() {
            var list = field.body.trimmed
            while filled < count, !list.trimmed.isEmpty, let address = list.takeAddress() {
                try fill(address.raw, ContactParameters(address.params))
            }
        }
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(memory)[0..<filled])
    }
}

/// What all contacts of one REGISTER have in common.
private struct Shared {
    private var blank = ul_contact()
    private let allow: UInt32
    private let header: Int?
    private let configured: Configured
    /// Where a client that keeps its flow to this server is reached.
    private var flow: FlowSource?
    private let expiry = Rules.expiry
    private let now = Loop.clock / 1000

    init(
        _ message: Message, callID: mt_str, cseq: UInt32, path: PathReader, received: mt_str,
        usesRegID: Bool
    ) throws(Refusal) {
        configured = Configured(message)
        header = message.number(.expires)
        // A header that is there, and no number.
        if header == nil, let field = message.first(Headers.expires), !field.body.isEmpty {
            throw .badExpires
        }
        var mask: UInt32 = 0
        var isListed = false
        var fields = message.headers(Headers.allow)
        while let field = fields.next() {
            mask |= Methods.mask(field.body)
            isListed = true
        }
        allow = isListed ? mask : UL_ANY_METHOD
        blank.size = UInt32(MemoryLayout<ul_contact>.size)
        blank.call_id = callID
        blank.cseq = cseq
        blank.path = path.joined
        blank.user_agent = message.header(Headers.userAgent).prefix(255).raw
        blank.received = path.received
        if blank.received.len == 0 { blank.received = received }
        guard blank.received.len <= contactMaxSize.value else { throw .contactTooLong }
        let came = message.flow
        blank.socket = configured.socket ?? came.socket.index
        blank.connection = came.connection
        if usesRegID, path.joined.len == 0, blank.received.len == 0, came.raw.protocol != 0 {
            flow = FlowSource(message)
        }
        blank.flags = UInt32(truncatingIfNeeded: message.flags)
        blank.cflags = UInt32(truncatingIfNeeded: message.number(.branchFlags) ?? 0)
    }

    func contact(_ address: mt_address, _ parameters: ContactParameters, usesRegID: Bool, keepsTimes: Bool)
        throws(Refusal) -> ul_contact
    {
        var contact = blank
        guard address.uri.len <= contactMaxSize.value else { throw .contactTooLong }
        contact.uri = address.uri
        contact.q = Int32(configured.q ?? defaultQ.value)
        if parameters.q.ptr != nil {
            guard let value = Quality.thousandths(Text(unchecked: parameters.q).trimmed) else { throw .badQ }
            contact.q = Int32(value)
        }
        contact.methods = allow
        if parameters.methods.ptr != nil {
            contact.methods = Methods.mask(Text(unchecked: parameters.methods))
        }
        if parameters.instance.ptr != nil {
            let value = parameters.instance
            guard value.len > 0, value.len <= 255 else { throw .badContact }
            contact.instance = value
        }
        if usesRegID, contact.instance.len > 0, parameters.regID.ptr != nil {
            // RFC 5626, 11.1: 1 to 2^31 - 1.
            guard let number = Text(unchecked: parameters.regID).trimmed.integer, number > 0,
                number <= Int(Int32.max)
            else {
                throw .badRegID
            }
            contact.reg_id = UInt32(number)
            if let flow, !flow.isNamed(by: contact.uri) { contact.received = flow.uri }
        }
        contact.expires = try expires(Text(unchecked: parameters.expires).trimmed, keepsTimes: keepsTimes)
        return contact
    }

    private func expires(_ text: Text, keepsTimes: Bool) throws(Refusal) -> Int64 {
        var parameter: Int?
        if !text.isAbsent {
            guard let number = text.integer, number >= 0 else { throw .badExpires }
            parameter = min(number, Int(UInt32.max))
        }
        // Only when it is wanted: drawing one asks the kernel.
        let random = keepsTimes || !expiry.varies ? nil : Double.random(in: 0..<1)
        switch expiry.verdict(parameter: parameter, header: configured.expires ?? header, random: random) {
        case .gone: return Int64(UL_GONE)
        case .tooBrief(let least): throw .tooBrief(least: least)
        case .seconds(let seconds): return Int64(now + seconds)
        }
    }
}

/// What the script has set for this one request.
struct Configured {
    var socket: UInt32?
    var expires: Int?
    var q: Int?
    var mostContacts: Int

    /// Where the request came from, as nathelper or the script has left it.
    static func received(_ call: borrowing Call) -> mt_str {
        guard let variable = receivedAVP.value, let value = call.read(variable), !value.text.isEmpty else {
            return mt_str()
        }
        return call.message.keep(value.text).raw
    }

    /// `aor_avp`: whose contacts are meant, when no argument says so; absent when it says nothing.
    static func address(_ call: borrowing Call) -> mt_str { text(call, aorAVP.value) }
    /// `reg_callid_avp`: the Call-ID that a contact has to have for registered(); absent when any will do.
    static func callID(_ call: borrowing Call) -> mt_str { text(call, callIDAVP.value) }

    private static func text(_ call: borrowing Call, _ variable: Expression?) -> mt_str {
        guard let variable, let value = call.read(variable), !value.text.isEmpty else { return mt_str() }
        return call.message.keep(value.text).raw
    }

    /// Whose contacts are meant: the argument says so, else `aor_avp`, else the message.
    @_lifetime(borrow call)
    static func address(_ call: borrowing Call, given: Text, otherwise: Text) -> Text {
        if !given.isEmpty { return Text(given.raw, in: call) }
        let named = address(call)
        return Text(named.len > 0 ? named : otherwise.raw, in: call)
    }

    /// `$xavp(cfg=>rlf_bflags)`: the branch flags of which a contact has to have one for lookup().
    static func wantedFlags(_ message: Message) -> UInt32 {
        guard let name = xavpConfig.value, let value = message.attributes(.xavp).get(name, "rlf_bflags"),
            let number = value.int
        else { return 0 }
        return UInt32(truncatingIfNeeded: number)
    }

    init(_ message: Message) {
        mostContacts = maxContacts.value
        if sockFlag.value >= 0, !sockHeader.value.isEmpty, message.flags >> UInt(sockFlag.value) & 1 != 0 {
            var fields = message.headers()
            while let field = fields.next() {
                guard field.text.equalsIgnoringCase(sockHeader.value) else { continue }
                let found = Server.net.pointee.find_socket(field.body.trimmed.raw)
                if found != UInt32.max { socket = found }
                break
            }
        }
        guard let name = xavpConfig.value else { return }
        let settings = message.attributes(.xavp)
        if let value = settings.get(name, "max_contacts"), let number = value.int { mostContacts = number }
        if let value = settings.get(name, "expires"), let number = value.int { expires = number }
        if let value = settings.get(name, "q"), let number = value.int { q = min(max(number, -1), 1000) }
        if let value = settings.get(name, "socket"), !value.text.isEmpty {
            let found = Server.net.pointee.find_socket(value.text.raw)
            if found != UInt32.max { socket = found }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Something with a value.
public struct Expression: Sendable {
    public indirect enum Kind: Sendable {
        /// 32 bits, signed, as the language has it.
        case integer(Int32)
        case string(Text)
        /// As written, `$ru` or `$(hdr(Via)[1]{s.len})`; for the parser of variables.
        case variable(Text)
        case select(Select)
        case operand(Operand)
        case myself
        /// What stands on the right of `method ==`, `src_ip ==` and the like, and what is given to a core
        /// function, without quotes.
        case word(String)
        case network(Subnet)
        case socket(Socket)
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        /// `strlen(x)`, `strempty(x)`, `selval(c, a, b)`.
        case builtin(Builtin, [Expression])
        case call(Call)
        /// `route(NAME)`; a bare name is a string by now.
        case route(Expression)
        /// `($var(x) = 3)`; its value is that of an assignment, 1.
        case assign(target: Expression, value: Expression)
    }

    public var kind: Kind
    /// All of it, as far as it stands in one line.
    public var place: Place
    /// It stands in parentheses of its own.
    public var enclosed = false

    public init(_ kind: Kind, at place: Place) {
        self.kind = kind
        self.place = place
    }
}

/// `@via[2].host`, `@msg.header["Name"]`.
public struct Select: Sendable, Equatable {
    public enum Part: Sendable, Equatable {
        case name(String)
        case index(Int)
        case key(Text)
    }

    public var parts: [Part]
    /// As written, without blanks.
    public var text: String
}

/// What may stand on the left of a comparison and nowhere else: each has comparison rules of its own.
public enum Operand: String, Sendable, CaseIterable {
    case method, uri, status
    case fromURI = "from_uri"
    case toURI = "to_uri"
    case sourceAddress = "src_ip"
    case destinationAddress = "dst_ip"
    case sourcePort = "src_port"
    case destinationPort = "dst_port"
    case transport = "proto"
    case family = "af"
    case length = "msg:len"
    case sentAddress = "snd_ip"
    case sentPort = "snd_port"
    case sentTransport = "snd_proto"
    case sentFamily = "snd_af"
    case targetAddress = "to_ip"
    case targetPort = "to_port"
    case targetTransport = "to_proto"
    case targetFamily = "to_af"

    public enum Kind: Sendable { case method, uri, address, number, transport }

    public var kind: Kind {
        switch self {
        case .method: .method
        case .uri, .status, .fromURI, .toURI: .uri
        case .sourceAddress, .destinationAddress, .sentAddress, .targetAddress: .address
        case .transport, .sentTransport, .targetTransport: .transport
        case .sourcePort, .destinationPort, .family, .length, .sentPort, .sentFamily, .targetPort,
            .targetFamily:
            .number
        }
    }
}

/// An address or a range of them: 16 bytes in network order, of which IPv4 uses the first 4.
public struct Subnet: Sendable, Equatable {
    public var isIPv6: Bool
    public var bytes: [UInt8]
    /// Bits that count, 32 or 128 for one address.
    public var bits: Int
}

/// `udp:192.0.2.1:5060`, given to force_send_socket; `host` and `host, port` given to forward.
public struct Socket: Sendable, Equatable {
    public var transport: String?
    public var host: Text
    public var port: Int?
}

public enum UnaryOperator: String, Sendable {
    case not = "!"
    case minus = "-"
    case complement = "~"
    case defined
    case toInteger = "(int)"
    case toString = "(str)"
}

public enum BinaryOperator: String, Sendable {
    case or = "||"
    case and = "&&"
    case bitOr = "|"
    case bitAnd = "&"
    case bitXor = "^"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case equal = "=="
    case unequal = "!="
    case matches = "=~"
    case equalText = "eq"
    case unequalText = "ne"
    case equalInteger = "ieq"
    case unequalInteger = "ine"
    case greater = ">"
    case less = "<"
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case modulo = "mod"
}

public enum Builtin: String, Sendable, CaseIterable {
    case strlen, strempty, selval
}

/// The call of a function: of the core when `core` is there, otherwise of a plugin.
///
/// Arguments of a plugin's function are any expressions but calls. Those of core functions are constants,
/// words, sockets; how many and which is checked by the parser already.
public struct Call: Sendable {
    public var name: Placed<String>
    public var core: CoreFunction?
    public var arguments: [Expression]
}

/// The functions of the language itself. Raw values are the names to print; spellings are in the parser's
/// table.
public enum CoreFunction: String, Sendable, CaseIterable {
    case forward
    case forwardUDP = "forward_udp"
    case forwardTCP = "forward_tcp"
    case forwardTLS = "forward_tls"
    case forwardSCTP = "forward_sctp"
    case log
    case error
    case exec
    case setFlag = "setflag"
    case resetFlag = "resetflag"
    case isFlagSet = "isflagset"
    case setAVPFlag = "setavpflag"
    case resetAVPFlag = "resetavpflag"
    case isAVPFlagSet = "isavpflagset"
    case setHost = "sethost"
    case setHostPort = "sethostport"
    case setHostPortTransport = "sethostporttrans"
    case setUser = "setuser"
    case setUserPassword = "setuserpass"
    case setPort = "setport"
    case setURI = "seturi"
    case prefix
    case strip
    case stripTail = "strip_tail"
    case userPhone = "userphone"
    case revertURI = "revert_uri"
    case removeBranch = "remove_branch"
    case clearBranches = "clear_branches"
    case forceRport = "force_rport"
    case addLocalRport = "add_local_rport"
    case forceTCPAlias = "force_tcp_alias"
    case forceSendSocket = "force_send_socket"
    case setAdvertisedAddress = "set_advertised_address"
    case setAdvertisedPort = "set_advertised_port"
    case setForwardNoConnect = "set_forward_no_connect"
    case setForwardClose = "set_forward_close"
    case setReplyNoConnect = "set_reply_no_connect"
    case setReplyClose = "set_reply_close"
    case udpMTUTryProto = "udp_mtu_try_proto"
    case cfgSelect = "cfg_select"
    case cfgReset = "cfg_reset"
}

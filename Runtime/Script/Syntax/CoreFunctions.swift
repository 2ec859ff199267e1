// SPDX-License-Identifier: Apache-2.0

/// How the functions of the language are spelled, and what stands in their parentheses.
enum CoreFunctions {
    enum Arguments {
        /// Nothing; `bare` ones may do without the parentheses.
        case none(bare: Bool)
        case text
        case texts
        case number
        /// A number or nothing; `bare` as above.
        case optionalNumber(bare: Bool)
        case flag
        case avpFlag
        /// `log([level,] text)`.
        case log
        /// `forward(host, port)`, `forward(uri:host, uri:port)`; `forward()` where it may be empty.
        case destination(mayBeEmpty: Bool)
        case socket
        case host
        case transport
        case select
    }

    static let spellings: [String: (function: CoreFunction, arguments: Arguments)] = {
        var spellings: [String: (function: CoreFunction, arguments: Arguments)] = [:]
        for (names, function, arguments) in table {
            for name in names.split(separator: " ") { spellings[String(name)] = (function, arguments) }
        }
        return spellings
    }()

    private static let table: [(String, CoreFunction, Arguments)] = [
        ("forward", .forward, .destination(mayBeEmpty: true)),
        ("forward_udp", .forwardUDP, .destination(mayBeEmpty: false)),
        ("forward_tcp", .forwardTCP, .destination(mayBeEmpty: false)),
        ("forward_tls", .forwardTLS, .destination(mayBeEmpty: false)),
        ("forward_sctp", .forwardSCTP, .destination(mayBeEmpty: false)),
        ("log", .log, .log),
        ("error", .error, .texts),
        ("exec", .exec, .text),
        ("setflag", .setFlag, .flag),
        ("resetflag", .resetFlag, .flag),
        ("isflagset", .isFlagSet, .flag),
        ("setavpflag", .setAVPFlag, .avpFlag),
        ("resetavpflag", .resetAVPFlag, .avpFlag),
        ("isavpflagset", .isAVPFlagSet, .avpFlag),
        ("sethost seth rewritehost", .setHost, .text),
        ("sethostport sethp rewritehostport", .setHostPort, .text),
        ("sethostporttrans sethpt rewritehostporttrans", .setHostPortTransport, .text),
        ("setuser setu rewriteuser", .setUser, .text),
        ("setuserpass setup rewriteuserpass", .setUserPassword, .text),
        ("setport setp rewriteport", .setPort, .text),
        ("seturi rewriteuri", .setURI, .text),
        ("prefix", .prefix, .text),
        ("strip", .strip, .number),
        ("strip_tail", .stripTail, .number),
        ("userphone", .userPhone, .none(bare: false)),
        ("revert_uri", .revertURI, .none(bare: true)),
        ("remove_branch", .removeBranch, .optionalNumber(bare: false)),
        ("clear_branches", .clearBranches, .none(bare: false)),
        ("force_rport add_rport", .forceRport, .none(bare: true)),
        ("add_local_rport", .addLocalRport, .none(bare: true)),
        ("force_tcp_alias add_tcp_alias", .forceTCPAlias, .optionalNumber(bare: true)),
        ("force_send_socket", .forceSendSocket, .socket),
        ("set_advertised_address", .setAdvertisedAddress, .host),
        ("set_advertised_port", .setAdvertisedPort, .number),
        ("set_forward_no_connect", .setForwardNoConnect, .none(bare: true)),
        ("set_forward_close", .setForwardClose, .none(bare: true)),
        ("set_reply_no_connect", .setReplyNoConnect, .none(bare: true)),
        ("set_reply_close", .setReplyClose, .none(bare: true)),
        ("udp_mtu_try_proto", .udpMTUTryProto, .transport),
        ("cfg_select", .cfgSelect, .select),
        ("cfg_reset", .cfgReset, .text),
    ]
}

// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// One name of the language: what it reads, what may follow it, and whether it can be assigned.
struct VariableName {
    /// What stands in parentheses after the name.
    enum Key {
        case none
        /// One of these words.
        case words([(String, VariablePart)])
        /// A header's name, constant or computed.
        case header
        /// Any text, constant or computed.
        case text
        /// Any text, and variables in it are not looked for.
        case verbatim
        /// Another variable.
        case variable
        case avp, nested, scriptVariable, number
    }

    let operation: VariableOperation
    var part = VariablePart.whole
    var key = Key.none
    var takesIndex = false
    var isWritable = false
    var number: Int64 = 0

    static func names() -> [String: VariableName] {
        var all: [String: VariableName] = [:]
        func add(
            _ names: String..., is operation: VariableOperation, _ part: VariablePart = .whole,
            key: Key = .none,
            index: Bool = false, writable: Bool = false, number: Int64 = 0
        ) {
            for name in names {
                all[name] = VariableName(
                    operation: operation, part: part, key: key, takesIndex: index, isWritable: writable,
                    number: number)
            }
        }

        add("null", is: .null)
        add("rc", "?", "retcode", is: .returnCode)
        add("true", is: .constant, number: 1)

        add("ru", "ruri", is: .requestURI, writable: true)
        add("rU", "ruri.user", is: .requestURI, .user, writable: true)
        add("rd", "ruri.domain", is: .requestURI, .host, writable: true)
        add("rp", is: .requestURI, .port, writable: true)
        add("rP", is: .requestURI, .transport)
        add("rz", is: .requestURI, .scheme)
        add("rUl", is: .requestURI, .userLength)
        add("rul", is: .requestURI, .wholeLength)
        add("ou", "ouri", is: .originalURI)
        add("oU", is: .originalURI, .user)
        add("od", is: .originalURI, .host)
        add("op", is: .originalURI, .port)
        add("oP", is: .originalURI, .transport)
        add("oz", is: .originalURI, .scheme)
        add("oUl", is: .originalURI, .userLength)
        add("du", "duri", is: .destinationURI, writable: true)
        add("dd", is: .destinationURI, .host)
        add("dp", is: .destinationURI, .port)
        add("dP", is: .destinationURI, .transport)
        add(
            "nh", is: .nextHop,
            key: .words([
                ("u", .whole), ("U", .user), ("d", .host), ("p", .port), ("P", .transport),
            ]))

        for (letter, long, operation) in [("f", "from", VariableOperation.from), ("t", "to", .to)] {
            add(letter + "u", long, is: operation, writable: true)
            add(letter + "U", long + ".user", is: operation, .user, writable: true)
            add(letter + "d", long + ".domain", is: operation, .host, writable: true)
            add(letter + "n", is: operation, .display, writable: true)
            add(letter + "t", is: operation, .tag)
            add(letter + "Ul", is: operation, .userLength)
        }
        add("ai", is: .asserted, index: true)
        add("pu", is: .preferred, index: true)
        add("pU", is: .preferred, .user, index: true)
        add("pd", is: .preferred, .host, index: true)
        add("pn", is: .preferred, .display, index: true)
        add("re", is: .remoteParty)
        add("rt", is: .referTo)
        add("di", is: .diversion)
        add("dir", is: .diversion, .reason)
        add("dip", is: .diversion, .privacy)
        add("dic", is: .diversion, .counter)

        add("ds", is: .destinationSet)
        add("br", is: .firstBranch, writable: true)
        add("bR", is: .allBranches)
        let branchParts: Key = .words([
            ("count", .count), ("uri", .uri), ("dst_uri", .nextHop), ("path", .path), ("q", .q),
            ("send_socket", .socket), ("flags", .flags), ("ruid", .ruid), ("instance", .instance),
            ("location_ua", .userAgent), ("otcpid", .connection),
        ])
        add("branch", is: .branch, key: branchParts, index: true, writable: true)
        add("sbranch", is: .scratchBranch, key: branchParts, writable: true)
        add("fs", is: .sendSocket, writable: true)
        add("fsn", is: .sendSocketName, writable: true)
        add("fsp", is: .sendSocketPort)

        add(
            "rpl", is: .replyPart,
            key: .words([
                ("duri", .whole), ("dhost", .host), ("dport", .port), ("dproto", .transport),
                ("dprotoid", .shortProto),
                ("cntvia", .count), ("cntrr", .params),
            ]))
        add("ksr", is: .version, key: .words([("verval", .value)]), number: 1)

        add("rm", is: .method)
        add("rmid", is: .methodNumber)
        add("rs", is: .status)
        add("rsi", is: .statusNumber)
        add("rr", is: .reason)
        add("rv", is: .version)
        add("mt", is: .messageType)
        add("mts", is: .messageTypeName)
        add("ci", is: .callID)
        add("cs", is: .cseq)
        add("csb", is: .cseqBody)
        add("cl", is: .contentLength)
        add("cT", is: .contentType)
        add("ct", is: .contact)
        add("ua", is: .userAgent)
        add("rb", is: .body)
        add("bs", is: .bodySize)
        add("mb", is: .buffer)
        add("mbu", is: .currentBuffer)
        add("ml", is: .length)
        add("mi", is: .serial)
        add(
            "msg", is: .messagePart,
            key: .words([
                ("buf", .buffer), ("len", .length), ("fline", .firstLine), ("hdrs", .headers),
                ("body", .body),
                ("body_len", .bodySize), ("lpart", .lastPart), ("fpart", .whole), ("hdrs_len", .headersSize),
            ]))
        add("hdr", is: .header, key: .header, index: true)
        add("hdrc", is: .headerCount, key: .header)
        add("hfl", is: .headerValue, key: .header, index: true)
        add("hflc", is: .headerValueCount, key: .header)
        let viaParts: Key = .words([
            ("host", .host), ("port", .port), ("proto", .proto), ("protoid", .shortProto),
            ("branch", .branch),
            ("rport", .rport), ("received", .received), ("i", .count),
        ])
        add("via0", is: .viaPart, key: viaParts, number: 0)
        add("via1", is: .viaPart, key: viaParts, number: 1)
        add("viaZ", is: .viaPart, key: viaParts, number: -1)

        add("si", "src_ip", is: .sourceAddress)
        add("siz", is: .sourceAddress, .bracketed)
        add("sp", is: .sourcePort)
        add("su", is: .sourceURI)
        add("sut", is: .sourceURI, .full)
        add("sas", is: .sourceSocket)
        add("Ri", is: .receivedAddress)
        add("Rp", is: .receivedPort)
        add("Ru", is: .receivedURI)
        add("Rut", is: .receivedURI, .full)
        add("Ras", is: .receivedSocket)
        add("Rn", is: .receivedName)
        add("RAi", is: .advertisedAddress)
        add("RAp", is: .advertisedPort)
        add("RAu", is: .advertisedURI)
        add("RAut", is: .advertisedURI, .full)
        add("pr", "proto", is: .transport)
        add("prid", is: .transportNumber)
        add("af", is: .addressFamily, key: .words([("id", .whole), ("name", .name)]))
        add("conid", is: .connection)
        let sent: Key = .words([
            ("ip", .ip), ("port", .port), ("proto", .proto), ("sproto", .shortProto), ("af", .family),
            ("len", .length), ("buf", .buffer),
        ])
        add("snd", "sndto", is: .sentTo, key: sent)
        add("sndfrom", is: .sentFrom, key: sent)

        for (letter, operation) in [("m", VariableOperation.flags), ("s", .scriptFlags), ("b", .branchFlags)]
        {
            add(letter + "f", is: operation, writable: true)
            add(letter + "F", is: operation, .hexadecimal, writable: true)
            add(letter.uppercased() + "f", is: operation, .single, key: .number, writable: true)
        }

        add("au", is: .digest, .userName)
        add("ar", is: .digest, .realm)
        add("adu", is: .digest, .digestURI)
        add("ad", is: .digest, .domain)
        add("aU", is: .digest, .user)
        add("aa", is: .digest, .algorithm)
        add("adn", is: .digest, .nonce)
        add("adc", is: .digest, .cnonce)
        add("adr", is: .digest, .response)
        add("ado", is: .digest, .opaque)
        add("Au", is: .accountUser)
        add("AU", is: .accountUser, .user)

        add("avp", is: .attribute, key: .avp, index: true, writable: true)
        add("xavp", is: .nestedAttribute, key: .nested, writable: true, number: Int64(MT_A_XAVP))
        add("xavu", is: .nestedAttribute, key: .nested, writable: true, number: Int64(MT_A_XAVU))
        add("xavi", is: .nestedAttribute, key: .nested, writable: true, number: Int64(MT_A_XAVI))
        add("var", "vz", is: .scriptVariable, key: .scriptVariable, writable: true)
        add("vn", is: .nullableScriptVariable, key: .scriptVariable, writable: true)
        add("shv", is: .shared, key: .scriptVariable, writable: true)

        add("Ts", is: .unixTime)
        add("TS", is: .unixTimeNow)
        add("Tf", is: .timeText)
        add("TF", is: .timeTextNow)
        add("Tb", is: .startTime)
        let fields: [(String, VariablePart)] = [
            ("sec", .second), ("min", .minute), ("hour", .hour), ("mday", .dayOfMonth), ("mon", .month),
            ("year", .year), ("wday", .weekday), ("yday", .dayOfYear), ("isdst", .daylight),
        ]
        add("time", is: .timeField, key: .words(fields))
        add("utime", is: .timeField, key: .words(fields), number: 1)
        add("timef", is: .timeFormat, key: .text)
        add("utimef", is: .timeFormat, key: .text, number: 1)
        add(
            "TV", is: .timeOfDay,
            key: .words([
                ("s", .seconds), ("u", .microseconds), ("sn", .secondsNow), ("un", .microsecondsNow),
                ("Sn", .joinedNow),
                ("Sm", .joined),
            ]))

        add("pp", is: .process)
        add("sid", is: .serverID)
        add("version", is: .version, key: .words([("num", .count), ("full", .full)]), number: 1)
        add("expires", is: .expires, key: .words([("min", .least), ("max", .most)]))
        add("err.class", is: .errorInfo)
        add("err.level", is: .errorInfo, .level)
        add("err.info", is: .errorInfo, .info)
        add("err.rcode", is: .errorInfo, .code)
        add("err.rreason", is: .errorInfo, .reason)

        add("stat", is: .statistic, key: .text)
        add("cnt", is: .count, key: .variable)
        add("sel", is: .select, key: .verbatim)
        add("_s", is: .formatted, key: .text)
        add("ccp", is: .setting, key: .text, writable: true)
        return all
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The messages that a rehearsal shows to a plugin: plain ones, and legal ones that are seldom seen.
enum Messages {
    /// As on the wire.
    static var requests: [[UInt8]] { (plain + odd).map { wire($0.head, $0.body) } }
    static var replies: [[UInt8]] { answers.map { wire($0, "") } }

    private static func wire(_ head: String, _ body: String) -> [UInt8] {
        let lines = head.split(separator: "\n", omittingEmptySubsequences: false)
        return Array(
            "\(lines.joined(separator: "\r\n"))\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    private static let plain: [(head: String, body: String)] = [
        (
            """
            INVITE sip:bob@127.0.0.1:9 SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKcheck1;rport
            Max-Forwards: 70
            From: "Alice" <sip:alice@example.com>;tag=1
            To: <sip:bob@example.com>
            Call-ID: check-1@127.0.0.1
            CSeq: 1 INVITE
            Contact: <sip:alice@127.0.0.1:9;transport=udp>;expires=60
            Record-Route: <sip:127.0.0.1:9;lr>
            Supported: timer, path
            Session-Expires: 1800;refresher=uac
            Content-Type: application/sdp
            """,
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
        ),
        (
            """
            REGISTER sip:127.0.0.1 SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKcheck2
            Max-Forwards: 70
            From: <sip:alice@example.com>;tag=2
            To: <sip:alice@example.com>
            Call-ID: check-2@127.0.0.1
            CSeq: 2 REGISTER
            Contact: *
            Expires: 0
            """, ""
        ),
        (
            """
            BYE sip:bob@127.0.0.1:9 SIP/2.0
            Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKcheck3
            Route: <sip:127.0.0.1:9;lr>, <sip:127.0.0.1:10;lr>
            From: <sip:alice@example.com>;tag=1
            To: <sip:bob@example.com>;tag=2
            Call-ID: check-3@127.0.0.1
            CSeq: 3 BYE
            """, ""
        ),
    ]

    private static let odd: [(head: String, body: String)] = [
        (
            """
            OPTIONS tel:+1-201-555-0123;phone-context=example.com SIP/2.0
            v: SIP / 2.0 / UDP
              127.0.0.1:9 ;
              branch = z9hG4bKcheck4 , SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bKcheck5
            f: sip:alice@example.com ; tag = 4
            t: "a \\"quoted\\" < name" <sips:bob%40@[2001:db8::9]:5061;maddr=127.0.0.1;x=%41?subject=a%20b>
            i: check-4
            CSeq: 2147483647  OPTIONS
            m: <sip:a@127.0.0.1:9>;q=0.5;+sip.instance="<urn:uuid:0>", sip:b@127.0.0.1:9
            k:
            X:
            x-Check: ü, \t,,
             folded
            """, ""
        ),
        (
            """
            !odd-Method_%*+`'~ sip:%00@127.0.0.1:9;lr SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:9;branch=1
            From: <sip:@127.0.0.1>
            To: <sip:127.0.0.1>
            Call-ID: check-5
            CSeq: 0 !odd-Method_%*+`'~
            Max-Forwards: 0
            Proxy-Require: a, b
            """, String(repeating: "\0", count: 5000)
        ),
    ]

    private static let answers = [
        """
        SIP/2.0 200 OK
        Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKcheck6, SIP/2.0/UDP 127.0.0.1:10;branch=z9hG4bKcheck7
        From: <sip:alice@example.com>;tag=1
        To: <sip:bob@example.com>;tag=2
        Call-ID: check-6
        CSeq: 1 INVITE
        Contact: <sip:bob@127.0.0.1:9>
        Record-Route: <sip:127.0.0.1:9;lr>
        """,
        """
        SIP/2.0 699
        Via: SIP/2.0/UDP 127.0.0.1:9
        From: <sip:a@127.0.0.1>
        To: <sip:b@127.0.0.1>
        Call-ID: check-7
        CSeq: 2147483647 NOTIFY
        """,
    ]
}

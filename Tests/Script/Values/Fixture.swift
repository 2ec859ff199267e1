// SPDX-License-Identifier: Apache-2.0

/// Messages as on the wire; line ends become CRLF.
enum Fixture {
    static let invite = """
        INVITE sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone SIP/2.0
        Via: SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bKnashds8;rport
        Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKsecond;received=10.0.0.9
        Max-Forwards: 70
        To: "Bob B" <sip:bob@biloxi.example.com>;tag=totag1
        From: "Alice A" <sip:alice@atlanta.example.com:5070;lr>;tag=1928301774
        Call-ID: a84b4c76e66710@pc33.atlanta.example.com
        CSeq: 314159 INVITE
        Contact: <sip:alice@pc33.atlanta.example.com>;expires=300, <sip:al2@host2>;expires=60
        User-Agent: friendly-scanner 1.0
        P-Asserted-Identity: "PAI" <sip:pai@example.org>
        P-Preferred-Identity: <sip:ppi:pw@example.net:5999>
        Remote-Party-ID: "R" <sip:rpid@example.net>;party=calling
        Refer-To: <sip:refer@example.net?Replaces=1>
        Diversion: <sip:div@example.net>;reason=user-busy;privacy=full;counter=3
        Authorization: Digest username="alice@atl", realm="atlanta.example.com", nonce="84a4cc6f3082121f32b42a2187831a9e", uri="sip:x@y", response="7587245234b3434cc3412213e5f113a5", algorithm=MD5, cnonce="abc", nc=00000001, qop=auth, opaque="op"
        X-Test: one
        X-Test: two, three
        X-Empty:
        Route: <sip:r1.example.com;lr>, <sip:r2.example.com;lr>
        Route: <sip:r3.example.com;lr>
        Expires: 120
        Content-Type: application/sdp
        Content-Length: 10

        v=0
        s=-

        """

    static func options(
        _ uri: String, to: String = "<sip:bob@biloxi.example.com>", from: String, method: String = "OPTIONS"
    )
        -> String
    {
        """
        \(method) \(uri) SIP/2.0
        Via: SIP/2.0/UDP [2001:db8::9]:5066;branch=z9hG4bKnashds8
        To: \(to)
        From: \(from)
        Call-ID: a84b4c76e66710@pc33
        CSeq: 1 \(method)
        Max-Forwards: 70
        Contact: *
        Content-Length: 0


        """
    }

    static let ringing = """
        SIP/2.0 180 Ringing now
        Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKnashds8
        Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKsecond
        To: <sip:bob@biloxi.example.com>;tag=totag1
        From: <sip:alice@atlanta.example.com>;tag=1928301774
        Call-ID: a84b4c76e66710@pc33
        CSeq: 2 INVITE
        Server: srv
        Content-Length: 0


        """

    static let register = """
        REGISTER sip:example.com SIP/2.0
        Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKnashds8
        To: <sip:bob@biloxi.example.com>
        From: <sip:bob@biloxi.example.com>;tag=1
        Call-ID: a84b4c76e66710@pc33
        CSeq: 1 REGISTER
        Max-Forwards: 70
        Contact: <sip:a@b>, <sip:c@d>;expires=30
        Expires: 600
        Authorization: Digest username="alice", realm="r1", nonce="n1", uri="sip:x", response="1"
        Content-Length: 0


        """
}

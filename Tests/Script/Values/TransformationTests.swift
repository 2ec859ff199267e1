// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@testable import Script

/// Transformations: the input, what is done with it, what comes out. Measured against Kamailio 5.6.3.
@Suite struct TransformationTests {
    /// `"input{s.len}"`, split at the first brace.
    private func check(_ rows: [(String, String, String)], _ location: SourceLocation = #_sourceLocation)
        throws
    {
        let bench = try Bench()
        for (input, transformation, expected) in rows {
            bench.set("$var(t)", input)
            #expect(
                bench.text("$(var(t)\(transformation))") == expected, "\(input) \(transformation)",
                sourceLocation: location)
        }
    }

    @Test func `lengths, numbers, case`() throws {
        try check([
            ("abcdefghij", "{s.len}", "10"),
            ("", "{s.len}", "0"),
            ("123", "{s.int}", "123"),
            ("abc", "{s.int}", ""),
            ("", "{s.int}", ""),
            ("aBc", "{s.toupper}", "ABC"),
            ("aBc", "{s.tolower}", "abc"),
            ("aBc", "{s.toupper}{s.len}", "3"),
            ("abc", "{s.LEN}", "3"),
            ("a1b2", "{s.numeric}", "12"),
            ("abc", "{s.numeric}", ""),
        ])
    }

    @Test func `parts by position`() throws {
        let t = "abcdefghij"
        try check([
            (t, "{s.substr,0,3}", "abc"),
            (t, "{s.substr,2,0}", "cdefghij"),
            (t, "{s.substr,-3,0}", "hij"),
            (t, "{s.substr,-3,2}", "hi"),
            (t, "{s.substr,-3,5}", "hij"),
            (t, "{s.substr,3,100}", "defghij"),
            (t, "{s.substr,9,1}", "j"),
            (t, "{s.substr,-10,3}", "abc"),
            (t, "{s.substr,10,1}", ""),
            (t, "{s.substr,20,1}", ""),
            (t, "{s.substr,-20,1}", ""),
            ("", "{s.substr,0,0}", ""),
            (t, "{s.strip,3}", "defghij"),
            (t, "{s.strip,10}", ""),
            (t, "{s.strip,20}", ""),
            (t, "{s.strip,-1}", t),
            (t, "{s.striptail,3}", "abcdefg"),
            (t, "{s.striptail,10}", ""),
            (t, "{s.striptail,0}", t),
            (t, "{s.stripto,d}", "defghij"),
            (t, "{s.stripto,z}", ""),
            (t, "{s.stripto,a}", t),
        ])
    }

    @Test func `parts between separators`() throws {
        let s = "a,b,c,,e"
        try check([
            (s, "{s.select,0,,}", "a"),
            (s, "{s.select,1,,}", "b"),
            (s, "{s.select,3,,}", ""),
            (s, "{s.select,4,,}", "e"),
            (s, "{s.select,5,,}", ""),
            (s, "{s.select,-1,,}", "e"),
            (s, "{s.select,-2,,}", ""),
            (s, "{s.select,-5,,}", "a"),
            (s, "{s.select,-6,,}", ""),
            ("", "{s.select,0,,}", ""),
            ("abcdefghij", "{s.select,1,e}", "fghij"),
            ("abcdefghij", "{s.select,0,z}", "abcdefghij"),
            ("abcdefghij", "{s.select,1,z}", ""),
            ("abcdefghij", "{s.select,-1,z}", "abcdefghij"),
            ("a:b:c", "{s.before,:}", "a"),
            ("a:b:c", "{s.after,:}", "b:c"),
            ("a:b:c", "{s.rbefore,:}", "a:b"),
            ("a:b:c", "{s.rafter,:}", "c"),
            (":abc:", "{s.before,:}", ""),
            (":abc:", "{s.rafter,:}", ""),
            ("abc", "{s.before,:}", "abc"),
            ("abc", "{s.after,:}", ""),
            ("abc", "{s.rbefore,:}", "abc"),
            ("abc", "{s.rafter,:}", ""),
            ("abcabc", "{s.count,b}", "2"),
            ("abcabc", "{s.count,z}", "0"),
        ])
    }

    @Test func `blanks, quotes, replacements`() throws {
        try check([
            (" a b ", "{s.trim}", "a b"),
            (" a b ", "{s.ltrim}", "a b "),
            (" a b ", "{s.rtrim}", " a b"),
            ("  ", "{s.trim}", ""),
            ("a b  c", "{s.rmws}", "abc"),
            ("abcdefghij", "{s.rm,cde}", "abfghij"),
            ("abcabc", "{s.rm,b}", "acac"),
            ("abc", "{s.rm,zz}", "abc"),
            ("abcabc", "{s.replace,b,XX}", "aXXcaXXc"),
            ("abcabc", "{s.replace,zz,X}", "abcabc"),
            ("aaa", "{s.replace,a,aa}", "aaaaaa"),
            ("abcabc", "{s.replace,bc,}", "aa"),
            ("\"abc\"", "{s.unquote}", "abc"),
            ("'abc'", "{s.unquote}", "abc"),
            ("\"abc", "{s.unquote}", "\"abc"),
            ("<abc>", "{s.unbracket}", "abc"),
            ("[abc]", "{s.unbracket}", "abc"),
            ("abc", "{s.unbracket}", "abc"),
            ("abcd", "{s.prefixes}", "a,ab,abc,abcd"),
            ("abcdefghij", "{s.prefixes,3}", "a,ab,abc"),
            ("abcdefghij", "{s.prefixes.quoted,3}", "'a','ab','abc'"),
            ("", "{s.prefixes}", ""),
            ("abcdefgh", "{s.fmtlines,3,1}", "abc\r\n def\r\n gh"),
            ("abcdefgh", "{s.fmtlinet,4,2}", "abcd\r\n\t\tefgh"),
            ("86400", "{s.ftime,%Y-%m-%d}", "1970-01-02"),
        ])
    }

    @Test func `digests and hashes`() throws {
        let t = "abcdefghij"
        try check([
            ("", "{s.md5}", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "{s.md5}", "900150983cd24fb0d6963f7d28e17f72"),
            (t, "{s.md5}", "a925576942e94b2ef57a066101b48876"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890", "{s.md5}",
                "57edf4a22be3c955ac49da2e2107b67a"
            ),
            ("", "{s.sha1}", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "{s.sha1}", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "{s.sha1}",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
            ("", "{s.sha256}", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (t, "{s.sha256}", "72399361da6a7754fec986dca5b7cbaf1c810a28ded4abaf56b2106d06cb78b0"),
            (
                t, "{s.sha384}",
                "a12070030a02d86b0ddacd0d3a5b598344513d0a051e7355053e556a0055489c1555399b03342845c4adde2dc44ff66c"
            ),
            (
                t, "{s.sha512}",
                "ef6b97321f34b1fea2169a7db9e1960b471aa13302a988087357c520be957ca1"
                    + "19c3ba68e6b4982c019ec89de3865ccf6a3cda1fe11e59f98d99f1502c8b9745"
            ),
            (t, "{s.corehash}", "3610958962"),
            (t, "{s.corehash,16}", "2"),
            ("", "{s.corehash}", "0"),
            ("a", "{s.corehash}", "109"),
            ("alice@example.com", "{s.corehash,1024}", "981"),
        ])
    }

    @Test func `encodings, there and back`() throws {
        try check([
            ("abc", "{s.encode.hexa}", "616263"),
            ("616263", "{s.decode.hexa}", "abc"),
            ("6162z3", "{s.decode.hexa}", ""),
            ("616", "{s.decode.hexa}", "a"),
            ("abc", "{s.encode.7bit}", "61F118"),
            ("61F118", "{s.decode.7bit}", "abc"),
            ("hellohello", "{s.encode.7bit}", "E8329BFD4697D9EC37"),
            ("E8329BFD4697D9EC37", "{s.decode.7bit}", "hellohello"),
            ("abcd", "{s.encode.base64}", "YWJjZA=="),
            ("YWJjZA==", "{s.decode.base64}", "abcd"),
            ("abcd", "{s.encode.base64t}", "YWJjZA"),
            ("YWJjZA", "{s.decode.base64t}", "abcd"),
            ("a??>>d", "{s.encode.base64url}", "YT8_Pj5k"),
            ("YT8_Pj5k", "{s.decode.base64url}", "a??>>d"),
            ("ab", "{s.encode.base64url}", "YWI="),
            ("ab", "{s.encode.base64urlt}", "YWI"),
            ("YWI", "{s.decode.base64urlt}", "ab"),
            ("YWJj!", "{s.decode.base64}", ""),
            ("abcd", "{s.encode.base58}", "3VNr6P"),
            ("3VNr6P", "{s.decode.base58}", "abcd"),
            ("hello world", "{s.encode.base58}", "StV1DL6CwTryKyV"),
            ("0", "{s.decode.base58}", ""),
            ("a'b\"c\\d", "{s.escape.common}", "a\\'b\\\"c\\\\d"),
            ("a'b\"c\\d", "{s.escape.common}{s.unescape.common}", "a'b\"c\\d"),
            ("a b@c;d", "{s.escape.user}", "a%20b%40c;d"),
            ("a b@c;d=e", "{s.escape.param}", "a%20b%40c%3bd%3de"),
            ("a%20b%40", "{s.unescape.user}", "a b@"),
            ("a%20b%40", "{s.unescape.param}", "a b@"),
            ("a\"b\"", "{s.escape.csv}", "\"a\"\"b\"\"\""),
            ("", "{s.escape.csv}", "\"\""),
            ("a b&c=d/e", "{s.urlencode.param}", "a%20b%26c%3dd%2fe"),
            ("a+b%26c", "{s.urldecode.param}", "a b&c"),
            ("a\"b\\\n", "{val.json}", "a\\\"b\\\\\\n"),
            ("a\"b", "{val.jsonqe}", "\"a\\\"b\""),
        ])
    }

    @Test func `parts of URIs`() throws {
        let u =
            "sip:alice:pw@example.com:5070;transport=tcp;lr;ttl=3;user=phone;maddr=1.2.3.4;method=INVITE;r2=on;x=y?a=b&c=d"
        try check([
            (u, "{uri.user}", "alice"),
            (u, "{uri.host}", "example.com"),
            (u, "{uri.domain}", "example.com"),
            (u, "{uri.passwd}", "pw"),
            (u, "{uri.port}", "5070"),
            (u, "{uri.params}", "transport=tcp;lr;ttl=3;user=phone;maddr=1.2.3.4;method=INVITE;r2=on;x=y"),
            (u, "{uri.param,x}", "y"),
            (u, "{uri.param,lr}", ""),
            (u, "{uri.param,zz}", ""),
            (u, "{uri.headers}", "a=b&c=d"),
            (u, "{uri.transport}", "tcp"),
            (u, "{uri.ttl}", "3"),
            (u, "{uri.uparam}", "phone"),
            (u, "{uri.maddr}", "1.2.3.4"),
            (u, "{uri.method}", "INVITE"),
            (u, "{uri.r2}", "on"),
            (u, "{uri.scheme}", "sip"),
            (u, "{uri.tosocket}", "tcp:example.com:5070"),
            (u, "{uri.duri}", "sip:example.com:5070;transport=tcp"),
            (u, "{uri.saor}", "sip:alice@example.com"),
            (u, "{uri.suri}", "sip:alice@example.com:5070;transport=tcp"),
            ("sip:example.com", "{uri.user}", ""),
            ("sip:example.com", "{uri.host}", "example.com"),
            ("sip:example.com", "{uri.port}", ""),
            ("sip:example.com", "{uri.transport}", ""),
            ("sip:example.com", "{uri.suri}", "sip:example.com"),
            ("sips:a@[2001:db8::1]:5071;transport=tls", "{uri.host}", "[2001:db8::1]"),
            ("sips:a@[2001:db8::1]:5071;transport=tls", "{uri.tosocket}", "tls:[2001:db8::1]:5071"),
            (
                "sips:a@[2001:db8::1]:5071;transport=tls", "{uri.suri}",
                "sips:a@[2001:db8::1]:5071;transport=tls"
            ),
            ("tel:+123;phone-context=x", "{uri.user}", "+123"),
            ("tel:+123;phone-context=x", "{uri.host}", ""),
            ("abc", "{uri.user}", ""),
            ("", "{uri.host}", ""),
            ("9.9.9.9~5067~2", "{urialias.decode}", "sip:9.9.9.9:5067;transport=tcp"),
            ("9.9.9.9~5067~1", "{urialias.decode}", "sip:9.9.9.9:5067"),
            ("sip:1.2.3.4:5060", "{urialias.encode}", "1.2.3.4~5060~1"),
            ("sip:1.2.3.4;transport=tcp", "{urialias.encode}", "1.2.3.4~5060~2"),
            ("udp:127.0.0.1:5060", "{sock.host}", "127.0.0.1"),
            ("udp:127.0.0.1:5060", "{sock.port}", "5060"),
            ("tcp:[2001:db8::1]:5060", "{sock.proto}", "tcp"),
            ("tcp:[2001:db8::1]:5060", "{sock.touri}", "sip:[2001:db8::1]:5060;transport=tcp"),
        ])
    }

    @Test func `parts of addresses, parameters and lines`() throws {
        let a = "\"Alice A\" <sip:alice@example.com;lr>;tag=1;x=y"
        let p = "a=1;b=2;c;d=\"q;r\";e="
        let l = "one\r\ntwo\r\nthree"
        try check([
            (a, "{nameaddr.name}", "\"Alice A\""),
            (a, "{nameaddr.uri}", "sip:alice@example.com;lr"),
            (a, "{nameaddr.len}", "36"),
            (a, "{tobody.uri}", "sip:alice@example.com;lr"),
            (a, "{tobody.tag}", "1"),
            (a, "{tobody.user}", "alice"),
            (a, "{tobody.host}", "example.com"),
            (a, "{tobody.params}", "tag=1;x=y"),
            (a, "{tobody.display}", "\"Alice A\""),
            ("sip:bob@h;tag=3", "{nameaddr.uri}", "sip:bob@h;tag=3"),
            ("sip:bob@h;tag=3", "{nameaddr.name}", ""),
            ("sip:bob@h;tag=3", "{nameaddr.len}", "15"),
            ("sip:bob@h;tag=3", "{tobody.uri}", "sip:bob@h"),
            ("sip:bob@h;tag=3", "{tobody.tag}", "3"),
            ("Bob B <sip:bob@h>", "{nameaddr.name}", "Bob B"),
            ("Bob B <sip:bob@h>", "{tobody.display}", "Bob B"),
            ("Bob B <sip:bob@h>", "{tobody.params}", ""),
            (p, "{param.value,a}", "1"),
            (p, "{param.value,A}", "1"),
            (p, "{param.value,c}", ""),
            (p, "{param.value,d}", "q;r"),
            (p, "{param.value,zz}", ""),
            (p, "{param.in,c}", "1"),
            (p, "{param.in,zz}", "0"),
            (p, "{param.valueat,1}", "2"),
            (p, "{param.valueat,-2}", "q;r"),
            (p, "{param.valueat,9}", ""),
            (p, "{param.name,2}", "c"),
            (p, "{param.name,-1}", "e"),
            (p, "{param.name,9}", ""),
            (p, "{param.count}", "5"),
            ("a=1&b=2&c=3", "{param.value,b,&}", "2"),
            ("a=1&b=2&c=3", "{param.count,&}", "3"),
            ("a=1&b=2&c=3", "{param.name,1,&}", "b"),
            ("a=1,b=2", "{param.value,b,,}", "2"),
            (l, "{line.count}", "3"),
            (l, "{line.at,0}", "one"),
            (l, "{line.at,2}", "three"),
            (l, "{line.at,-2}", "two"),
            (l, "{line.at,5}", ""),
            (l, "{line.sw,tw}", "two"),
            (l, "{line.sw,zz}", ""),
            ("one\ntwo\n", "{line.count}", "2"),
            ("one\ntwo\n", "{line.at,-1}", "two"),
        ])
    }

    @Test func `substitutions`() throws {
        let t = "abcdefghij"
        try check([
            (t, "{re.subst,/c(.)e/<\\1>/}", "ab<d>fghij"),
            (t, "{re.subst,/[a-c]/X/g}", "XXXdefghij"),
            (t, "{re.subst,/ZZ/X/}", t),
            (t, "{re.subst,/ABC/x/i}", "xdefghij"),
            (t, "{re.subst,/^(...).*$/\\1/}", "abc"),
            (t, "{re.subst,/^(.{3})/\\1-/}", "abc-defghij"),
            (t, "{re.subst,#/#x#}", t),
            ("a/b/c", "{re.subst,#/#-#g}", "a-b-c"),
            ("a/b/c", "{re.subst,/\\//-/g}", "a-b-c"),
            ("abc", "{re.subst,/x*/-/g}", "-a-b-c-"),
            ("abc", "{re.subst,/b/$rU/}", "abobc"),
            ("abc", "{re.subst,/(b)/[\\0\\1]/}", "a[bb]c"),
            ("a\nb", "{re.subst,/a.b/x/}", "a\nb"),
            ("a\nb", "{re.subst,/a.b/x/s}", "x"),
        ])
    }

    @Test func `parameters may be variables, and what is undefined stays so`() throws {
        let bench = try Bench()
        bench.set("$var(two)", 2)
        bench.set("$var(sep)", ";")
        bench.set("$var(name)", "b")
        bench.check([
            ("$(rU{s.substr,$var(zero),$var(two)})", "bo"),
            ("$(rU{s.strip,$(rU{s.len})})", ""),
            ("$(ru{uri.params}{param.count,$var(sep)})", "2"),
            ("$(rU{s.select,1,$var(name)})", "o"),
            ("$(avp(none){s.len})|$(avp(none){s.md5})|$(avp(none){uri.host})", "||"),
            ("$(avp(none){val.n0}) $(avp(none){val.ne}{s.len})", "0 0"),
            ("$(sp{s.len}) $(sp{s.substr,0,2})", "4 50"),
            ("$(hdr(CSeq){s.select,0, })", "314159"),
            ("$(ru{uri.user}{s.toupper})", "BOB"),
        ])
        #expect(bench.value("$(avp(none){s.len})").isNull)
        #expect(bench.value("$(rU{s.len})").asNumber == 3)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: expressions.
@Suite struct SyntaxExpressionComplaints {
    @Test(
        arguments: [
            (
                #"""
                route {
                    if (foo) exit;
                    if (1 +) exit;
                    if ((1) exit;
                    if (exit) drop;
                    if (1 % 2) exit;
                    if (12x) exit;
                }
                """#,
                #"""
                modules.conf:2:9: error: "foo" is no value
                   2 |     if (foo) exit;
                     |         ^~~
                  help: a text stands in double quotes, a variable begins with $, a call has parentheses
                modules.conf:3:12: error: a value is expected here, not ")"
                   3 |     if (1 +) exit;
                     |            ^
                modules.conf:4:13: error: ")" is expected behind the expression, not "exit"
                   4 |     if ((1) exit;
                     |             ^~~~
                modules.conf:5:9: error: a value is expected here, not "exit"
                   5 |     if (exit) drop;
                     |         ^~~~
                modules.conf:6:11: error: "%" is no operator
                   6 |     if (1 % 2) exit;
                     |           ^
                  help: mod gives the rest of a division
                modules.conf:7:9: error: "12x" is no number
                   7 |     if (12x) exit;
                     |         ^~~
                """#
            ),
            (
                #"""
                route {
                    if (method) exit;
                    if ("INVITE" == method) exit;
                    if (uri > 1) exit;
                    if (src_ip > 1) exit;
                    if (proto == foo) exit;
                    if (5060 < src_port) exit;
                }
                """#,
                #"""
                modules.conf:2:9: error: "method" can only be compared
                   2 |     if (method) exit;
                     |         ^~~~~~
                  help: it stands on the left of one of == != =~ eq ne
                modules.conf:3:21: error: "method" can only be compared
                   3 |     if ("INVITE" == method) exit;
                     |                     ^~~~~~
                  help: it stands on the left of one of == != =~ eq ne
                modules.conf:4:9: error: "uri" can only be compared
                   4 |     if (uri > 1) exit;
                     |         ^~~
                  help: it stands on the left of one of == != =~ eq ne
                modules.conf:5:9: error: "src_ip" can only be compared
                   5 |     if (src_ip > 1) exit;
                     |         ^~~~~~
                  help: it stands on the left of one of == != =~
                modules.conf:6:18: error: "foo" is no transport
                   6 |     if (proto == foo) exit;
                     |                  ^~~
                  help: there are UDP, TCP, TLS, SCTP, WS and WSS
                modules.conf:7:16: error: "src_port" can only be compared
                   7 |     if (5060 < src_port) exit;
                     |                ^~~~~~~~
                  help: it stands on the left of one of == != ieq ine > < >= <=
                """#
            ),
            (
                #"""
                route {
                    if (myself) exit;
                    if ($ru == myself) exit;
                    if (myself =~ uri) exit;
                    if (src_ip == dst_ip) exit;
                    if (src_ip == 300.1.1.1) exit;
                    if (src_ip == 10.0.0.0/33) exit;
                    if (src_ip == 10.0.0.0/255.0.255.0) exit;
                    if (src_ip == [x]) exit;
                }
                """#,
                #"""
                modules.conf:2:9: error: "myself" can only be compared with a URI or an address
                   2 |     if (myself) exit;
                     |         ^~~~~~
                  help: as in uri == myself, from_uri == myself, src_ip == myself
                modules.conf:3:16: error: "myself" can only be compared with a URI or an address
                   3 |     if ($ru == myself) exit;
                     |                ^~~~~~
                  help: as in uri == myself, from_uri == myself, src_ip == myself
                modules.conf:4:9: error: "myself" can only be compared with a URI or an address
                   4 |     if (myself =~ uri) exit;
                     |         ^~~~~~
                  help: as in uri == myself, from_uri == myself, src_ip == myself
                modules.conf:5:19: error: "dst_ip" cannot stand on the right
                   5 |     if (src_ip == dst_ip) exit;
                     |                   ^~~~~~
                  help: $si, $Ri are variables for it
                modules.conf:6:19: error: "300.1.1.1" is no IPv4 address
                   6 |     if (src_ip == 300.1.1.1) exit;
                     |                   ^~~~~~~~~
                  help: it is four numbers from 0 to 255
                modules.conf:7:28: error: "33" is no mask for 10.0.0.0
                   7 |     if (src_ip == 10.0.0.0/33) exit;
                     |                            ^~
                  help: a mask is a number of bits, 0 to 32, or an address of leading ones
                modules.conf:8:28: error: "255.0.255.0" is no mask for 10.0.0.0
                   8 |     if (src_ip == 10.0.0.0/255.0.255.0) exit;
                     |                            ^~~~~~~~~~~
                  help: a mask is a number of bits, 0 to 32, or an address of leading ones
                modules.conf:9:19: error: an IPv6 address should stand in these brackets
                   9 |     if (src_ip == [x]) exit;
                     |                   ^
                """#
            ),
            (
                #"""
                route {
                    if (snd_ip == 192.0.2.1) exit;
                }
                """#,
                #"""
                modules.conf:2:9: error: "snd_ip" may not be used in request_route
                   2 |     if (snd_ip == 192.0.2.1) exit;
                     |         ^~~~~~
                  help: it may be used in onsend_route
                """#
            ),
            (
                #"""
                route {
                    if (strlen()) exit;
                    if (strlen("a", "b")) exit;
                    if (selval(1, 2)) exit;
                    if (strlen "a") exit;
                    if ((1 = 2)) exit;
                }
                """#,
                #"""
                modules.conf:2:16: error: a value is expected here, not ")"
                   2 |     if (strlen()) exit;
                     |                ^
                modules.conf:3:9: error: strlen takes one value, not 2
                   3 |     if (strlen("a", "b")) exit;
                     |         ^~~~~~
                modules.conf:4:9: error: selval takes three values, not 2
                   4 |     if (selval(1, 2)) exit;
                     |         ^~~~~~
                modules.conf:5:16: error: "(" is expected behind "strlen", not a string
                   5 |     if (strlen "a") exit;
                     |                ^~~
                modules.conf:6:10: error: only a variable can be assigned to
                   6 |     if ((1 = 2)) exit;
                     |          ^
                  help: == compares
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

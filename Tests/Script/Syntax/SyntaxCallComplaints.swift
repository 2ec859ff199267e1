// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: calls.
@Suite struct SyntaxCallComplaints {
    @Test(
        arguments: [
            (
                #"""
                route {
                    f(g());
                    f(OK);
                    f("a",);
                    f("a" "b" $c);
                    f(;
                    f("a"
                    exit;
                }
                """#,
                #"""
                modules.conf:2:7: error: a call cannot stand in the arguments of another
                   2 |     f(g());
                     |       ^
                  help: put its result into a variable first
                modules.conf:3:7: error: an argument is a value, not "OK"
                   3 |     f(OK);
                     |       ^~
                  help: put it in double quotes
                modules.conf:4:11: error: an argument of f is missing here
                   4 |     f("a",);
                     |           ^
                modules.conf:5:15: error: "," or ")" is expected behind the argument, not the variable $c
                   5 |     f("a" "b" $c);
                     |               ^~
                modules.conf:6:7: error: a value is expected here, not ";"
                   6 |     f(;
                     |       ^
                modules.conf:7:6: error: this "(" is never closed
                   7 |     f("a"
                     |      ^
                """#
            ),
            (
                #"""
                #!define STATUS "x"
                route { f(STATSU); }
                """#,
                #"""
                modules.conf:2:11: error: an argument is a value, not "STATSU"
                   2 | route { f(STATSU); }
                     |           ^~~~~~
                  help: did you mean "STATUS"?
                """#
            ),
            (
                #"""
                route {
                    route();
                    route(a-b);
                    route X;
                    route("a", 1);
                    f(route(X));
                }
                """#,
                #"""
                modules.conf:2:11: error: a value is expected here, not ")"
                   2 |     route();
                     |           ^
                modules.conf:3:12: error: "-" cannot be part of a name without quotes
                   3 |     route(a-b);
                     |            ^
                  help: write route("...")
                modules.conf:4:11: error: "(" is expected behind "route", not "X"
                   4 |     route X;
                     |           ^
                modules.conf:5:14: error: ")" is expected behind the name of the route, not ","
                   5 |     route("a", 1);
                     |              ^
                modules.conf:6:7: error: a call cannot stand in the arguments of another
                   6 |     f(route(X));
                     |       ^~~~~
                  help: put its result into a variable first
                """#
            ),
            (
                #"""
                route {
                    log(-1, "x");
                    log "x";
                    log(1, $ru);
                    error("a");
                    exec(x);
                    cfg_select(1, 2);
                    strip("1");
                    remove_branch("1");
                    sethost(x);
                    setflag(40);
                    setflag($x);
                    setavpflag(1, 2);
                }
                """#,
                #"""
                modules.conf:2:9: error: log takes a string in double quotes, and before it, if you like, a level from 0 on
                   2 |     log(-1, "x");
                     |         ^
                modules.conf:3:9: error: "(" is expected behind log, not a string
                   3 |     log "x";
                     |         ^~~
                modules.conf:4:12: error: log takes a string in double quotes, and before it, if you like, a level from 0 on
                   4 |     log(1, $ru);
                     |            ^~~
                modules.conf:5:14: error: error takes two strings in double quotes
                   5 |     error("a");
                     |              ^
                modules.conf:6:10: error: exec takes a string in double quotes
                   6 |     exec(x);
                     |          ^
                modules.conf:7:16: error: cfg_select takes the name of a group in double quotes and a number
                   7 |     cfg_select(1, 2);
                     |                ^
                modules.conf:8:11: error: strip takes a number
                   8 |     strip("1");
                     |           ^~~
                modules.conf:9:19: error: remove_branch takes a number or nothing
                   9 |     remove_branch("1");
                     |                   ^~~
                modules.conf:10:13: error: sethost takes a string in double quotes
                  10 |     sethost(x);
                     |             ^
                modules.conf:11:13: error: a flag is 0 to 31, not 40
                  11 |     setflag(40);
                     |             ^~
                modules.conf:12:13: error: setflag takes the number or the name of a flag
                  12 |     setflag($x);
                     |             ^~
                modules.conf:13:16: error: setavpflag takes a variable and a flag
                  13 |     setavpflag(1, 2);
                     |                ^
                """#
            ),
            (
                #"""
                route {
                    forward(udp:192.0.2.1:5060);
                    forward($ru);
                    forward_tcp();
                    forward;
                    forward(a, "b");
                    force_send_socket($x);
                    set_advertised_address(1 2);
                    udp_mtu_try_proto(WS);
                    force_rport(1);
                    userphone;
                    setflag(1;
                }
                """#,
                #"""
                modules.conf:2:16: error: forward takes a host and a port, or nothing
                   2 |     forward(udp:192.0.2.1:5060);
                     |                ^
                modules.conf:3:13: error: forward takes a host and a port, or nothing
                   3 |     forward($ru);
                     |             ^~~
                modules.conf:4:5: error: forward_tcp takes a host and a port
                   4 |     forward_tcp();
                     |     ^~~~~~~~~~~
                modules.conf:5:12: error: "(" is expected behind forward, not ";"
                   5 |     forward;
                     |            ^
                modules.conf:6:16: error: a port is expected here, not a string
                   6 |     forward(a, "b");
                     |                ^~~
                modules.conf:7:23: error: force_send_socket takes a socket, as in udp:192.0.2.1:5060
                   7 |     force_send_socket($x);
                     |                       ^~
                modules.conf:8:28: error: "1" is no IPv4 address
                   8 |     set_advertised_address(1 2);
                     |                            ^
                  help: it is four numbers from 0 to 255
                modules.conf:9:23: error: udp_mtu_try_proto takes UDP, TCP, TLS or SCTP
                   9 |     udp_mtu_try_proto(WS);
                     |                       ^~
                modules.conf:10:17: error: force_rport takes no argument
                  10 |     force_rport(1);
                     |                 ^
                modules.conf:11:14: error: "(" is expected behind userphone, not ";"
                  11 |     userphone;
                     |              ^
                modules.conf:12:14: error: ")" is missing behind the arguments of setflag
                  12 |     setflag(1;
                     |              ^
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: items of the top level.
@Suite struct SyntaxItemComplaints {
    @Test(
        arguments: [
            (
                #"""
                chilren=4
                nosuch=1
                """#,
                #"""
                modules.conf:1:1: error: there is no global parameter "chilren"
                   1 | chilren=4
                     | ^~~~~~~
                  help: did you mean "children"?
                modules.conf:2:1: error: there is no global parameter "nosuch"
                   2 | nosuch=1
                     | ^~~~~~
                """#
            ),
            (
                #"""
                foo
                """#,
                #"""
                modules.conf:1:1: error: "foo" means nothing here
                   1 | foo
                     | ^~~
                """#
            ),
            (
                #"""
                loadmodul "tm.so"
                """#,
                #"""
                modules.conf:1:1: error: "loadmodul" means nothing here
                   1 | loadmodul "tm.so"
                     | ^~~~~~~~~
                  help: did you mean "loadmodule"?
                """#
            ),
            (
                #"""
                exit;
                force_send_socket(x);
                $var(x) = 1;
                }
                "x"
                """#,
                #"""
                modules.conf:1:1: error: "exit" cannot stand outside of a route
                   1 | exit;
                     | ^~~~
                modules.conf:2:1: error: "force_send_socket" cannot stand outside of a route
                   2 | force_send_socket(x);
                     | ^~~~~~~~~~~~~~~~~
                modules.conf:3:1: error: the variable $var(x) cannot stand outside of a route
                   3 | $var(x) = 1;
                     | ^~~~~~~
                modules.conf:4:1: error: this "}" closes nothing
                   4 | }
                     | ^
                modules.conf:5:1: error: a string cannot stand outside of a route
                   5 | "x"
                     | ^~~
                """#
            ),
            (
                #"""
                children="4"
                children=-3
                children=four
                log_stderror=maybe
                log_name=x
                user=0
                """#,
                #"""
                modules.conf:1:10: error: children must be a number, not a string
                   1 | children="4"
                     |          ^~~
                  help: children is the number of workers; the default is one per processor
                modules.conf:2:10: error: children must be 0 to 1024, not -3
                   2 | children=-3
                     |          ^~
                  help: children is the number of workers; the default is one per processor
                modules.conf:3:10: error: children must be a number, not "four"
                   3 | children=four
                     |          ^~~~
                  help: children is the number of workers; the default is one per processor
                modules.conf:4:14: error: log_stderror must be yes or no, not "maybe"
                   4 | log_stderror=maybe
                     |              ^~~~~
                  help: log_stderror is whether to log to stderr instead of syslog; the default is no
                modules.conf:5:10: error: log_name must be a string in double quotes, not "x"
                   5 | log_name=x
                     |          ^
                  help: log_name is the name under which syslog shows the server; the default is "martlet"
                modules.conf:6:6: error: user must be a word or a string, not 0
                   6 | user=0
                     |      ^
                  help: user is the user to become when sockets are open; the default is that of the caller
                """#
            ),
            (
                #"""
                udp_mtu_try_proto=6
                log_facility=LOG_LOCAL
                log_facility=3
                tos=IPTOS_X
                advertised_address=5:6
                """#,
                #"""
                modules.conf:1:19: error: udp_mtu_try_proto must be one of UDP, TCP, TLS, SCTP, not 6
                   1 | udp_mtu_try_proto=6
                     |                   ^
                  help: udp_mtu_try_proto is the transport of requests over udp_mtu; the default is UDP
                modules.conf:2:14: error: log_facility cannot be "LOG_LOCAL"
                   2 | log_facility=LOG_LOCAL
                     |              ^~~~~~~~~
                  help: did you mean "LOG_LOCAL0"?
                modules.conf:3:14: error: log_facility must be a word, not 3
                   3 | log_facility=3
                     |              ^
                  help: log_facility is the facility of syslog to log to; the default is LOG_DAEMON
                modules.conf:4:5: error: tos must be a number or one of IPTOS_LOWDELAY, IPTOS_MINCOST, IPTOS_RELIABILITY, IPTOS_THROUGHPUT, not "IPTOS_X"
                   4 | tos=IPTOS_X
                     |     ^~~~~~~
                  help: tos is the traffic class of what is sent; the default is that of the system
                modules.conf:5:20: error: "5" is no IPv4 address
                   5 | advertised_address=5:6
                     |                    ^
                  help: it is four numbers from 0 to 255
                """#
            ),
            (
                #"""
                debug 3
                debug=
                log_name=/x
                fork=yes
                debug=--1
                """#,
                #"""
                modules.conf:1:1: error: "debug" is a global parameter, and "=" is missing behind it
                   1 | debug 3
                     | ^~~~~
                  help: debug is the highest level that is logged: -1 error, 0 warning, 2 info, 3 debug
                modules.conf:2:7: error: a value is missing behind "debug ="
                   2 | debug=
                     |       ^
                modules.conf:3:10: error: a value is expected behind "log_name =", not "/"
                   3 | log_name=/x
                     |          ^
                modules.conf:4:1: notice: fork has no effect: workers are threads of one process; -D on the command line sends it to the background
                   4 | fork=yes
                     | ^~~~
                modules.conf:5:8: error: a number is expected behind "-", not "-"
                   5 | debug=--1
                     |        ^
                """#
            ),
            (
                #"""
                port=70000
                max_branches=0
                server_id=0x1FFFFFFFF
                """#,
                #"""
                modules.conf:1:6: error: port must be 0 to 65535, not 70000
                   1 | port=70000
                     |      ^~~~~
                  help: port is the port of listen lines that have none; the default is 5060
                modules.conf:2:14: error: max_branches must be 1 to 30, not 0
                   2 | max_branches=0
                     |              ^
                  help: max_branches is how many branches a request may have; the default is 12
                modules.conf:3:11: error: a number has 32 bits, and this needs more
                   3 | server_id=0x1FFFFFFFF
                     |           ^~~~~~~~~~~
                """#
            ),
            (
                #"""
                loadmodule tm
                loadmodule("tm"
                mpath=x
                cfgengine "lua"
                """#,
                #"""
                modules.conf:1:12: error: a string in double quotes is expected behind loadmodule, not "tm"
                   1 | loadmodule tm
                     |            ^~
                modules.conf:2:16: error: ")" is missing behind the name of the module
                   2 | loadmodule("tm"
                     |                ^
                modules.conf:3:7: error: a string in double quotes is expected behind mpath, not "x"
                   3 | mpath=x
                     |       ^
                modules.conf:4:11: error: there is no script engine "lua"
                   4 | cfgengine "lua"
                     |           ^~~~~
                  help: "native" is the one there is
                """#
            ),
            (
                #"""
                modparam("a", "b")
                modparam("a", "b", c)
                modparam "a"
                modparam("a", "b", $ru)
                modparam(a, "b", 1)
                modparam("a", "b", 1, 2)
                modparam("a", "b", -x)
                """#,
                #"""
                modules.conf:1:18: error: "," is expected in modparam("module", "name", value), not ")"
                   1 | modparam("a", "b")
                     |                  ^
                modules.conf:2:20: error: the value of a module parameter is a number or a string, not "c"
                   2 | modparam("a", "b", c)
                     |                    ^
                  help: put it in double quotes
                modules.conf:3:10: error: "(" is expected in modparam("module", "name", value), not a string
                   3 | modparam "a"
                     |          ^~~
                modules.conf:4:20: error: the value of a module parameter is a number or a string, not a variable
                   4 | modparam("a", "b", $ru)
                     |                    ^~~
                  help: modparamx takes variables; with modparam they stand in double quotes
                modules.conf:5:10: error: a string in double quotes is expected in modparam("module", "name", value), not "a"
                   5 | modparam(a, "b", 1)
                     |          ^
                modules.conf:6:21: error: ")" is expected in modparam("module", "name", value), not ","
                   6 | modparam("a", "b", 1, 2)
                     |                     ^
                modules.conf:7:21: error: a number is expected behind "-", not "x"
                   7 | modparam("a", "b", -x)
                     |                     ^
                """#
            ),
            (
                #"""
                #!define DBURL "x"
                modparam("a", "b", DBRUL)
                """#,
                #"""
                modules.conf:2:20: error: the value of a module parameter is a number or a string, not "DBRUL"
                   2 | modparam("a", "b", DBRUL)
                     |                    ^~~~~
                  help: did you mean "DBURL"?
                """#
            ),
            (
                #"""
                flags A:40, B
                flags 1
                flags A:x
                avpflags a:1
                """#,
                #"""
                modules.conf:1:9: error: a flag is 0 to 31, not 40
                   1 | flags A:40, B
                     |         ^~
                modules.conf:2:7: error: the name of a flag is expected behind "flags", not "1"
                   2 | flags 1
                     |       ^
                modules.conf:3:9: error: a number is expected behind ":", not "x"
                   3 | flags A:x
                     |         ^
                modules.conf:4:11: error: ":" cannot stand outside of a route
                   4 | avpflags a:1
                     |           ^
                """#
            ),
            (
                #"""
                my.x = foo
                my.x 1
                my[a].x = 1
                my.x = 
                my.x = 1 desc 2
                """#,
                #"""
                modules.conf:1:8: error: my.x must be a number or a string, not "foo"
                   1 | my.x = foo
                     |        ^~~
                  help: put it in double quotes
                modules.conf:2:6: error: "=" is expected behind the name of the parameter, not "1"
                   2 | my.x 1
                     |      ^
                modules.conf:3:4: error: a number is expected behind "[", not "a"
                   3 | my[a].x = 1
                     |    ^
                modules.conf:4:7: error: a value is missing behind "my.x ="
                   4 | my.x = 
                     |       ^
                modules.conf:5:15: error: a string in double quotes is expected behind "desc", not "2"
                   5 | my.x = 1 desc 2
                     |               ^
                """#
            ),
            (
                #"""
                listen udp:lo
                listen=
                listen=udp:lo:sip
                listen=udp:lo:70000
                listen=udp:300.0.0.1
                listen=[lo]
                listen=lo, eth0
                listen=*
                listen=udp:(lo eth0)
                """#,
                #"""
                modules.conf:1:8: error: "=" is expected behind "listen", not "udp"
                   1 | listen udp:lo
                     |        ^~~
                modules.conf:2:8: error: a host is missing here
                   2 | listen=
                     |        ^
                modules.conf:3:15: error: a port is expected here, not "sip"
                   3 | listen=udp:lo:sip
                     |               ^~~
                modules.conf:4:15: error: a port is 0 to 65535, not 70000
                   4 | listen=udp:lo:70000
                     |               ^~~~~
                modules.conf:5:12: error: "300.0.0.1" is no IPv4 address
                   5 | listen=udp:300.0.0.1
                     |            ^~~~~~~~~
                  help: it is four numbers from 0 to 255
                modules.conf:6:8: error: an IPv6 address should stand in these brackets
                   6 | listen=[lo]
                     |        ^
                modules.conf:7:10: error: the entries of listen have blanks between them, not commas
                   7 | listen=lo, eth0
                     |          ^
                modules.conf:8:8: error: a host is expected here, not "*"
                   8 | listen=*
                     |        ^
                modules.conf:9:16: error: ")" is expected behind the hosts, not "eth0"
                   9 | listen=udp:(lo eth0)
                     |                ^~~~
                """#
            ),
            (
                #"""
                socket={ bnd=udp:lo; }
                socket={ name="x"; }
                socket={ ; 5 }
                """#,
                #"""
                modules.conf:1:10: error: a socket has no setting "bnd"
                   1 | socket={ bnd=udp:lo; }
                     |          ^~~
                  help: did you mean "bind"?
                modules.conf:2:8: error: this socket has no "bind"
                   2 | socket={ name="x"; }
                     |        ^
                modules.conf:3:14: error: "=" is expected behind "5", not "}"
                   3 | socket={ ; 5 }
                     |              ^
                """#
            ),
            (
                #"""
                alias=a.com, b.com
                alias=
                alias=*
                listen=lo name x
                """#,
                #"""
                modules.conf:1:12: error: the entries of alias have blanks between them, not commas
                   1 | alias=a.com, b.com
                     |            ^
                modules.conf:2:7: error: a host is missing here
                   2 | alias=
                     |       ^
                modules.conf:3:7: error: an alias is a host
                   3 | alias=*
                     |       ^
                modules.conf:4:16: error: a string in double quotes is expected behind "name", not "x"
                   4 | listen=lo name x
                     |                ^
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: blocks of the script.
@Suite struct SyntaxRouteComplaints {
    @Test(
        arguments: [
            (
                #"""
                request_route[X] { exit; }
                reply_route[X] { exit; }
                startup_route[X] { exit; }
                """#,
                #"""
                modules.conf:1:15: error: request_route has no name
                   1 | request_route[X] { exit; }
                     |               ^
                  help: write route[X]
                modules.conf:2:13: error: reply_route has no name
                   2 | reply_route[X] { exit; }
                     |             ^
                  help: write onreply_route[X]
                modules.conf:3:15: error: startup_route has no name
                   3 | startup_route[X] { exit; }
                     |               ^
                """#
            ),
            (
                #"""
                event_route { exit; }
                event_route[x] { exit; }
                event_route[] { exit; }
                event_route[a::b] { exit; }
                """#,
                #"""
                modules.conf:1:1: error: event_route needs the name of an event
                   1 | event_route { exit; }
                     | ^~~~~~~~~~~
                  help: write event_route[plugin:event]
                modules.conf:2:13: error: "x" is no name of an event
                   2 | event_route[x] { exit; }
                     |             ^
                  help: it looks like event_route[plugin:event]
                modules.conf:3:13: error: the name of the event is expected behind "[", not "]"
                   3 | event_route[] { exit; }
                     |             ^
                modules.conf:4:13: error: "a::b" is no name of an event
                   4 | event_route[a::b] { exit; }
                     |             ^~~~
                  help: it looks like event_route[plugin:event]
                """#
            ),
            (
                #"""
                route[a-b] { exit; }
                route[$x] { exit; }
                route[X { exit; }
                route[X] exit;
                """#,
                #"""
                modules.conf:1:8: error: "-" cannot be part of a name without quotes
                   1 | route[a-b] { exit; }
                     |        ^
                  help: write route["..."]
                modules.conf:2:7: error: the name of the route is expected behind "[", not the variable $x
                   2 | route[$x] { exit; }
                     |       ^~
                modules.conf:3:9: error: "]" is expected behind the name of the route, not "{"
                   3 | route[X { exit; }
                     |         ^
                modules.conf:4:10: error: "{" is expected behind "route", not "exit"
                   4 | route[X] exit;
                     |          ^~~~
                """#
            ),
            (
                #"""
                route[X] { exit; }
                route[X] { exit; }
                route { exit; }
                request_route { exit; }
                """#,
                #"""
                modules.conf:2:7: error: there is a route[X] already
                   2 | route[X] { exit; }
                     |       ^
                  the first is on line 1
                modules.conf:4:1: warning: a second request_route continues the first
                   4 | request_route { exit; }
                     | ^~~~~~~~~~~~~
                  the first is on line 3
                """#
            ),
            (
                #"""
                route {
                    if (1) {
                        exit;
                }
                route[X] { exit; }
                """#,
                #"""
                modules.conf:5:1: error: "}" is missing before this
                   5 | route[X] { exit; }
                     | ^~~~~
                  the block that begins on line 1 is open
                """#
            ),
            (
                #"""
                route {
                    exit;
                """#,
                #"""
                modules.conf:2:10: error: "}" is missing at the end of the file
                   2 |     exit;
                     |          ^
                  the block that begins on line 1 is open
                """#
            ),
            (
                #"""
                route { exit; } }
                """#,
                #"""
                modules.conf:1:17: error: this "}" closes nothing
                   1 | route { exit; } }
                     |                 ^
                """#
            ),
            (
                #"""
                timer_route[T, x] { exit; }
                """#,
                #"""
                modules.conf:1:16: error: a number of seconds is expected behind ",", not "x"
                   1 | timer_route[T, x] { exit; }
                     |                ^
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

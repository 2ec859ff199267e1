// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: texts, comments and signs.
@Suite struct SyntaxLexisComplaints {
    @Test(
        arguments: [
            (
                #"""
                log_name="abc
                """#,
                #"""
                modules.conf:1:10: error: this string is never closed
                   1 | log_name="abc
                     |          ^
                """#
            ),
            (
                #"""
                log_name="a
                children=4
                log_prefix="b
                """#,
                #"""
                modules.conf:3:13: error: "b" means nothing here
                   3 | log_prefix="b
                     |             ^
                  the string that begins on line 1 ends in this line
                """#
            ),
            (
                #"""
                /* a /* b */ debug=1
                """#,
                #"""
                modules.conf:1:1: error: this comment is never closed
                   1 | /* a /* b */ debug=1
                     | ^~
                  help: close it with */
                """#
            ),
            (
                #"""
                /* a
                """#,
                #"""
                modules.conf:1:1: error: this comment is never closed
                   1 | /* a
                     | ^~
                  help: close it with */
                """#
            ),
            (
                #"""
                route {
                    $var(x = 1;
                    if ($(hdr(X)) exit;
                }
                """#,
                #"""
                modules.conf:2:5: error: the parentheses of this variable are not closed in this line
                   2 |     $var(x = 1;
                     |     ^~~~~~~~~~~
                modules.conf:3:19: error: ")" is expected behind the expression, not "exit"
                   3 |     if ($(hdr(X)) exit;
                     |                   ^~~~
                """#
            ),
            (
                #"""
                route { $var(x) = $; }
                """#,
                #"""
                modules.conf:1:19: error: a variable has a name, as in $ru
                   1 | route { $var(x) = $; }
                     |                   ^
                """#
            ),
            (
                #"""
                debug=1 `
                """#,
                #"""
                modules.conf:1:9: error: "`" means nothing here
                   1 | debug=1 `
                     |         ^
                """#
            ),
            (
                #"""
                debug=1 \#u{7f}
                """#,
                #"""
                modules.conf:1:9: error: byte 127 means nothing here
                   1 | debug=1 ?
                     |         ^
                """#
            ),
            (
                #"""
                children=2147483648
                server_id=99999999999
                route { return 4294967296; return 09; }
                """#,
                #"""
                modules.conf:1:10: error: children must be 0 to 1024, not 2147483648
                   1 | children=2147483648
                     |          ^~~~~~~~~~
                  help: children is the number of workers; the default is one per processor
                modules.conf:2:11: error: a number has 32 bits, and this needs more
                   2 | server_id=99999999999
                     |           ^~~~~~~~~~~
                modules.conf:3:16: error: a number has 32 bits, and this needs more
                   3 | route { return 4294967296; return 09; }
                     |                ^~~~~~~~~~
                modules.conf:3:35: error: "09" is no number
                   3 | route { return 4294967296; return 09; }
                     |                                   ^~
                """#
            ),
            (
                #"""
                MAILIO
                debug=1
                """#,
                #"""
                modules.conf:1:1: warning: "MAILIO" should be "#!KAMAILIO"
                   1 | MAILIO
                     | ^~~~~~
                  help: write #!KAMAILIO here
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

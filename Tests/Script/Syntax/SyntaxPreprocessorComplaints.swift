// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: directives.
@Suite struct SyntaxPreprocessorComplaints {
    @Test(
        arguments: [
            (
                #"""
                #!define A 1
                #!define A 2
                """#,
                #"""
                modules.conf:2:10: error: "A" is defined already
                   2 | #!define A 2
                     |          ^
                  help: use #!redefine to replace its value, or #!trydef to keep it
                """#
            ),
            (
                #"""
                #!define A-B 1
                """#,
                #"""
                modules.conf:1:11: error: a name may not contain "-"
                   1 | #!define A-B 1
                     |           ^
                  help: letters, digits and "_" make a name
                """#
            ),
            (
                #"""
                #!define
                """#,
                #"""
                modules.conf:1:1: error: a name is missing behind this
                   1 | #!define
                     | ^~~~~~~~
                """#
            ),
            (
                #"""
                #!define debug 5
                """#,
                #"""
                modules.conf:1:10: warning: "debug" is a word of the language, so it is never replaced by this value
                   1 | #!define debug 5
                     |          ^~~~~
                """#
            ),
            (
                #"""
                #!define A A
                debug=A
                """#,
                #"""
                modules.conf:2:7: error: "A" is defined by itself
                   2 | debug=A
                     |       ^
                  help: put the value into its #!define
                """#
            ),
            (
                #"""
                #!undef A
                """#,
                #"""
                modules.conf:1:9: error: "A" is not defined
                   1 | #!undef A
                     |         ^
                  help: #!tryundef does not mind
                """#
            ),
            (
                #"""
                #!define DBURL 1
                #!undef DBRUL
                """#,
                #"""
                modules.conf:2:9: error: "DBRUL" is not defined
                   2 | #!undef DBRUL
                     |         ^~~~~
                  help: did you mean "DBURL"?
                """#
            ),
            (
                #"""
                #!defenv MARTLET_NONE
                """#,
                #"""
                modules.conf:1:10: error: the environment has no "MARTLET_NONE"
                   1 | #!defenv MARTLET_NONE
                     |          ^~~~~~~~~~~~
                  help: #!trydefenv does not mind
                """#
            ),
            (
                #"""
                #!ifdef
                #!endif
                """#,
                #"""
                modules.conf:1:1: error: a name is missing behind this
                   1 | #!ifdef
                     | ^~~~~~~
                """#
            ),
            (
                #"""
                #!ifdef A || B
                #!endif
                """#,
                #"""
                modules.conf:1:11: warning: #!ifdef looks at "A" alone
                   1 | #!ifdef A || B
                     |           ^~~~
                  help: #!ifexp takes expressions
                """#
            ),
            (
                #"""
                #!ifdef A
                """#,
                #"""
                modules.conf:1:1: error: this #!ifdef has no #!endif
                   1 | #!ifdef A
                     | ^~~~~~~
                """#
            ),
            (
                #"""
                #!ifndef A
                #!ifdef A
                #!endif
                """#,
                #"""
                modules.conf:1:1: error: this #!ifndef has no #!endif
                   1 | #!ifndef A
                     | ^~~~~~~~
                """#
            ),
            (
                #"""
                #!endif
                """#,
                #"""
                modules.conf:1:1: error: this #!endif ends nothing
                   1 | #!endif
                     | ^~~~~~~
                  help: remove it
                """#
            ),
            (
                #"""
                #!else
                """#,
                #"""
                modules.conf:1:1: error: this #!else belongs to nothing
                   1 | #!else
                     | ^~~~~~
                  help: remove it, and its #!endif
                """#
            ),
            (
                #"""
                #!ifdef A
                #!else
                #!else
                #!endif
                """#,
                #"""
                modules.conf:3:1: error: a second #!else
                   3 | #!else
                     | ^~~~~~
                  the #!ifdef it belongs to is on line 1
                """#
            ),
            (
                #"""
                #!ifndef A
                #!endif A
                #!endif
                """#,
                #"""
                modules.conf:2:1: warning: this #!endif does not count, because something follows it in its line
                   2 | #!endif A
                     | ^~~~~~~
                  help: put the rest on a line of its own
                """#
            ),
            (
                #"""
                #!ifdeff A
                """#,
                #"""
                modules.conf:1:1: warning: "#!ifdeff" is no directive, so this line is a comment
                   1 | #!ifdeff A
                     | ^~~~~~~~
                  help: did you mean #!ifdef?
                """#
            ),
            (
                #"""
                #!SER
                """#,
                #"""
                modules.conf:1:1: warning: SER's dialect is not spoken here: $x is a variable, never an attribute
                   1 | #!SER
                     | ^~~~~
                """#
            ),
            (
                #"""
                #!ifexp
                #!endif
                """#,
                #"""
                modules.conf:1:1: error: an expression is missing behind this
                   1 | #!ifexp
                     | ^~~~~~~
                """#
            ),
            (
                #"""
                #!ifexp 1 +
                #!endif
                """#,
                #"""
                modules.conf:1:12: error: a value is missing here
                   1 | #!ifexp 1 +
                     |            ^
                """#
            ),
            (
                #"""
                #!ifexp (1
                #!endif
                """#,
                #"""
                modules.conf:1:11: error: ")" is missing here
                   1 | #!ifexp (1
                     |           ^
                """#
            ),
            (
                #"""
                #!ifexp 1 2
                #!endif
                """#,
                #"""
                modules.conf:1:11: error: the expression should end here
                   1 | #!ifexp 1 2
                     |           ^
                """#
            ),
            (
                #"""
                #!ifexp 1 / 0
                #!endif
                """#,
                #"""
                modules.conf:1:12: error: this divides by zero
                   1 | #!ifexp 1 / 0
                     |            ^
                """#
            ),
            (
                #"""
                #!ifexp "a" - 1
                #!endif
                """#,
                #"""
                modules.conf:1:14: error: "-" needs numbers
                   1 | #!ifexp "a" - 1
                     |              ^
                """#
            ),
            (
                #"""
                #!ifexp -"a"
                #!endif
                """#,
                #"""
                modules.conf:1:9: error: "-" needs a number
                   1 | #!ifexp -"a"
                     |         ^
                """#
            ),
            (
                #"""
                #!ifexp "a
                #!endif
                """#,
                #"""
                modules.conf:1:9: error: this string is never closed
                   1 | #!ifexp "a
                     |         ^
                """#
            ),
            (
                #"""
                #!ifexp 12x
                #!endif
                """#,
                #"""
                modules.conf:1:9: error: "12x" is no number
                   1 | #!ifexp 12x
                     |         ^
                """#
            ),
            (
                #"""
                #!ifexp strlen
                #!endif
                """#,
                #"""
                modules.conf:1:15: error: "(" is missing here
                   1 | #!ifexp strlen
                     |               ^
                """#
            ),
            (
                #"""
                #!ifexp defined(A
                #!endif
                """#,
                #"""
                modules.conf:1:18: error: ")" is missing here
                   1 | #!ifexp defined(A
                     |                  ^
                """#
            ),
            (
                #"""
                #!subst /a/b/
                """#,
                #"""
                modules.conf:1:1: error: this is followed by a rule in quotes, as in "/FROM/TO/"
                   1 | #!subst /a/b/
                     | ^~~~~~~
                """#
            ),
            (
                #"""
                #!subst "/a"
                """#,
                #"""
                modules.conf:1:9: error: this rule is too short
                   1 | #!subst "/a"
                     |         ^~~~
                  help: a rule looks like "/FROM/TO/gi"
                """#
            ),
            (
                #"""
                #!subst "/a/b"
                """#,
                #"""
                modules.conf:1:9: error: this rule has 1 more "/" where it needs two
                   1 | #!subst "/a/b"
                     |         ^~~~~~
                  help: a rule looks like "/FROM/TO/gi"
                """#
            ),
            (
                #"""
                #!subst "/a/b/x"
                """#,
                #"""
                modules.conf:1:9: error: a rule knows no flag "x"
                   1 | #!subst "/a/b/x"
                     |         ^~~~~~~~
                  help: a rule looks like "/FROM/TO/gi"
                """#
            ),
            (
                #"""
                #!subst "/[/b/"
                """#,
                #"""
                modules.conf:1:9: error: "[" is no regular expression: Invalid regular expression
                   1 | #!subst "/[/b/"
                     |         ^~~~~~~
                  help: a rule looks like "/FROM/TO/gi"
                """#
            ),
            (
                #"""
                #!subst "/a/\\1/"
                """#,
                #"""
                modules.conf:1:9: error: this rule refers to group 1, and its pattern has 0
                   1 | #!subst "/a/\\1/"
                     |         ^~~~~~~~~
                  help: a rule looks like "/FROM/TO/gi"
                """#
            ),
            (
                #"""
                #!subst "/a/$ru/"
                """#,
                #"""
                modules.conf:1:9: error: a rule can use $env(NAME) and $def(NAME), not "$ru"
                   1 | #!subst "/a/$ru/"
                     |         ^~~~~~~~~
                  help: a rule looks like "/FROM/TO/gi"
                """#
            ),
            (
                #"""
                #!substdef "/a b/c/"
                """#,
                #"""
                modules.conf:1:12: error: "a b" cannot be the name of a define
                   1 | #!substdef "/a b/c/"
                     |            ^~~~~~~~~
                  help: #!subst defines nothing
                """#
            ),
            (
                #"""
                include_file "nosuch.cfg"
                """#,
                #"""
                modules.conf:1:14: error: there is no file "nosuch.cfg"
                   1 | include_file "nosuch.cfg"
                     |              ^~~~~~~~~~~~
                  help: import_file does not mind
                """#
            ),
            (
                #"""
                #!include_file
                """#,
                #"""
                modules.conf:1:1: error: include_file is followed by a file name in double quotes
                   1 | #!include_file
                     | ^~~~~~~~~~~~~~
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

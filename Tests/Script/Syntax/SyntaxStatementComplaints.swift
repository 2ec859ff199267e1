// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

/// What is told about faults, word for word: statements.
@Suite struct SyntaxStatementComplaints {
    @Test(
        arguments: [
            (
                #"""
                route {
                    exit
                    drop
                    f()
                    $var(x) = 1
                    break
                }
                """#,
                #"""
                modules.conf:2:9: error: ";" is missing behind exit
                   2 |     exit
                     |         ^
                modules.conf:3:9: error: ";" is missing behind drop
                   3 |     drop
                     |         ^
                modules.conf:4:8: error: ";" is missing behind f
                   4 |     f()
                     |        ^
                modules.conf:5:16: error: ";" is missing behind the assignment
                   5 |     $var(x) = 1
                     |                ^
                modules.conf:6:10: error: ";" is missing behind break
                   6 |     break
                     |          ^
                """#
            ),
            (
                #"""
                route {
                    force_rport() exit;
                    break();
                    exit; }
                """#,
                #"""
                modules.conf:2:19: error: ";" is expected behind force_rport, not "exit"
                   2 |     force_rport() exit;
                     |                   ^~~~
                modules.conf:3:10: error: ";" is expected behind break, not "("
                   3 |     break();
                     |          ^
                """#
            ),
            (
                #"""
                route {
                    {exit;}
                    1;
                    (1);
                    else exit;
                    case 1: exit;
                    default: exit;
                }
                """#,
                #"""
                modules.conf:2:5: error: a block cannot stand by itself
                   2 |     {exit;}
                     |     ^
                  help: it belongs to if, else, while, case or a route
                modules.conf:3:5: error: "1" begins no statement
                   3 |     1;
                     |     ^
                modules.conf:4:5: error: "(" begins no statement
                   4 |     (1);
                     |     ^
                modules.conf:5:5: error: this "else" belongs to no "if"
                   5 |     else exit;
                     |     ^~~~
                modules.conf:6:5: error: "case" stands in a switch only
                   6 |     case 1: exit;
                     |     ^~~~
                modules.conf:7:5: error: "default" stands in a switch only
                   7 |     default: exit;
                     |     ^~~~~~~
                """#
            ),
            (
                #"""
                route {
                    $var(x);
                    $var(x) += 1;
                    $var(x) == 1;
                    $var(x)=~1;
                    $var(x) = $var(y) = 1;
                    @via = 1;
                    $avp(x)[0] = 1;
                }
                """#,
                #"""
                modules.conf:2:12: error: "=" is expected behind $var(x), not ";"
                   2 |     $var(x);
                     |            ^
                modules.conf:3:13: error: there is no "+="
                   3 |     $var(x) += 1;
                     |             ^~
                  help: write $var(x) = $var(x) + ...
                modules.conf:4:13: error: "==" compares, and nothing is done with the result
                   4 |     $var(x) == 1;
                     |             ^~
                  help: = assigns
                modules.conf:5:12: error: "=~" compares, and nothing is done with the result
                   5 |     $var(x)=~1;
                     |            ^~
                  help: = ~x assigns
                modules.conf:6:23: error: an assignment has one "="
                   6 |     $var(x) = $var(y) = 1;
                     |                       ^
                  help: an assignment inside of another stands in parentheses
                modules.conf:7:5: error: the select @via begins no statement: selects cannot be changed
                   7 |     @via = 1;
                     |     ^~~~
                modules.conf:8:12: error: "=" is expected behind $avp(x), not "["
                   8 |     $avp(x)[0] = 1;
                     |            ^
                """#
            ),
            (
                #"""
                route {
                    exti;
                    foo;
                    foo = 1;
                    foo bar;
                    method == "x";
                }
                """#,
                #"""
                modules.conf:2:5: error: "exti" is no statement
                   2 |     exti;
                     |     ^~~~
                  help: did you mean "exit"?
                modules.conf:3:5: error: "foo" is no statement
                   3 |     foo;
                     |     ^~~
                  help: a call has parentheses: foo()
                modules.conf:4:5: error: "foo" cannot be assigned to
                   4 |     foo = 1;
                     |     ^~~
                  help: variables begin with $
                modules.conf:5:5: error: "foo" is no statement
                   5 |     foo bar;
                     |     ^~~
                modules.conf:6:5: error: "method" is a value, and nothing is done with it
                   6 |     method == "x";
                     |     ^~~~~~
                """#
            ),
            (
                #"""
                route {
                    if (1) {}
                    switch ($x) {}
                    while ($x) {}
                }
                """#,
                #"""
                modules.conf:2:12: warning: this block is empty
                   2 |     if (1) {}
                     |            ^
                modules.conf:3:5: warning: this switch is empty
                   3 |     switch ($x) {}
                     |     ^~~~~~
                modules.conf:4:16: warning: this block is empty
                   4 |     while ($x) {}
                     |                ^
                """#
            ),
            (
                #"""
                route {
                    switch ($x) { exit; case 1: exit; }
                    switch ($x) { default: exit; default: drop; }
                    switch ($x) { case: exit; case 2 exit; case /x: drop; }
                    switch ($x) exit;
                }
                """#,
                #"""
                modules.conf:2:19: error: "case" or "default" is expected here, not "exit"
                   2 |     switch ($x) { exit; case 1: exit; }
                     |                   ^~~~
                modules.conf:3:34: error: a second "default"
                   3 |     switch ($x) { default: exit; default: drop; }
                     |                                  ^~~~~~~
                  the first is on line 3
                modules.conf:4:23: error: a value is expected here, not ":"
                   4 |     switch ($x) { case: exit; case 2 exit; case /x: drop; }
                     |                       ^
                modules.conf:4:38: error: ":" is expected behind the label, not "exit"
                   4 |     switch ($x) { case: exit; case 2 exit; case /x: drop; }
                     |                                      ^~~~
                modules.conf:5:17: error: "{" is expected behind the value of switch, not "exit"
                   5 |     switch ($x) exit;
                     |                 ^~~~
                """#
            ),
            (
                #"""
                route {
                    if (foo) { bar; }
                    if ($x == ) exit;
                    while ((1) { baz; }
                    if (1)
                }
                """#,
                #"""
                modules.conf:2:9: error: "foo" is no value
                   2 |     if (foo) { bar; }
                     |         ^~~
                  help: a text stands in double quotes, a variable begins with $, a call has parentheses
                modules.conf:2:16: error: "bar" is no statement
                   2 |     if (foo) { bar; }
                     |                ^~~
                  help: a call has parentheses: bar()
                modules.conf:3:15: error: a value is expected here, not ")"
                   3 |     if ($x == ) exit;
                     |               ^
                modules.conf:4:16: error: ")" is expected behind the expression, not "{"
                   4 |     while ((1) { baz; }
                     |                ^
                modules.conf:4:18: error: "baz" is no statement
                   4 |     while ((1) { baz; }
                     |                  ^~~
                  help: a call has parentheses: baz()
                modules.conf:5:11: error: a statement is missing behind "if"
                   5 |     if (1)
                     |           ^
                """#
            ),
        ])
    func `each fault is told`(source: String, complaints: String) {
        #expect(Reading(source).complaints == complaints)
    }
}

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh SERVER PORT [SCENARIO ...]: plays call flows of session timers through the server at HOST:PORT, one after the
# other, and says for each whether it went as RFC 4028 and the manuals have it. PORT and those behind it: for the callees,
# one each, so that what comes late disturbs nobody. SCENARIO=PORT names the port of one.
# With VERBOSE=1 also what sipp says. The exit status is the number of those that went otherwise.
server=$1 port=$2
shift 2
[ $# -gt 0 ] || set -- small retry neither caller-only raise update inside malformed
here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
failed=0
for name; do
    port=$((port + 1))
    at=$port
    case $name in *=*) at=${name#*=} name=${name%=*} ;; esac
    sipp="timeout 20 sipp -i 127.0.0.1 -m 1 -nostdin -timeout 12 -recv_timeout 5000 -trace_err"
    callee=
    if [ -f "$here/$name-uas.xml" ]; then
        $sipp -p "$at" -error_file "$folder/$name-uas" -sf "$here/$name-uas.xml" >"$folder/out" 2>&1 &
        callee=$!
        # It is there when its port is taken.
        until ss -Huln "sport = :$at" | grep -q .; do
            kill -0 $callee 2>/dev/null || break
            sleep 0.05
        done
    fi
    $sipp -error_file "$folder/$name-uac" -key callee "127.0.0.1:$at" -sf "$here/$name-uac.xml" "$server" \
        >"$folder/out" 2>&1
    caller=$?
    answered=0
    if [ -n "$callee" ]; then
        [ $caller -eq 0 ] || kill $callee 2>/dev/null
        wait $callee
        answered=$?
    fi
    if [ $caller -eq 0 ] && [ $answered -eq 0 ]; then
        echo "$name: as it should be"
    else
        failed=$((failed + 1))
        echo "$name: otherwise"
        [ -z "$VERBOSE" ] || cat "$folder/$name-"* 2>/dev/null
    fi
done
exit $failed

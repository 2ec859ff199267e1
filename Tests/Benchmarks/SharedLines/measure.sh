#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# measure.sh MARTLET TELEPHONES [LINES [MEMBERS]]: the server on processor 0 with one worker, the telephones on processor 1; lines in
# memory, then in an SQLite file. TELEPHONES is the program telephones.
here=$(dirname "$0")
folder=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
port=$(python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
for database in "" "sqlite://$folder/lines.db"; do
    echo "== ${database:-memory}"
    rm -f "$folder/notify"
    # The server says that it is ready as to systemd.
    python3 - "$folder/notify" <<'READY' &
import socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1])
one.settimeout(30)
while b"READY=1" not in one.recv(4096): pass
READY
    waiting=$!
    while [ ! -S "$folder/notify" ]; do :; done
    NOTIFY_SOCKET=$folder/notify taskset -c 0 "$1" "$here/shared-lines.cfg" -E -Y "$folder" -l "udp:127.0.0.1:$port" -n 1 \
        ${database:+-A "DB=\"$database\""} </dev/null 2>"$folder/log" &
    server=$!
    wait $waiting && taskset -c 1 "$2" "$port" $server "${3:-1000}" "${4:-20}"
    kill $server
    wait $server
    server=
    grep -v NOTICE "$folder/log"
done

#!/bin/sh
# outbound.sh FOLDER EDGE REGISTRAR [TRANSPORT [EDGE2 TRANSPORT2 COMMAND]]: bob registers by SIP Outbound over TRANSPORT (tcp, or
# tls) through EDGE (host:port), and through EDGE2 as well; the shell's COMMAND is run, if there is one; then alice calls him by REGISTRAR. Ends with 0 when both say that the call is established, and leaves what they said in FOLDER/NAME/log.
set -eu
here=$(dirname "$0")
transport=${4:-tcp}
for name in alice bob; do
    mkdir -p "$1/$name"
    # An account that wants outbound needs the telephone's UUID, so that comes first.
    sed '/uuid/d; s/^module_path.*/&\nmodule          uuid.so/' "$here/config" >"$1/$name/config"
    # The edge shows a certificate that it has signed itself.
    echo "sip_verify_server no" >>"$1/$name/config"
    : >"$1/$name/contacts"
    : >"$1/$name/log"
    printf '12345678-0000-0000-0000-%012d' ${#name} >"$1/$name/uuid"
done
echo "<sip:alice@example.com;transport=udp>;regint=0;outbound=\"sip:$3;transport=udp\"" >"$1/alice/accounts"
second=${5:+;outbound2=\"sip:$5;transport=$6\"}
echo "<sip:bob@example.com;transport=$transport>;sipnat=outbound;outbound=\"sip:$2;transport=$transport\"$second;regint=600;answermode=auto" \
    >"$1/bob/accounts"

# says NAME TEXT PID: waits until that telephone has said it.
says() {
    until grep -q "$2" "$1/log"; do
        kill -0 "$3" || exit 1
    done
}
cd "$1"
stdbuf -oL baresip -s -f "$1/bob" -v -t 60 >bob/log 2>&1 &
bob=$!
if [ $# -gt 5 ]; then
    until [ "$(grep -c "200 OK" bob/log)" -ge 2 ]; do
        kill -0 $bob || exit 1
    done
    sh -c "$7"
else
    says bob "200 OK" $bob
fi
stdbuf -oL baresip -s -f "$1/alice" -v -t 60 -e "/dial sip:bob@example.com" >alice/log 2>&1 &
alice=$!
says alice "Call established" $alice
says bob "Call established" $bob
kill -INT $alice
wait $alice || true
says bob "session closed" $bob
kill -INT $bob
wait $bob || true

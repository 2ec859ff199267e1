#!/bin/sh
# call.sh FOLDER SERVER: bob registers at SERVER (host:port), then alice does and calls him. Ends with 0 when both say that
# the call is established, and leaves what they said in FOLDER/bob/log and FOLDER/alice/log.
set -eu
here=$(dirname "$0")
for name in alice bob; do
    mkdir -p "$1/$name"
    cp "$here/config" "$1/$name/config"
    : >"$1/$name/contacts"
    : >"$1/$name/log"
done
echo "<sip:alice@$2>;auth_user=alice;auth_pass=secret;regint=600" >"$1/alice/accounts"
echo "<sip:bob@$2>;auth_user=bob;auth_pass=secret;regint=600;answermode=auto" >"$1/bob/accounts"

# says NAME TEXT: waits until that telephone has said it.
says() {
    until grep -q "$2" "$1/log"; do
        kill -0 "$3" || exit 1
    done
}
cd "$1"
stdbuf -oL baresip -f "$1/bob" -v -t 60 >bob/log 2>&1 &
bob=$!
says bob "200 OK" $bob
stdbuf -oL baresip -f "$1/alice" -v -t 60 -e "/dial sip:bob@$2" >alice/log 2>&1 &
alice=$!
says alice "Call established" $alice
says bob "Call established" $bob
kill -INT $alice
wait $alice || true
says bob "session closed" $bob
kill -INT $bob
wait $bob || true
